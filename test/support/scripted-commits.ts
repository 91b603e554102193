import { type Mock, vi } from 'vitest';
import type { WriteCycleOptions } from '../../core/delivery/write-cycle.js';
import type { DeliveryBatch, Replaced } from '../../core/store/store.js';

/** A commit that is under way: the test says how it ends. */
export interface PendingCommit {
  batch: DeliveryBatch;
  succeed(): Promise<void>;
  fail(error: unknown): Promise<void>;
}

/** A store for the write cycle whose commits the test ends, one by one. */
export interface ScriptedCommits {
  store: Pick<WriteCycleOptions['store'], 'commitDeliveries' | 'findIdempotent' | 'hasPush'>;
  /** The next commit, as soon as it begins. */
  next(): Promise<PendingCommit>;
  /** How many have begun. */
  count(): number;
  /** What all commits fail with from now on, without the test's doing; undefined: it ends them again. */
  failAll(error: unknown): void;
  /** What the store says when it is asked whether it has a push; false at first. */
  hasPush: Mock<(id: number) => Promise<boolean>>;
}

export function scriptedCommits(): ScriptedCommits {
  const begun: PendingCommit[] = [];
  const waiting: ((commit: PendingCommit) => void)[] = [];
  let count = 0;
  let failure: unknown;
  const hasPush = vi.fn(async (_id: number) => false);
  async function commitDeliveries(batch: DeliveryBatch): Promise<Replaced> {
    count++;
    if (failure !== undefined) throw failure;
    await new Promise<void>((resolve, reject) => {
      const ended = async (end: () => void) => {
        end();
        await turn();
      };
      const commit: PendingCommit = {
        batch,
        succeed: () => ended(resolve),
        fail: (error) => ended(() => reject(error)),
      };
      const first = waiting.shift();
      if (first === undefined) begun.push(commit);
      else first(commit);
    });
    return { deliveries: [], topicPushes: [] };
  }
  return {
    store: { commitDeliveries, hasPush, findIdempotent: async () => new Map() },
    hasPush,
    count: () => count,
    failAll(error) {
      failure = error;
    },
    next: () => {
      const first = begun.shift();
      return first === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(first);
    },
  };
}

/** Until what was started in this turn of the loop has gone as far as it can. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}
