import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { residentMb } from '../support/bystander.js';
import { ROOT } from '../support/dist.js';
import type { Stack } from '../support/stack.js';

/** Resident megabytes of both processes. */
export interface Memory {
  edge: number;
  core: number;
}

/** What a process is started with so that `collectedMemoryOf` can have it collect its garbage. */
export const COLLECTS_WHEN_TOLD = {
  NODE_OPTIONS: `--import=${pathToFileURL(join(ROOT, 'test', 'fuzz', 'collector.mjs')).href}`,
};

const SAMPLE_MS = 200;
/** So many samples after the lowest one it is not waited any more for pages to be given back. */
const SETTLED_SAMPLES = 10;

/** Resident megabytes now. */
export function memoryOf({ edge, core }: Stack): Memory {
  const of = (pid: number | undefined): number => {
    try {
      return Math.round(residentMb(pid));
    } catch {
      return 0;
    }
  };
  return { edge: of(edge.child.pid), core: of(core.child.pid) };
}

/** Resident megabytes of what is left when garbage is collected. */
export async function collectedMemoryOf(stack: Stack): Promise<Memory> {
  for (const { child } of [stack.edge, stack.core]) child.kill('SIGUSR2');
  const lowest = memoryOf(stack);
  for (let since = 0; since < SETTLED_SAMPLES; since++) {
    await sleep(SAMPLE_MS);
    const now = memoryOf(stack);
    if (now.edge < lowest.edge || now.core < lowest.core) since = 0;
    lowest.edge = Math.min(lowest.edge, now.edge);
    lowest.core = Math.min(lowest.core, now.core);
  }
  return lowest;
}
