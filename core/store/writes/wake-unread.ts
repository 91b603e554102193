import { channelCodes, msgTypeCodes, platformCodes, tokenStateCodes, wakePolicyCodes } from '../sql/codes.js';
import { chunks, insertRows, places, rowsFor, type SqlDriver, type SqlValue, type Transaction } from '../sql/driver.js';
import { DUE, FIRST_SMS } from '../sql/wake-sql.js';
import type { PlannedWakes, WakePlan } from '../store.js';

const ACTIVE = tokenStateCodes.toCode('active');
const NEVER = wakePolicyCodes.toCode('NEVER');
const ANY_PLATFORM = platformCodes.toCode('ALL');
const [WEB_PUSH, CMD] = [channelCodes.toCode('WEB_PUSH'), msgTypeCodes.toCode('CMD')];

/** Devices whose topics are read together, and topics that one statement reads. */
const DEVICES_AT_ONCE = 200;
const TOPICS_PER_STATEMENT = 100;
/** Rows of topics that a page reads, and wakes that it makes, about. */
const ROWS_PER_PAGE = 200;
const WAKES_PER_PAGE = 5000;

/** A device that has not read all of its topics. */
interface Behind {
  readonly deviceNum: number;
  readonly channel: number;
  readonly appNum: number;
  readonly lane: number;
  readonly platform: number;
  /** The push up to which it has read, or was planned for. */
  readonly through: number;
}

interface Membership {
  readonly device: Behind;
  readonly topicNum: number;
  /** It has the pushes behind `since`, up to `until`. */
  readonly since: number;
  readonly until: number;
}

/** An entry of a topic. */
interface Entry {
  readonly pushId: number;
  readonly topicNum: number;
  readonly platform: number;
}

/**
 * Plans the topic pushes behind the cursors of devices, of everyone and of the tags that they have or had: a page of
 * them, from the oldest on. As a rule there are none: whoever leaves has read what was pushed to its topics.
 *
 * @param after the push up to which earlier pages have come
 */
export async function planUnread(
  driver: SqlDriver,
  tx: Transaction,
  plan: Pick<WakePlan, 'dueAt' | 'spreadMs' | 'now'>,
  deviceNums: readonly number[],
  after: number,
): Promise<PlannedWakes> {
  const [last] = await tx.all('SELECT MAX(push_id) AS id FROM timeline', []);
  const newest = Number(last?.id ?? 0);
  const behind = (await findDevices(tx, deviceNums, after)).filter(({ through }) => through < newest);
  let planned = 0;
  let through: number | undefined;
  for (const devices of chunks(behind, DEVICES_AT_ONCE)) {
    const memberships = await findMemberships(tx, devices);
    const page = await readTopics(tx, memberships, plan.now);
    const made = await insertWakes(driver, tx, plan, devices, memberships, page);
    planned += made.planned;
    if (made.through !== undefined) through = Math.min(made.through, through ?? made.through);
  }
  return { planned, through };
}

async function findDevices(tx: Transaction, deviceNums: readonly number[], after: number): Promise<Behind[]> {
  const rows = await rowsFor(deviceNums, (chunk) =>
    tx.all(
      `SELECT t.device_num, t.channel, t.app_num, t.lane, d.platform, d.since_id, c.push_id
       FROM device_tokens t JOIN devices d ON d.num = t.device_num AND d.unregistered_at IS NULL
         LEFT JOIN cursors c ON c.device_num = t.device_num
       WHERE t.device_num IN ${places(chunk.length)} AND t.state = ${ACTIVE}`,
      chunk,
    ),
  );
  return rows.map((row) => {
    return {
      deviceNum: Number(row.device_num),
      channel: Number(row.channel),
      appNum: Number(row.app_num),
      lane: Number(row.lane),
      platform: Number(row.platform),
      through: Math.max(Number(row.since_id), Number(row.push_id ?? 0), after),
    };
  });
}

async function findMemberships(tx: Transaction, devices: readonly Behind[]): Promise<Membership[]> {
  const byNum = new Map(devices.map((device) => [device.deviceNum, device]));
  const everyone = await rowsFor(new Set(devices.map(({ appNum }) => appNum)), (chunk) =>
    tx.all(`SELECT num, app_num FROM topics WHERE app_num IN ${places(chunk.length)} AND tag = ''`, chunk),
  );
  const topicOf = new Map(everyone.map((row) => [Number(row.app_num), Number(row.num)]));
  const tags = await rowsFor(byNum.keys(), (chunk) =>
    tx.all(
      `SELECT device_num, topic_num, since_id, until_id FROM device_tags WHERE device_num IN ${places(chunk.length)}`,
      chunk,
    ),
  );
  const memberships: Membership[] = devices.flatMap((device) => {
    const topicNum = topicOf.get(device.appNum);
    return topicNum === undefined ? [] : [{ device, topicNum, since: device.through, until: Number.MAX_SAFE_INTEGER }];
  });
  for (const row of tags) {
    const device = byNum.get(Number(row.device_num));
    if (device === undefined) continue;
    const since = Math.max(Number(row.since_id), device.through);
    const until = row.until_id === null ? Number.MAX_SAFE_INTEGER : Number(row.until_id);
    if (since < until) memberships.push({ device, topicNum: Number(row.topic_num), since, until });
  }
  return memberships;
}

/** The next entries of topics, by their pushes; all up to `through` are among them, undefined: all that there are. */
async function readTopics(
  tx: Transaction,
  memberships: readonly Membership[],
  now: number,
): Promise<{ entries: Entry[]; through: number | undefined }> {
  const from = new Map<number, number>();
  for (const { topicNum, since } of memberships) from.set(topicNum, Math.min(since, from.get(topicNum) ?? since));
  const limit = Math.max(2, Math.floor(ROWS_PER_PAGE / Math.max(1, from.size)));
  const entries: Entry[] = [];
  let through: number | undefined;
  for (const chunk of chunks([...from], TOPICS_PER_STATEMENT)) {
    const parts = chunk.map(
      (_, part) => `SELECT * FROM (SELECT topic_num, push_id, platform FROM timeline
        WHERE topic_num = ? AND push_id > ? AND expires_at > ? ORDER BY push_id LIMIT ?) AS part${part}`,
    );
    const values = chunk.flatMap(([topicNum, after]): SqlValue[] => [topicNum, after, now, limit]);
    const ends = new Map<number, { count: number; last: number }>();
    for (const row of await tx.all(parts.join(' UNION ALL '), values)) {
      const [topicNum, pushId] = [Number(row.topic_num), Number(row.push_id)];
      entries.push({ pushId, topicNum, platform: Number(row.platform) });
      const end = ends.get(topicNum) ?? { count: 0, last: 0 };
      ends.set(topicNum, { count: end.count + 1, last: Math.max(end.last, pushId) });
    }
    for (const { count, last } of ends.values()) if (count >= limit) through = Math.min(last, through ?? last);
  }
  return { entries: entries.toSorted((a, b) => a.pushId - b.pushId), through };
}

async function insertWakes(
  driver: SqlDriver,
  tx: Transaction,
  { dueAt, spreadMs, now }: Pick<WakePlan, 'dueAt' | 'spreadMs' | 'now'>,
  devices: readonly Behind[],
  memberships: readonly Membership[],
  page: { entries: readonly Entry[]; through: number | undefined },
): Promise<PlannedWakes> {
  let { through } = page;
  const entries = page.entries.filter(({ pushId }) => through === undefined || pushId <= through);
  const pushes = new Map(
    (
      await rowsFor(
        entries.map(({ pushId }) => pushId),
        (chunk) => tx.all(`SELECT id, wake, msg_type FROM pushes WHERE id IN ${places(chunk.length)}`, chunk),
      )
    ).map((row) => [Number(row.id), { wake: Number(row.wake), msgType: Number(row.msg_type) }]),
  );
  const byTopic = new Map<number, Membership[]>();
  for (const membership of memberships) {
    const known = byTopic.get(membership.topicNum);
    if (known === undefined) byTopic.set(membership.topicNum, [membership]);
    else known.push(membership);
  }
  const wanted = new Map<string, { pushId: number; device: Behind }>();
  for (const [index, { pushId, topicNum, platform }] of entries.entries()) {
    const push = pushes.get(pushId);
    if (push === undefined || push.wake === NEVER) continue;
    for (const { device, since, until } of byTopic.get(topicNum) ?? []) {
      if (pushId <= since || pushId > until) continue;
      if (platform !== ANY_PLATFORM && platform !== device.platform) continue;
      if (device.channel === WEB_PUSH && push.msgType === CMD) continue;
      wanted.set(`${pushId}:${device.deviceNum}`, { pushId, device });
    }
    // A page ends behind a push, and with all of its topics.
    const next = entries[index + 1]?.pushId;
    if (wanted.size >= WAKES_PER_PAGE && next !== undefined && next !== pushId) {
      through = pushId;
      break;
    }
  }
  for (const key of await findWoken(
    tx,
    devices,
    [...wanted.values()].map(({ pushId }) => pushId),
  ))
    wanted.delete(key);
  await insertRows(
    tx,
    driver.maxValues,
    `${driver.insertIgnore} INTO wakes (push_id, device_num, channel, app_num, lane, state, due_at, changed_at)`,
    [...wanted.values()].map(({ pushId, device: { deviceNum, channel, appNum, lane } }) => {
      const spread = (deviceNum * 7919) % Math.max(1, spreadMs);
      return [pushId, deviceNum, channel, appNum, lane, DUE, dueAt + spread, now];
    }),
  );
  return { planned: wanted.size, through };
}

/** Those that have a wake already, also by another channel. */
async function findWoken(tx: Transaction, devices: readonly Behind[], pushIds: readonly number[]): Promise<string[]> {
  if (pushIds.length === 0) return [];
  const rows = await rowsFor(
    devices.map(({ deviceNum }) => deviceNum),
    (chunk) =>
      tx.all(
        `SELECT push_id, device_num FROM wakes
         WHERE device_num IN ${places(chunk.length)} AND push_id >= ? AND push_id <= ? AND channel < ${FIRST_SMS}`,
        [...chunk, Math.min(...pushIds), Math.max(...pushIds)],
      ),
  );
  return rows.map((row) => `${Number(row.push_id)}:${Number(row.device_num)}`);
}
