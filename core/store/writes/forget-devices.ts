import { inArray } from 'drizzle-orm';
import type { Device } from '../../domain/device.js';
import type { SqlDriver, Transaction } from '../sql/driver.js';
import { discardInboxes } from './endings.js';
import { removeQuietHours } from './quiet-hours.js';
import { removeTokens } from './tokens.js';

/**
 * Ends all that waits for devices, with their tokens, their quiet hours and what they remember of their topics. Answers
 * their numbers.
 */
export async function forgetDevices(
  driver: SqlDriver,
  tx: Transaction,
  gone: readonly Device[],
  now: number,
): Promise<number[]> {
  const { deviceTags, cursors } = driver.tables;
  const deviceNums = gone.map(({ num }) => num);
  await discardInboxes(driver, tx, deviceNums, now);
  await tx.db.delete(deviceTags).where(inArray(deviceTags.deviceNum, deviceNums));
  await removeTokens(tx, deviceNums);
  await removeQuietHours(tx, gone);
  await tx.db.delete(cursors).where(inArray(cursors.deviceNum, deviceNums));
  return deviceNums;
}
