import { inArray } from 'drizzle-orm';
import { EVERYONE_TAG } from '../domain/audience.js';
import { endingCodes } from './codes.js';
import { insertRows, places, type SqlDriver, type SqlRunner } from './driver.js';
import type { Confirmation } from './store.js';

/**
 * Keeps a receipt for each confirmation of a topic push by a device that the push was for. All else is skipped: unknown
 * ids, pushes that need no confirmation, other devices' messages, a second confirmation.
 */
export async function commitTopicConfirmations(
  driver: SqlDriver,
  tx: SqlRunner,
  confirmations: readonly Confirmation[],
  now: number,
): Promise<void> {
  if (confirmations.length === 0) return;
  const { deviceTags, devices } = driver.tables;
  const pushIds = [...new Set(confirmations.map((confirmation) => confirmation.pushId))];
  const entries = await tx.all(
    `SELECT l.push_id, l.topic_num, t.app_num, t.tag FROM timeline l JOIN topics t ON t.num = l.topic_num
     WHERE l.push_id IN ${places(pushIds.length)} AND l.need_confirm = 1`,
    pushIds,
  );
  if (entries.length === 0) return;
  const topicsOf = new Map<number, { topicNum: number; appNum: number; everyone: boolean }[]>();
  for (const entry of entries) {
    const pushId = Number(entry.push_id);
    const topic = {
      topicNum: Number(entry.topic_num),
      appNum: Number(entry.app_num),
      everyone: String(entry.tag) === EVERYONE_TAG,
    };
    topicsOf.set(pushId, [...(topicsOf.get(pushId) ?? []), topic]);
  }
  const candidates = confirmations.filter((confirmation) => topicsOf.has(confirmation.pushId));
  const deviceNums = [...new Set(candidates.map((confirmation) => confirmation.deviceNum))];
  const sinceRows = await tx.db
    .select({ num: devices.num, sinceId: devices.sinceId })
    .from(devices)
    .where(inArray(devices.num, deviceNums));
  const since = new Map(sinceRows.map((row) => [row.num, row.sinceId]));
  const memberships = await tx.db.select().from(deviceTags).where(inArray(deviceTags.deviceNum, deviceNums));
  const wasFor = ({ deviceNum, appNum, pushId }: Confirmation): boolean =>
    (topicsOf.get(pushId) ?? []).some((topic) => {
      if (topic.appNum !== appNum) return false;
      if (topic.everyone) return pushId > (since.get(deviceNum) ?? Number.POSITIVE_INFINITY);
      return memberships.some(
        (membership) =>
          membership.deviceNum === deviceNum &&
          membership.topicNum === topic.topicNum &&
          pushId > membership.sinceId &&
          (membership.untilId === null || pushId <= membership.untilId),
      );
    });
  // One row for each pair, and none where there is one: the primary key decides.
  await insertRows(
    tx,
    driver.maxValues,
    `${driver.insertIgnore} INTO receipts (push_id, device_num, ending, ended_at)`,
    candidates.filter(wasFor).map(({ pushId, deviceNum }) => [pushId, deviceNum, endingCodes.toCode('confirmed'), now]),
  );
}
