import type { Device } from '../../domain/device.js';
import type { QuietSubject } from '../../domain/quiet-hours.js';
import { groupByApp } from '../reads/registry.js';
import { quietScopeCodes } from '../sql/codes.js';
import { insertRows, places, type SqlDriver, type SqlValue, type Transaction } from '../sql/driver.js';
import type { StoreWriter } from '../store.js';

const COLUMNS = 'app_num, scope, subject, time_zone, from_minute, until_minute';
const KEY = ['app_num', 'scope', 'subject'];
const VALUES = { time_zone: 'new', from_minute: 'new', until_minute: 'new' } as const;

/** Changes of quiet hours. */
export function createQuietHoursCommits(driver: SqlDriver): Pick<StoreWriter, 'commitQuietHours'> {
  return {
    commitQuietHours: (changes) =>
      driver.transaction(async (tx) => {
        const rows: SqlValue[][] = [];
        for (const { appNum, subject, hours } of changes) {
          const key = [appNum, quietScopeCodes.toCode(subject.kind), nameOf(subject)];
          if (hours !== undefined) rows.push([...key, hours.timeZone, hours.fromMinute, hours.untilMinute]);
          else await tx.enqueue('DELETE FROM quiet_hours WHERE app_num = ? AND scope = ? AND subject = ?', key);
        }
        const suffix = driver.onConflictUpdate(KEY, VALUES);
        await insertRows(tx, driver.maxValues, `INSERT INTO quiet_hours (${COLUMNS})`, rows, suffix);
      }),
  };
}

/** Removes the quiet hours that devices have of their own. */
export async function removeQuietHours(
  tx: Transaction,
  devices: readonly Pick<Device, 'id' | 'appNum'>[],
): Promise<void> {
  const scope = quietScopeCodes.toCode('device');
  for (const [appNum, ids] of groupByApp(devices, ({ id }) => id)) {
    await tx.enqueue(
      `DELETE FROM quiet_hours WHERE app_num = ? AND scope = ${scope} AND subject IN ${places(ids.length)}`,
      [appNum, ...ids],
    );
  }
}

function nameOf(subject: QuietSubject): string {
  switch (subject.kind) {
    case 'app':
      return '';
    case 'user':
      return subject.alias;
    case 'device':
      return subject.deviceId;
  }
}
