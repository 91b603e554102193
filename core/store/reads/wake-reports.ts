import { setImmediate as nextTurn } from 'node:timers/promises';
import type { PushReport, WakeReport } from '../../domain/queries.js';
import { channelCodes, wakeStateCodes } from '../sql/codes.js';
import { chunks, KEYS_PER_STATEMENT, type Row, type SqlDriver } from '../sql/driver.js';

/** Wakes that one statement counts. */
const WAKES_PER_STATEMENT = 20_000;

/** Returns a wake of a row with `channel`, `code` (its state), `reason`, `at` and `attempt`. */
export function toWakeReport(row: Row): WakeReport {
  return {
    channel: channelCodes.fromCode(row.channel),
    state: wakeStateCodes.fromCode(row.code),
    reason: row.reason === null ? undefined : String(row.reason),
    at: Number(row.at),
    attempts: Number(row.attempt),
  };
}

/** Finds wakes of devices for pushes, by push and device. */
export async function findWakes(
  driver: SqlDriver,
  pushIds: readonly number[],
  deviceNums: readonly number[],
): Promise<Map<string, WakeReport[]>> {
  const found = new Map<string, WakeReport[]>();
  if (pushIds.length === 0 || deviceNums.length === 0) return found;
  for (const chunk of chunks(deviceNums, KEYS_PER_STATEMENT)) {
    // Nothing but numbers: written out.
    const rows = await driver.all(
      `SELECT push_id, device_num, channel, state AS code, reason, changed_at AS at, attempt FROM wakes
       WHERE device_num IN (${chunk.join(', ')}) AND push_id IN (${pushIds.join(', ')}) ORDER BY channel`,
      [],
    );
    for (const row of rows) {
      const key = wakeKey(Number(row.push_id), Number(row.device_num));
      const known = found.get(key);
      if (known === undefined) found.set(key, [toWakeReport(row)]);
      else known.push(toWakeReport(row));
    }
  }
  return found;
}

/** Returns the key of what `findWakes` has found. */
export function wakeKey(pushId: number, deviceNum: number): string {
  return `${pushId}:${deviceNum}`;
}

/** Counts the wakes of a push's parts by state, so many at a time: the process does something else in between. */
export async function countWakes(driver: SqlDriver, parts: readonly Row[]): Promise<PushReport['wakes']> {
  const counts = { due: 0, sending: 0, accepted: 0, failed: 0, unknown: 0, cancelled: 0 };
  for (const { id } of parts) {
    for (let after = 0; ; ) {
      const rows = await driver.all(
        `SELECT state, COUNT(*) AS count, MAX(device_num) AS last FROM
           (SELECT state, device_num FROM wakes WHERE push_id = ? AND device_num > ?
             ORDER BY device_num LIMIT ?) AS part
         GROUP BY state`,
        [Number(id), after, WAKES_PER_STATEMENT],
      );
      for (const { state, count } of rows) counts[wakeStateCodes.fromCode(state)] += Number(count);
      if (rows.reduce((sum, { count }) => sum + Number(count), 0) < WAKES_PER_STATEMENT) break;
      after = Math.max(...rows.map(({ last }) => Number(last)));
      await nextTurn();
    }
  }
  return counts;
}
