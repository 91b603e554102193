import { type Mock, vi } from 'vitest';
import type { WriteCycleOptions } from '../../core/delivery/writer/write-cycle.js';
import { type AlsoEnded, CommitInDoubt, type DeliveryBatch, StoreUnavailable } from '../../core/store/store.js';

/** A commit that is under way: the test says how it ends. */
export interface PendingCommit {
  batch: DeliveryBatch;
  /** @param alsoEnded what else it ended; absent: nothing */
  succeed(alsoEnded?: AlsoEnded): Promise<void>;
  fail(error: unknown): Promise<void>;
}

/** A store for the write cycle whose commits the test ends, one by one. While one is in doubt it refuses the others. */
export interface ScriptedCommits {
  store: Pick<WriteCycleOptions['store'], 'commitDeliveries' | 'findIdempotent' | 'resolveDoubt' | 'alongside'>;
  /** The next commit, as soon as it begins. */
  next(): Promise<PendingCommit>;
  /** How many have begun, refused ones too. */
  count(): number;
  /** What all commits fail with from now on, without the test's doing; undefined: it ends them again. */
  failAll(error: unknown): void;
  /** What the store says when it is asked whether the commit in doubt took place; false at first. */
  resolveDoubt: Mock<() => Promise<boolean>>;
}

/** What a commit answers that ended nothing else. */
export const NOTHING_ELSE: AlsoEnded = { replaced: { deliveries: [], topicPushes: [] }, cleared: [] };

export function scriptedCommits(): ScriptedCommits {
  const begun: PendingCommit[] = [];
  const waiting: ((commit: PendingCommit) => void)[] = [];
  let count = 0;
  let failure: unknown;
  let inDoubt = false;
  const resolveDoubt = vi.fn(async () => false);
  function commitDeliveries(batch: DeliveryBatch): Promise<AlsoEnded> {
    count++;
    if (failure !== undefined) return Promise.reject(failure);
    if (inDoubt) return Promise.reject(new StoreUnavailable('IN_DOUBT'));
    return new Promise<AlsoEnded>((resolve, reject) => {
      const ended = async (end: () => void) => {
        end();
        await turn();
      };
      const commit: PendingCommit = {
        batch,
        succeed: (alsoEnded = NOTHING_ELSE) => ended(() => resolve(alsoEnded)),
        fail(error) {
          inDoubt = error instanceof CommitInDoubt;
          return ended(() => reject(error));
        },
      };
      const first = waiting.shift();
      if (first === undefined) begun.push(commit);
      else first(commit);
    });
  }
  return {
    store: {
      commitDeliveries,
      alongside() {},
      findIdempotent: async () => new Map(),
      async resolveDoubt() {
        const committed = await resolveDoubt();
        inDoubt = false;
        return committed;
      },
    },
    resolveDoubt,
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
