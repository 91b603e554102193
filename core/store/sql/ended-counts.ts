import { type FinalState, zeroCounts } from '../../domain/receipt.js';
import { CommitInDoubt } from '../store.js';
import type { SqlDriver, Transaction } from './driver.js';

/** Counts what the transactions of a database have ended. */
export interface EndedCounts extends Pick<SqlDriver, 'ended' | 'transaction'> {
  /** Counts of committed ends by state. */
  counts: Readonly<Record<FinalState, number>>;
  /** It is known whether the last transaction that was in doubt is committed. */
  resolved(committed: boolean): void;
}

/** Returns counts over the transactions of a database. */
export function createEndedCounts({ transaction }: Pick<SqlDriver, 'transaction'>): EndedCounts {
  const counts = zeroCounts();
  /** Ends of transactions that are under way so far. */
  const underWay = new WeakMap<Transaction, [FinalState, number][]>();
  let doubtful: [FinalState, number][] = [];

  function count(ended: readonly [FinalState, number][]): void {
    for (const [ending, number] of ended) counts[ending] += number;
  }

  return {
    counts,
    ended(tx, ending, count) {
      underWay.get(tx)?.push([ending, count]);
    },
    async transaction(work) {
      let ended: [FinalState, number][] = [];
      const attempt = transaction((runner) => {
        // Once more after a deadlock: what the first attempt ended was rolled back.
        ended = [];
        const tx = { ...runner };
        underWay.set(tx, ended);
        return work(tx);
      });
      try {
        const result = await attempt;
        count(ended);
        return result;
      } catch (error) {
        if (error instanceof CommitInDoubt) doubtful = ended;
        throw error;
      }
    },
    resolved(committed) {
      if (committed) count(doubtful);
      doubtful = [];
    },
  };
}
