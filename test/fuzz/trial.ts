import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { startPoliteClient } from '../hostile/polite-client.js';
import { acceptableMs } from '../support/bystander.js';
import { ROOT } from '../support/dist.js';
import type { Grounds } from './grounds.js';
import { memoryOf } from './memory.js';
import type { Order, Tally } from './runner.js';
import type { Row } from './table.js';

/** What a trial came to: a row for the table, and all that must not have been, in words. */
export interface Verdict {
  row: Row;
  problems: string[];
}

const SAMPLE_MS = 200;

/** Has a process of its own try a door, while a client goes about its business, and judges. */
export async function tryDoor(grounds: Grounds, order: Omit<Order, 'target'>): Promise<Verdict> {
  const { stack, target } = grounds;
  const client = await startPoliteClient(stack);
  const before = memoryOf(stack);
  const peak = { ...before };
  const sampler = setInterval(() => {
    const now = memoryOf(stack);
    peak.edge = Math.max(peak.edge, now.edge);
    peak.core = Math.max(peak.core, now.core);
  }, SAMPLE_MS);
  const tally = await inProcess({ ...order, target });
  clearInterval(sampler);
  const { pushes, p50, p99, failures } = await client.stop();

  const problems = await grounds.problems();
  for (const { index, problem, answer, file } of tally.findings) {
    problems.push(
      `${answer}: ${problem}; ${file}; FUZZ_SEED=${order.seed} FUZZ_DOOR=${order.door} FUZZ_INDEX=${index}`,
    );
  }
  if (tally.moreFindings > 0) problems.push(`and ${tally.moreFindings} more`);
  if (order.index === undefined && tally.inputs < order.inputs)
    problems.push(`only ${tally.inputs} inputs in ${order.seconds} s`);
  if (p99 > acceptableMs())
    problems.push(`a well-behaved client waited: p99 ${Math.round(p99)} ms of ${pushes} pushes`);
  if (failures.length > 0) problems.push(`${failures.length} pushes failed: ${[...new Set(failures)].join('; ')}`);
  return {
    problems,
    row: { door: order.door, tally, p50, p99, edge: [before.edge, peak.edge], core: [before.core, peak.core] },
  };
}

async function inProcess(order: Order): Promise<Tally> {
  const child = fork(join(ROOT, 'test', 'fuzz', 'fuzzer.ts'), { execArgv: ['--import', 'tsx'] });
  const told = once(child, 'message');
  const gone = once(child, 'exit').then(() => {
    throw new Error('the process that tries inputs died');
  });
  child.send(order);
  const [tally] = await Promise.race([told, gone]);
  gone.catch(() => {});
  return tally;
}
