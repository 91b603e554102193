import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ReportReader } from '../../domain/queries.js';
import { jobStateCodes } from '../sql/codes.js';
import type { SqlDriver } from '../sql/driver.js';

/** Users whose devices one statement counts: it holds up others where a statement is synchronous. */
const ALIASES_PER_STATEMENT = 5000;

/** Counts what an app has. */
export function createUsageReads(
  driver: SqlDriver,
): Pick<ReportReader, 'countDevices' | 'countTags' | 'countOpenJobs'> {
  async function countWhere(statement: string, values: (string | number)[]): Promise<number> {
    const [row] = await driver.all(`SELECT COUNT(*) AS rows_found FROM ${statement}`, values);
    return Number(row?.rows_found ?? 0);
  }

  return {
    async countDevices(appNum) {
      let devices = 0;
      for (let after: string | undefined; ; await nextTurn()) {
        const rows = await driver.all(
          `SELECT alias, COUNT(*) AS devices FROM devices
           WHERE app_num = ? AND unregistered_at IS NULL${after === undefined ? '' : ' AND alias > ?'}
           GROUP BY alias ORDER BY alias LIMIT ${ALIASES_PER_STATEMENT}`,
          after === undefined ? [appNum] : [appNum, after],
        );
        for (const row of rows) devices += Number(row.devices);
        if (rows.length < ALIASES_PER_STATEMENT) return devices;
        after = String(rows.at(-1)?.alias);
      }
    },
    // The empty tag is everyone's timeline.
    countTags: (appNum) => countWhere("topics WHERE app_num = ? AND tag <> ''", [appNum]),
    countOpenJobs: (appNum) =>
      countWhere('jobs WHERE state = ? AND app_num = ?', [jobStateCodes.toCode('open'), appNum]),
  };
}
