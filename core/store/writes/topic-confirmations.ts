import { and, inArray, isNull } from 'drizzle-orm';
import { EVERYONE_TAG } from '../../domain/audience.js';
import { matchesPlatform, type PlatformFilter } from '../../domain/device.js';
import { deviceColumns, toDevice } from '../reads/registry.js';
import { endingCodes, platformCodes } from '../sql/codes.js';
import { insertRows, places, type SqlDriver, type Transaction } from '../sql/driver.js';
import type { Confirmation } from '../store.js';

/**
 * Keeps a receipt for each confirmation of a topic push by a device that the push was for. All else is skipped: unknown
 * ids, pushes that need no confirmation, other devices' messages, unregistered devices, a second confirmation.
 *
 * @param confirmations as many as one statement names
 * @returns those of what is on no timeline
 */
export async function commitTopicConfirmations(
  driver: SqlDriver,
  tx: Transaction,
  confirmations: readonly Confirmation[],
  now: number,
): Promise<readonly Confirmation[]> {
  if (confirmations.length === 0) return confirmations;
  const { deviceTags, devices } = driver.tables;
  const pushIds = [...new Set(confirmations.map((confirmation) => confirmation.pushId))];
  const entries = await tx.all(
    `SELECT l.push_id, l.topic_num, l.platform, t.app_num, t.tag FROM timeline l JOIN topics t ON t.num = l.topic_num
     WHERE l.push_id IN ${places(pushIds.length)} AND l.need_confirm = 1`,
    pushIds,
  );
  if (entries.length === 0) return confirmations;
  const topicsOf = new Map<
    number,
    { topicNum: number; appNum: number; platform: PlatformFilter; everyone: boolean }[]
  >();
  for (const entry of entries) {
    const pushId = Number(entry.push_id);
    const topic = {
      topicNum: Number(entry.topic_num),
      appNum: Number(entry.app_num),
      platform: platformCodes.fromCode(entry.platform),
      everyone: String(entry.tag) === EVERYONE_TAG,
    };
    topicsOf.set(pushId, [...(topicsOf.get(pushId) ?? []), topic]);
  }
  const candidates = confirmations.filter((confirmation) => topicsOf.has(confirmation.pushId));
  const deviceNums = [...new Set(candidates.map((confirmation) => confirmation.deviceNum))];
  const registered = await tx.db
    .select({ ...deviceColumns(driver.tables), sinceId: devices.sinceId })
    .from(devices)
    .where(and(inArray(devices.num, deviceNums), isNull(devices.unregisteredAt)));
  const deviceOf = new Map(registered.map((row) => [row.num, { ...toDevice(row), sinceId: row.sinceId }]));
  const topicNums = [...new Set(entries.map((entry) => Number(entry.topic_num)))];
  const rows = await tx.db
    .select()
    .from(deviceTags)
    .where(and(inArray(deviceTags.deviceNum, deviceNums), inArray(deviceTags.topicNum, topicNums)));
  const memberships = new Map<number, typeof rows>();
  for (const row of rows) {
    const known = memberships.get(row.deviceNum);
    if (known === undefined) memberships.set(row.deviceNum, [row]);
    else known.push(row);
  }
  const wasFor = ({ deviceNum, pushId }: Confirmation): boolean => {
    const device = deviceOf.get(deviceNum);
    if (device === undefined) return false;
    return (topicsOf.get(pushId) ?? []).some((topic) => {
      if (topic.appNum !== device.appNum || !matchesPlatform(topic.platform, device.platform)) return false;
      if (topic.everyone) return pushId > device.sinceId;
      return (memberships.get(deviceNum) ?? []).some(
        ({ topicNum, sinceId, untilId }) =>
          topicNum === topic.topicNum && pushId > sinceId && (untilId === null || pushId <= untilId),
      );
    });
  };
  const seq = driver.nextReceipt();
  // One row for each pair, and none where there is one: the primary key decides.
  await insertRows(
    tx,
    driver.maxValues,
    `${driver.insertIgnore} INTO receipts (push_id, device_num, ending, ended_at, app_num, seq)`,
    candidates.filter(wasFor).map(({ pushId, deviceNum }) => {
      const appNum = deviceOf.get(deviceNum)?.appNum ?? 0;
      return [pushId, deviceNum, endingCodes.toCode('confirmed'), now, appNum, seq];
    }),
    '',
    (count) => driver.ended(tx, 'confirmed', count),
  );
  return confirmations.filter((confirmation) => !topicsOf.has(confirmation.pushId));
}
