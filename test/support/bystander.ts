import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from './dist.js';
import { type Stack, TEST_APP } from './stack.js';

/** What an attack did to others. */
export interface Harm {
  /** Of a well-behaved caller's pushes meanwhile: the 99th percentile in milliseconds, and how many failed. */
  p99Ms: number;
  failed: number;
  /** How much the core's memory had grown at the most, in MB. */
  grownMb: number;
}

/**
 * The longest that a well-behaved caller may wait, in milliseconds: a second, and more on a machine that has much else
 * to do.
 */
export function acceptableMs(): number {
  return 1000 * Math.max(1, (loadavg()[0] ?? 0) / availableParallelism());
}

/** Resident memory of a process in MB. */
export function residentMb(pid: number | undefined): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

/** Carries out an attack, while a well-behaved caller pushes every 20 ms and the core's memory is looked at. */
export async function harmOf(stack: Stack, attack: () => Promise<unknown>): Promise<Harm> {
  const args = ['test/support/bystander.mjs', stack.grpcAddr, TEST_APP.appId, TEST_APP.appKey];
  const bystander = spawn(process.execPath, args, { cwd: ROOT, stdio: ['pipe', 'pipe', 'inherit'] });
  const { pid } = stack.core.child;
  try {
    // It says that it is ready.
    await once(bystander.stdout, 'readable');
    const before = residentMb(pid);
    let highest = before;
    let over = false;
    const attacking = attack().finally(() => {
      over = true;
    });
    while (!over) {
      highest = Math.max(highest, residentMb(pid));
      await Promise.race([sleep(20), attacking.catch(() => {})]);
    }
    await attacking;
    bystander.stdin.end();
    const said = (await text(bystander.stdout)).trim().split('\n').at(-1) ?? '';
    const { took, failed }: { took: number[]; failed: number } = JSON.parse(said);
    const sorted = took.toSorted((a, b) => a - b);
    const p99Ms = sorted[Math.floor(sorted.length * 0.99)] ?? Number.POSITIVE_INFINITY;
    return { p99Ms, failed, grownMb: highest - before };
  } finally {
    bystander.kill('SIGKILL');
  }
}
