import { places, type SqlDriver, type Transaction } from '../sql/driver.js';
import type { AppRemoval, AppRemoved, AppWriter } from '../store.js';
import { dropDevices } from './retention.js';
import { removePushes } from './sweep.js';
import { removeWebhook } from './webhooks.js';

/** Pushes, jobs and topics that one transaction removes: it must not hold up the writer. */
const ROWS_AT_ONCE = 200;
/** Tables with what an app has at most some dozens of. */
const SMALL_TABLES = ['quiet_hours', 'signing_keys', 'channels', 'app_keys'];

const NOTHING: AppRemoved = { devices: [], channels: [], webhooks: [], done: false };

/** Removes apps that were deleted, step by step. */
export function createAppRemovalCommits(driver: SqlDriver): Pick<AppWriter, 'commitAppRemoval'> {
  return {
    commitAppRemoval: (removal) => driver.transaction((tx) => remove(driver, tx, removal)),
  };
}

async function remove(driver: SqlDriver, tx: Transaction, removal: AppRemoval): Promise<AppRemoved> {
  const { appNum, deletedBefore, deviceNums, now } = removal;
  const [due] = await tx.all(`SELECT num FROM apps WHERE num = ? AND deleted_at <= ?${driver.locking}`, [
    appNum,
    deletedBefore,
  ]);
  if (due === undefined) return { ...NOTHING, done: true };
  await tx.run('UPDATE apps SET deleted_at = 0 WHERE num = ?', [appNum]);
  if (deviceNums.length > 0) {
    const own = await tx.all(`SELECT num FROM devices WHERE app_num = ? AND num IN ${places(deviceNums.length)}`, [
      appNum,
      ...deviceNums,
    ]);
    const nums = own.map(({ num }) => Number(num));
    return { ...NOTHING, devices: await dropDevices(driver, tx, nums, now) };
  }
  const isRest = await removeRows(tx, appNum);
  if (isRest) return NOTHING;
  const numsOf = async (table: string): Promise<number[]> => {
    const rows = await tx.all(`SELECT num FROM ${table} WHERE app_num = ?`, [appNum]);
    return rows.map(({ num }) => Number(num));
  };
  const [channels, webhooks] = [await numsOf('channels'), await numsOf('webhooks')];
  for (const num of webhooks) await removeWebhook(tx, num);
  for (const table of SMALL_TABLES) await tx.run(`DELETE FROM ${table} WHERE app_num = ?`, [appNum]);
  await tx.run('DELETE FROM apps WHERE num = ?', [appNum]);
  return { devices: [], channels, webhooks, done: true };
}

/** Removes pushes, then jobs, then topics. Answers whether some may be left. */
async function removeRows(tx: Transaction, appNum: number): Promise<boolean> {
  const next = async (table: string, key: string): Promise<number[]> => {
    const rows = await tx.all(`SELECT ${key} AS id FROM ${table} WHERE app_num = ? LIMIT ?`, [appNum, ROWS_AT_ONCE]);
    return rows.map(({ id }) => Number(id));
  };
  const pushes = await next('pushes', 'id');
  if (pushes.length > 0) {
    await tx.run(`DELETE FROM timeline WHERE push_id IN ${places(pushes.length)}`, pushes);
    await removePushes(tx, pushes);
    return true;
  }
  for (const [table, key] of [
    ['jobs', 'id'],
    ['topics', 'num'],
  ] as const) {
    const rows = await next(table, key);
    if (rows.length === 0) continue;
    await tx.run(`DELETE FROM ${table} WHERE ${key} IN ${places(rows.length)}`, rows);
    return true;
  }
  return false;
}
