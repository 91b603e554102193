import { and, eq, inArray, isNull } from 'drizzle-orm';
import { LIMITS } from '../../../common/contract/fields.js';
import { EVERYONE_TAG } from '../../domain/audience.js';
import { groupByApp } from '../reads/registry.js';
import {
  chunks,
  insertRows,
  KEYS_PER_STATEMENT,
  places,
  rowsFor,
  type SqlDriver,
  type SqlValue,
  type Transaction,
} from '../sql/driver.js';
import type { NewRegistration, Registered } from '../store.js';
import type { RegistrationLimits } from './registration-limits.js';

/**
 * Replaces the tags of registered devices by those of their registrations: a tag that goes ends its membership at the
 * last push, one that comes begins after it. Of each device that loses tags, what `trimEnded` removes is removed.
 *
 * @returns the topics that each device belongs to now, `everyone` among them, in the order of the call
 */
export async function commitTags(
  driver: SqlDriver,
  tx: Transaction,
  registrations: readonly NewRegistration[],
  registered: readonly Registered[],
  limits: Pick<RegistrationLimits, 'made'>,
): Promise<number[][]> {
  const { deviceTags } = driver.tables;
  const topicNum = await ensureTopics(driver, tx, registrations, limits);
  /** For each device, since when it has which topic. */
  const current = new Map<number, Map<number, number>>(registered.map(({ device }) => [device.num, new Map()]));
  const rows = await rowsFor(current.keys(), (chunk) =>
    tx.db
      .select()
      .from(deviceTags)
      .where(and(inArray(deviceTags.deviceNum, chunk), isNull(deviceTags.untilId))),
  );
  for (const row of rows) current.get(row.deviceNum)?.set(row.topicNum, row.sinceId);

  const changed: SqlValue[][] = [];
  const losing = new Set<number>();
  const topics = registrations.map(({ appNum, tags, sinceId }, index) => {
    const deviceNum = registered[index]?.device.num ?? 0;
    const had = current.get(deviceNum) ?? new Map<number, number>();
    const wanted = new Set(tags.map((tag) => topicNum(appNum, tag)));
    for (const topic of wanted) if (!had.has(topic)) changed.push([deviceNum, topic, sinceId, null]);
    for (const [topic, since] of had) {
      if (wanted.has(topic)) continue;
      changed.push([deviceNum, topic, since, sinceId]);
      losing.add(deviceNum);
    }
    return [topicNum(appNum, EVERYONE_TAG), ...wanted];
  });
  // What ends has its row.
  await insertRows(
    tx,
    driver.maxValues,
    'INSERT INTO device_tags (device_num, topic_num, since_id, until_id)',
    changed,
    driver.onConflictUpdate(['device_num', 'topic_num', 'since_id'], { until_id: 'new' }),
  );
  await trimEnded(tx, [...losing]);
  return topics;
}

/**
 * Removes memberships that ended before any push, and of those that ended the oldest that are too many: a device reads
 * them all when it connects.
 */
async function trimEnded(tx: Transaction, deviceNums: readonly number[]): Promise<void> {
  for (const chunk of chunks(deviceNums, KEYS_PER_STATEMENT)) {
    const ofChunk = `device_num IN ${places(chunk.length)}`;
    await tx.enqueue(`DELETE FROM device_tags WHERE ${ofChunk} AND until_id = since_id`, [...chunk]);
    const full = await tx.all(
      `SELECT device_num FROM device_tags WHERE ${ofChunk} AND until_id IS NOT NULL
       GROUP BY device_num HAVING COUNT(*) > ?`,
      [...chunk, LIMITS.endedTags],
    );
    for (const { device_num } of full) {
      const deviceNum = Number(device_num);
      const [newest] = await tx.all(
        `SELECT until_id FROM device_tags WHERE device_num = ? AND until_id IS NOT NULL
          ORDER BY until_id DESC LIMIT 1 OFFSET ?`,
        [deviceNum, LIMITS.endedTags],
      );
      if (newest === undefined) continue;
      await tx.run('DELETE FROM device_tags WHERE device_num = ? AND until_id <= ?', [
        deviceNum,
        Number(newest.until_id),
      ]);
    }
  }
}

/** The topics of all tags and of `everyone`, made where they do not exist. */
async function ensureTopics(
  driver: SqlDriver,
  tx: Transaction,
  registrations: readonly NewRegistration[],
  limits: Pick<RegistrationLimits, 'made'>,
): Promise<(appNum: number, tag: string) => number> {
  const { topics } = driver.tables;
  const wanted = registrations.flatMap(({ appNum, tags }) => [EVERYONE_TAG, ...tags].map((tag) => ({ appNum, tag })));
  const nums = new Map<string, number>();
  const load = async () => {
    for (const [appNum, tags] of groupByApp(wanted, (pair) => pair.tag)) {
      const rows = await tx.db
        .select()
        .from(topics)
        .where(and(eq(topics.appNum, appNum), inArray(topics.tag, tags)));
      for (const row of rows) nums.set(`${appNum}:${row.tag}`, row.num);
    }
  };
  await load();
  const missing = new Map<string, { appNum: number; tag: string }>();
  for (const pair of wanted) {
    const key = `${pair.appNum}:${pair.tag}`;
    if (!nums.has(key)) missing.set(key, pair);
  }
  if (missing.size > 0) {
    await insertRows(
      tx,
      driver.maxValues,
      `${driver.insertIgnore} INTO topics (app_num, tag)`,
      [...missing.values()].map(({ appNum, tag }) => [appNum, tag]),
    );
    for (const { appNum } of missing.values()) limits.made(appNum, 1);
    await load();
  }
  return (appNum, tag) => {
    const num = nums.get(`${appNum}:${tag}`);
    if (num === undefined) throw new Error('a topic is missing after its insert');
    return num;
  };
}
