import type { Commits, DeliveryBatch } from '../../core/store/store.js';

/** A commit that is under way: the test says how it ends. */
export interface PendingCommit {
  batch: DeliveryBatch;
  succeed(): Promise<void>;
  fail(error: unknown): Promise<void>;
}

/** Commits of deliveries that the test ends, one by one. All other commits are absent. */
export interface ScriptedCommits {
  commits: Commits;
  /** The next commit, as soon as it begins. */
  next(): Promise<PendingCommit>;
  /** How many have begun. */
  count(): number;
}

export function scriptedCommits(): ScriptedCommits {
  const begun: PendingCommit[] = [];
  const waiting: ((commit: PendingCommit) => void)[] = [];
  let count = 0;
  const commitDeliveries = (batch: DeliveryBatch) =>
    new Promise<void>((resolve, reject) => {
      count++;
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
  return {
    // The cycle under test is given deliveries only.
    commits: { commitDeliveries } as unknown as Commits,
    count: () => count,
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
