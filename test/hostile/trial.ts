import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from '../support/dist.js';
import { type Stack, startStack } from '../support/stack.js';
import { newDevice, uniqueName } from '../support/users.js';
import type { Attack, Target } from './attack.js';
import { megabytesOf } from './memory.js';
import { startPoliteClient } from './polite-client.js';
import type { Row } from './table.js';

/** What a trial came to: a row for the table, and all that must not have been, in words. */
export interface Verdict {
  row: Row;
  problems: string[];
}

/**
 * What a well-behaved client may have to wait for while an attack lasts, of 100 pushes all but one, in milliseconds; so
 * many times as long as before it, where the machine has other things to do.
 */
export const P99_MS = 1000;
const WORSE = 8;
/**
 * How much larger a process may be a minute after an attack than it was before, and at the most meanwhile, in
 * megabytes.
 */
const GROWTH = 100;
const PEAK = 400;
const BACK_WITHIN_MS = 60_000;
const SAMPLE_MS = 100;

/** Starts a core and an edge, lets the attack happen while a client goes about its business, and judges. */
export async function tryAttack(attack: Attack, databaseUrl: string, seconds: number): Promise<Verdict> {
  const stack = await startStack({
    databaseUrl,
    coreEnv: attack.coreEnv ?? {},
    edgeEnv: attack.edgeEnv ?? {},
    ...(attack.edgeDescriptors === undefined ? {} : { edgeDescriptors: attack.edgeDescriptors }),
  });
  try {
    return await judge(attack, stack, seconds);
  } finally {
    await stack.stop().catch(() => undefined);
  }
}

async function judge(attack: Attack, stack: Stack, seconds: number): Promise<Verdict> {
  const problems: string[] = [];
  await attack.prepare?.(stack.databaseUrl);
  const target = await makeTarget(attack, stack);
  const client = await startPoliteClient(stack);
  await sleep(1000);
  const tolerated = Math.max(P99_MS, WORSE * client.forget());
  const before = { core: megabytesOf(stack.core), edge: megabytesOf(stack.edge) };
  const peak = { ...before };
  const sampler = setInterval(() => {
    for (const name of ['core', 'edge'] as const) peak[name] = Math.max(peak[name], megabytesOf(stack[name]));
  }, SAMPLE_MS);

  const attacker = fork(join(ROOT, 'test', 'hostile', 'attacker.ts'), { execArgv: ['--import', 'tsx'] });
  const told = once(attacker, 'message');
  const gone = once(attacker, 'exit');
  attacker.send({ name: attack.name, target, seconds });
  const [outcome] = await Promise.race([told, gone.then(() => ['the attacker died'])]);
  await gone;
  const { pushes, p50, p99, failures } = await client.stop();
  clearInterval(sampler);

  for (const name of ['core', 'edge'] as const) {
    const { child } = stack[name];
    if (child.exitCode !== null || child.signalCode !== null) problems.push(`the ${name} died`);
    if (peak[name] > before[name] + PEAK) problems.push(`the ${name} grew: ${before[name]} → ${peak[name]} MB`);
  }
  if (typeof outcome !== 'string' || outcome === 'the attacker died') problems.push('the attack did not take place');
  if (p99 > tolerated) problems.push(`a well-behaved client waited: p99 ${Math.round(p99)} ms of ${pushes} pushes`);
  if (failures.length > 0) problems.push(`${failures.length} pushes failed: ${[...new Set(failures)].join('; ')}`);
  const back = await waitUntilSmall(stack, before);
  if (back === undefined) problems.push('memory was not given back within a minute');
  return {
    problems,
    row: {
      attack: attack.name,
      outcome: String(outcome),
      pushes,
      p50,
      p99,
      edge: { before: before.edge, peak: peak.edge, after: megabytesOf(stack.edge) },
      core: { before: before.core, peak: peak.core, after: megabytesOf(stack.core) },
    },
  };
}

async function waitUntilSmall(stack: Stack, before: Record<'core' | 'edge', number>): Promise<true | undefined> {
  const end = performance.now() + BACK_WITHIN_MS;
  const isSmall = (name: 'core' | 'edge'): boolean => megabytesOf(stack[name]) <= before[name] + GROWTH;
  while (!isSmall('core') || !isSmall('edge')) {
    if (performance.now() > end) return undefined;
    await sleep(SAMPLE_MS);
  }
  return true;
}

async function makeTarget({ devices = 0 }: Attack, stack: Stack): Promise<Target> {
  const alias = uniqueName();
  const deviceIds: string[] = [];
  for (let n = 0; n < devices; n++) deviceIds.push(await newDevice(stack.httpUrl, `${alias}-${n}`));
  return {
    http: toAddress(new URL(stack.httpUrl).host),
    edgeOps: toAddress(stack.edge.ready.ops ?? ''),
    coreOps: toAddress(stack.core.ready.ops ?? ''),
    grpc: toAddress(stack.grpcAddr),
    connect: toAddress(new URL(stack.connectUrl).host),
    deviceIds,
  };
}

function toAddress(text: string): { host: string; port: number } {
  const [host = '', port = ''] = text.split(':');
  return { host, port: Number(port) };
}
