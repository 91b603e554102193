import { inArray } from 'drizzle-orm';
import type { Device } from '../../domain/device.js';
import { deviceColumns, groupByApp, toDevice } from '../reads/registry.js';
import { IS_KNOWN_UNSEEN, IS_UNUSED, REGISTERED } from '../reads/retention.js';
import { quietScopeCodes, wakeStateCodes } from '../sql/codes.js';
import { chunks, KEYS_PER_STATEMENT, places, type SqlDriver, type Transaction } from '../sql/driver.js';
import { DUE, FIRST_SMS, SENDING } from '../sql/wake-sql.js';
import type { DeviceRemoval, RemovedTopic, RetentionWriter } from '../store.js';
import { forgetDevices } from './forget-devices.js';
import type { RegistrationLimits } from './registration-limits.js';

const CANCELLED = wakeStateCodes.toCode('cancelled');
const OF_USER = quietScopeCodes.toCode('user');

/** Removes what nobody needs any more. */
export function createRetentionCommits(
  driver: SqlDriver,
  limits: Pick<RegistrationLimits, 'removed'>,
): RetentionWriter {
  return {
    commitSeen: (deviceNums, now) =>
      driver.transaction(async (tx) => {
        for (const chunk of chunks(deviceNums, KEYS_PER_STATEMENT)) {
          await tx.enqueue(`UPDATE devices SET last_seen_at = ? WHERE num IN (${chunk.join(', ')})`, [now]);
        }
      }),

    commitDeviceRemovals: (removal) => driver.transaction((tx) => removeDevices(driver, tx, removal)),

    commitTopicRemovals: (nums) =>
      driver.transaction(async (tx) => {
        if (nums.length === 0) return [];
        const rows = await tx.all(
          `SELECT t.num, t.app_num, t.tag FROM topics t WHERE t.num IN ${places(nums.length)} AND ${IS_UNUSED}`,
          nums,
        );
        const gone = rows.map((row): RemovedTopic => {
          return { num: Number(row.num), appNum: Number(row.app_num), tag: String(row.tag) };
        });
        if (gone.length > 0) {
          await tx.run(
            `DELETE FROM topics WHERE num IN ${places(gone.length)}`,
            gone.map(({ num }) => num),
          );
        }
        for (const { appNum } of gone) limits.removed(appNum);
        return gone;
      }),

    commitCursorRemovals: (deviceNums) =>
      driver.transaction(async (tx) => {
        if (deviceNums.length === 0) return 0;
        const rows = await tx.all(
          `SELECT c.device_num FROM cursors c
           WHERE c.device_num IN ${places(deviceNums.length)} AND NOT EXISTS (${REGISTERED})`,
          deviceNums,
        );
        if (rows.length === 0) return 0;
        const loose = rows.map(({ device_num }) => Number(device_num));
        return tx.run(`DELETE FROM cursors WHERE device_num IN ${places(loose.length)}`, loose);
      }),

    commitKeyRemovals: (nums, endedBefore) =>
      driver.transaction(async (tx) => {
        if (nums.length === 0) return 0;
        return tx.run(`DELETE FROM app_keys WHERE num IN ${places(nums.length)} AND expires_at <= ?`, [
          ...nums,
          endedBefore,
        ]);
      }),
  };
}

async function removeDevices(
  driver: SqlDriver,
  tx: Transaction,
  { deviceNums, seenBefore, now }: DeviceRemoval,
): Promise<(Device & { alias: string })[]> {
  if (deviceNums.length === 0) return [];
  const due = await tx.all(
    `SELECT d.num FROM devices d WHERE d.num IN ${places(deviceNums.length)} AND ${IS_KNOWN_UNSEEN}`,
    [...deviceNums, seenBefore, seenBefore, seenBefore],
  );
  if (due.length === 0) return [];
  return dropDevices(
    driver,
    tx,
    due.map(({ num }) => Number(num)),
    now,
  );
}

/** Removes devices with all that is theirs but their receipts. Answers those that are gone. */
export async function dropDevices(
  driver: SqlDriver,
  tx: Transaction,
  nums: readonly number[],
  now: number,
): Promise<(Device & { alias: string })[]> {
  if (nums.length === 0) return [];
  const { devices } = driver.tables;
  const rows = await tx.db
    .select({ ...deviceColumns(driver.tables), alias: devices.alias })
    .from(devices)
    .where(inArray(devices.num, [...nums]));
  const gone = rows.map((row) => {
    return { ...toDevice(row), alias: row.alias, registered: false, generation: row.generation + 1 };
  });
  await forgetDevices(driver, tx, gone, now);
  // Nobody would find them due without their device. Short messages have a place of their own among the receipts.
  for (const channels of [`channel < ${FIRST_SMS}`, `channel >= ${FIRST_SMS}`]) {
    await tx.enqueue(
      `UPDATE wakes SET state = ${CANCELLED}, reason = NULL, changed_at = ?, seq = ?
       WHERE device_num IN ${places(nums.length)} AND state IN (${DUE}, ${SENDING}) AND ${channels}`,
      [now, driver.nextReceipt(), ...nums],
    );
  }
  await tx.run(`DELETE FROM devices WHERE num IN ${places(nums.length)}`, nums);
  await removeQuietHoursOfUsers(tx, gone);
  return gone;
}

/** Removes the quiet hours of users that have no device left, unregistered ones included. */
async function removeQuietHoursOfUsers(
  tx: Transaction,
  gone: readonly { appNum: number; alias: string }[],
): Promise<void> {
  for (const [appNum, aliases] of groupByApp(gone, ({ alias }) => alias)) {
    const rows = await tx.all(
      `SELECT DISTINCT alias FROM devices WHERE app_num = ? AND alias IN ${places(aliases.length)}`,
      [appNum, ...aliases],
    );
    const left = new Set(rows.map(({ alias }) => String(alias)));
    const users = aliases.filter((alias) => !left.has(alias));
    if (users.length === 0) continue;
    await tx.enqueue(
      `DELETE FROM quiet_hours WHERE app_num = ? AND scope = ${OF_USER} AND subject IN ${places(users.length)}`,
      [appNum, ...users],
    );
  }
}
