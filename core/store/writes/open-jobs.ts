import { jobStateCodes } from '../sql/codes.js';
import { places, type Transaction } from '../sql/driver.js';
import type { NewJob } from '../store.js';

const OPEN = jobStateCodes.toCode('open');

/** Counts of open jobs of apps that have a limit of them. */
export interface OpenJobs {
  /** Splits new jobs into those that their apps have room for, and the others. */
  admit(tx: Transaction, jobs: readonly NewJob[]): Promise<{ admitted: NewJob[]; full: Set<number> }>;
}

/**
 * Returns counts of nothing. What ends is not taken off a count, which so is never too low; it is taken anew when an
 * app seems to have no room.
 */
export function createOpenJobs(): OpenJobs {
  /** At the most so many jobs of each app are open. */
  const atMost = new Map<number, number>();

  async function recount(tx: Transaction, appNums: readonly number[]): Promise<void> {
    if (appNums.length === 0) return;
    for (const appNum of appNums) atMost.set(appNum, 0);
    const rows = await tx.all(
      `SELECT app_num, COUNT(*) AS jobs FROM jobs WHERE state = ? AND app_num IN ${places(appNums.length)}
       GROUP BY app_num`,
      [OPEN, ...appNums],
    );
    for (const row of rows) atMost.set(Number(row.app_num), Number(row.jobs));
  }

  return {
    async admit(tx, jobs) {
      const wanted = new Map<number, { jobs: number; limit: number }>();
      for (const { appNum, maxOpen = 0 } of jobs) {
        if (maxOpen > 0) wanted.set(appNum, { jobs: (wanted.get(appNum)?.jobs ?? 0) + 1, limit: maxOpen });
      }
      const unsure = [...wanted].filter(([appNum, { jobs: more, limit }]) => {
        return (atMost.get(appNum) ?? Number.POSITIVE_INFINITY) + more > limit;
      });
      await recount(
        tx,
        unsure.map(([appNum]) => appNum),
      );
      const full = new Set<number>();
      const admitted = jobs.filter(({ id, appNum, maxOpen = 0 }) => {
        if (maxOpen === 0) return true;
        const open = atMost.get(appNum) ?? 0;
        if (open >= maxOpen) full.add(id);
        else atMost.set(appNum, open + 1);
        return open < maxOpen;
      });
      return { admitted, full };
    },
  };
}
