import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '../../client/grpc-transport.js';
import { to } from '../../client/index.js';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import { basic } from './rpc.js';
import { type Stack, TEST_APP } from './stack.js';

/** What an attack did to others. */
export interface Harm {
  /** Of a well-behaved caller's pushes meanwhile: the 99th percentile in milliseconds, and how many failed. */
  p99Ms: number;
  failed: number;
  /** How much the core's memory had grown at the most, in MB. */
  grownMb: number;
}

/** Resident memory of a process in MB. */
export function residentMb(pid: number | undefined): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

/** Carries out an attack, while a well-behaved caller pushes every 20 ms and the core's memory is looked at. */
export async function harmOf(stack: Stack, attack: () => Promise<unknown>): Promise<Harm> {
  const transport = createGrpcTransport(stack.grpcAddr, false);
  const client = createClient(PushCore, transport);
  const { pid } = stack.core.child;
  const push = () =>
    client.sendPush({ audience: to.aliases('bystander'), alert: 'x' }, basic(TEST_APP.appId, TEST_APP.appKey));
  await push();
  const before = residentMb(pid);
  const took: number[] = [];
  const calls: Promise<void>[] = [];
  let failed = 0;
  let highest = before;
  let over = false;
  const attacking = attack().finally(() => {
    over = true;
  });
  while (!over || calls.length < 10) {
    const begun = performance.now();
    calls.push(
      push().then(
        () => void took.push(performance.now() - begun),
        () => void failed++,
      ),
    );
    highest = Math.max(highest, residentMb(pid));
    await sleep(20);
  }
  await attacking;
  await Promise.all(calls);
  transport.close();
  const sorted = took.toSorted((a, b) => a - b);
  return {
    p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? Number.POSITIVE_INFINITY,
    failed,
    grownMb: highest - before,
  };
}
