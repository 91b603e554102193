import { and, eq, inArray, isNull } from 'drizzle-orm';
import { EVERYONE_TAG } from '../domain/audience.js';
import { insertRows, rowsFor, type SqlDriver, type SqlValue, type Transaction } from './driver.js';
import { groupByApp } from './registry-reads.js';
import type { NewRegistration, Registered } from './store.js';

/**
 * Replaces the tags of registered devices by those of their registrations: a tag that goes ends its membership at the last
 * push, one that comes begins after it.
 *
 * @returns the topics that each device belongs to now, `everyone` among them, in the order of the call
 */
export async function commitTags(
  driver: SqlDriver,
  tx: Transaction,
  registrations: readonly NewRegistration[],
  registered: readonly Registered[],
): Promise<number[][]> {
  const { deviceTags } = driver.tables;
  const topicNum = await ensureTopics(driver, tx, registrations);
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
  const topics = registrations.map(({ appNum, tags, sinceId }, index) => {
    const deviceNum = registered[index]?.device.num ?? 0;
    const had = current.get(deviceNum) ?? new Map<number, number>();
    const wanted = new Set(tags.map((tag) => topicNum(appNum, tag)));
    for (const topic of wanted) if (!had.has(topic)) changed.push([deviceNum, topic, sinceId, null]);
    for (const [topic, since] of had) if (!wanted.has(topic)) changed.push([deviceNum, topic, since, sinceId]);
    return [topicNum(appNum, EVERYONE_TAG), ...wanted];
  });
  // What ends has its row; and so has a tag that went and came back between two pushes: it goes on.
  await insertRows(
    tx,
    driver.maxValues,
    'INSERT INTO device_tags (device_num, topic_num, since_id, until_id)',
    changed,
    driver.onConflictUpdate(['device_num', 'topic_num', 'since_id'], { until_id: 'new' }),
  );
  return topics;
}

/** The topics of all tags and of `everyone`, made where they do not exist. */
async function ensureTopics(
  driver: SqlDriver,
  tx: Transaction,
  registrations: readonly NewRegistration[],
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
    // Another core may have made them meanwhile.
    await insertRows(
      tx,
      driver.maxValues,
      `${driver.insertIgnore} INTO topics (app_num, tag)`,
      [...missing.values()].map(({ appNum, tag }) => [appNum, tag]),
    );
    await load();
  }
  return (appNum, tag) => {
    const num = nums.get(`${appNum}:${tag}`);
    if (num === undefined) throw new Error('a topic is missing after its insert');
    return num;
  };
}
