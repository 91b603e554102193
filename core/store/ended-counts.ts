import { type Ending, noEndings } from '../domain/receipt.js';
import type { Database, SqlDriver, Transaction } from './driver.js';

/** Counts what the transactions of a database have ended. */
export interface EndedCounts extends Pick<SqlDriver, 'ended' | 'transaction'> {
  counts: Readonly<Record<Ending, number>>;
}

export function createEndedCounts(database: Database): EndedCounts {
  const counts = noEndings();
  /** What transactions that are under way have ended so far. */
  const underWay = new WeakMap<Transaction, [Ending, number][]>();
  return {
    counts,
    ended(tx, ending, count) {
      underWay.get(tx)?.push([ending, count]);
    },
    async transaction(work) {
      let ended: [Ending, number][] = [];
      const result = await database.transaction((runner) => {
        // What an attempt that was rolled back had ended does not count.
        ended = [];
        const tx = { ...runner };
        underWay.set(tx, ended);
        return work(tx);
      });
      for (const [ending, count] of ended) counts[ending] += count;
      return result;
    },
  };
}
