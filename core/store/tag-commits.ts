import { and, eq, inArray, isNull } from 'drizzle-orm';
import { EVERYONE_TAG } from '../domain/audience.js';
import { insertRows, type SqlDriver, type SqlRunner, type SqlValue } from './driver.js';
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
  tx: SqlRunner,
  registrations: readonly NewRegistration[],
  registered: readonly Registered[],
): Promise<number[][]> {
  const { deviceTags } = driver.tables;
  const topicNum = await ensureTopics(driver, tx, registrations);
  const rows = await tx.db
    .select({ deviceNum: deviceTags.deviceNum, topicNum: deviceTags.topicNum })
    .from(deviceTags)
    .where(
      and(
        inArray(
          deviceTags.deviceNum,
          registered.map(({ device }) => device.num),
        ),
        isNull(deviceTags.untilId),
      ),
    );
  const current = new Map<number, Set<number>>();
  for (const row of rows) current.set(row.deviceNum, (current.get(row.deviceNum) ?? new Set()).add(row.topicNum));

  const added: SqlValue[][] = [];
  const ended = new Map<number, number[]>();
  const topics = registrations.map((registration, index) => {
    const deviceNum = registered[index]?.device.num ?? 0;
    const had = current.get(deviceNum) ?? new Set();
    const wanted = new Set(registration.tags.map((tag) => topicNum(registration.appNum, tag)));
    for (const topic of wanted) if (!had.has(topic)) added.push([deviceNum, topic, registration.sinceId, null]);
    for (const topic of had) if (!wanted.has(topic)) ended.set(topic, [...(ended.get(topic) ?? []), deviceNum]);
    return [topicNum(registration.appNum, EVERYONE_TAG), ...wanted];
  });

  const untilId = registrations[0]?.sinceId ?? 0;
  for (const [topic, deviceNums] of ended) {
    await tx.db
      .update(deviceTags)
      .set({ untilId })
      .where(
        and(eq(deviceTags.topicNum, topic), inArray(deviceTags.deviceNum, deviceNums), isNull(deviceTags.untilId)),
      );
  }
  // A tag that went and came back between two pushes has its old row: it goes on.
  await insertRows(
    tx,
    driver.maxValues,
    'INSERT INTO device_tags (device_num, topic_num, since_id, until_id)',
    added,
    driver.onConflictUpdate(['device_num', 'topic_num', 'since_id'], { until_id: 'new' }),
  );
  return topics;
}

/** The topics of all tags and of `everyone`, made where they do not exist. */
async function ensureTopics(
  driver: SqlDriver,
  tx: SqlRunner,
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
        .where(and(eq(topics.appNum, appNum), inArray(topics.tag, [...new Set(tags)])));
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
    await tx.db.insert(topics).values([...missing.values()]);
    await load();
  }
  return (appNum, tag) => {
    const num = nums.get(`${appNum}:${tag}`);
    if (num === undefined) throw new Error('a topic is missing after its insert');
    return num;
  };
}
