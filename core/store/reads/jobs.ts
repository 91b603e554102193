import { jobStateCodes } from '../sql/codes.js';
import { type SqlDriver, StoreFault } from '../sql/driver.js';
import { decodeSpec } from '../sql/job-spec.js';
import type { StoreReader } from '../store.js';

const OPEN = jobStateCodes.toCode('open');

/** Reads jobs for their runner. */
export function createJobReads(driver: SqlDriver): Pick<StoreReader, 'findDueJobs' | 'findOpenJob'> {
  return {
    async findDueJobs(now, perApp, limit) {
      const due = await driver.all(
        `SELECT id FROM (
           SELECT j.id AS id, ROW_NUMBER() OVER (PARTITION BY j.app_num ORDER BY j.id) AS turn
           FROM jobs j JOIN apps a ON a.num = j.app_num
           WHERE j.state = ? AND j.due_at <= ? AND j.expires_at > ?
             AND a.disabled_at IS NULL AND a.deleted_at IS NULL
         ) AS due WHERE turn <= ? ORDER BY turn, id LIMIT ?`,
        [OPEN, now, now, perApp, limit],
      );
      const [next] = await driver.all('SELECT MIN(due_at) AS due FROM jobs WHERE state = ? AND due_at > ?', [
        OPEN,
        now,
      ]);
      return {
        ids: due.map((row) => Number(row.id)),
        next: next === undefined || next.due === null ? undefined : Number(next.due),
      };
    },

    async findOpenJob(id) {
      const [row] = await driver.all(
        'SELECT app_num, after_device, expires_at, spec FROM jobs WHERE id = ? AND state = ?',
        [id, OPEN],
      );
      if (row === undefined) return undefined;
      const { header, work } = decodeSpec(row.spec);
      if (work === undefined) throw new StoreFault('an open job has nothing to push');
      return {
        id,
        appNum: Number(row.app_num),
        expiresAt: Number(row.expires_at),
        after: Number(row.after_device),
        header,
        ...work,
      };
    },
  };
}
