import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Audience } from '../../domain/audience.js';
import { type Cover, coversOf } from '../../domain/audience-predicate.js';
import { keyChunks, type Row, type SqlDriver } from '../sql/driver.js';

/**
 * Registered devices of an app that may be in an audience, by growing number: those after `after`, about `size` of
 * them, and up to which device these are all that may be; undefined: no more follow.
 */
export type AudienceSource = (after: number, size: number) => Promise<{ rows: Row[]; through: number | undefined }>;

/** The audience that a source is for, and the columns that are wanted. */
export interface SourceOptions {
  /** The app's number. */
  appNum: number;
  /** The tree. */
  audience: Audience;
  /** The topics of the tags that it names; a tag that no device ever had has none. */
  topicNums: ReadonlyMap<string, number>;
  /** Columns of `devices`; `num` first. */
  columns: readonly string[];
}

/** Number of devices that one step looks at where they may be of other apps. */
const WINDOW = 5000;
/** Topics of one source: each costs a part of a statement for each step. */
const MAX_TOPICS = 20;
/** Number up to which the devices of tags are counted to find the rarest. */
const COUNT_UP_TO = 1000;
/** Aliases of one statement: each has at most some 200 devices. */
const ALIASES_PER_STATEMENT = 20;

/** Finds the narrowest way to the devices of an audience. */
export async function findSource(driver: SqlDriver, options: SourceOptions): Promise<AudienceSource> {
  const covers = coversOf(options.audience)
    .map((cover) => ({ ...cover, topics: cover.tags.flatMap((tag) => options.topicNums.get(tag) ?? []) }))
    .filter(({ topics }) => topics.length <= MAX_TOPICS);
  const [first, ...others] = covers;
  if (first === undefined) return allDevices(driver, options);
  if (others.length === 0 || first.topics.length === 0) return namedDevices(driver, options, first);
  const counts = await countMembers(driver, [...new Set(covers.flatMap(({ topics }) => topics))]);
  const weight = ({ topics }: { topics: readonly number[] }) =>
    topics.reduce((sum, topic) => sum + (counts.get(topic) ?? 0), 0);
  const rarest = covers.reduce((best, cover) => (weight(cover) < weight(best) ? cover : best));
  return namedDevices(driver, options, rarest);
}

/** Counts the devices that ever had each topic, as far as they are counted. */
async function countMembers(driver: SqlDriver, topics: readonly number[]): Promise<Map<number, number>> {
  const parts = topics.map(
    (topic) => `SELECT ${topic} AS topic, COUNT(*) AS count FROM
      (SELECT device_num FROM device_tags WHERE topic_num = ${topic} LIMIT ${COUNT_UP_TO}) AS part`,
  );
  const rows = await driver.all(parts.join(' UNION ALL '), []);
  return new Map(rows.map(({ topic, count }) => [Number(topic), Number(count)]));
}

/** All devices of the app: the table of devices, window by window, since numbers of its devices may be far apart. */
async function allDevices(driver: SqlDriver, { appNum, columns }: SourceOptions): Promise<AudienceSource> {
  const [last] = await driver.all('SELECT MAX(num) AS num FROM devices', []);
  const end = Number(last?.num ?? 0);
  return async (after, size) => {
    const through = after + WINDOW;
    // Not by the index of aliases, whose order is another: the sign keeps SQLite from it.
    const rows = await driver.all(
      `SELECT ${columns.join(', ')} FROM devices
       WHERE num > ? AND num <= ? AND +app_num = ? AND unregistered_at IS NULL ORDER BY num LIMIT ?`,
      [after, through, appNum, size],
    );
    if (rows.length >= size) return { rows, through: Number(rows.at(-1)?.num) };
    return { rows, through: through < end ? through : undefined };
  };
}

/** The devices of some users, of some ids, and that ever had one of some topics. */
async function namedDevices(
  driver: SqlDriver,
  { appNum, columns }: SourceOptions,
  { aliases, deviceIds, topics }: Cover & { topics: readonly number[] },
): Promise<AudienceSource> {
  const fixed: number[] = [];
  const note = (rows: readonly Row[]): void => {
    for (const { num } of rows) fixed.push(Number(num));
  };
  for (let start = 0; start < aliases.length; start += ALIASES_PER_STATEMENT) {
    const chunk = aliases.slice(start, start + ALIASES_PER_STATEMENT);
    const places = chunk.map(() => '?').join(', ');
    note(await driver.all(`SELECT num FROM devices WHERE app_num = ? AND alias IN (${places})`, [appNum, ...chunk]));
    await nextTurn();
  }
  for (const chunk of keyChunks(deviceIds)) {
    note(await driver.all(`SELECT num FROM devices WHERE id IN (${chunk.map(() => '?').join(', ')})`, chunk));
  }
  fixed.sort((a, b) => a - b);

  async function membersAfter(after: number, size: number): Promise<{ nums: number[]; complete: number }> {
    if (topics.length === 0) return { nums: [], complete: Number.POSITIVE_INFINITY };
    const each = Math.max(16, Math.ceil(size / topics.length));
    const parts = topics.map(
      (topic) => `SELECT * FROM (SELECT topic_num, device_num FROM device_tags
        WHERE topic_num = ${topic} AND device_num > ${after} ORDER BY device_num LIMIT ${each}) AS part`,
    );
    const rows = await driver.all(parts.join(' UNION ALL '), []);
    const nums = rows.map(({ device_num }) => Number(device_num));
    const lasts = topics.flatMap((topic) => {
      const own = rows.filter(({ topic_num }) => Number(topic_num) === topic);
      return own.length < each ? [] : [Math.max(...own.map(({ device_num }) => Number(device_num)))];
    });
    return { nums, complete: Math.min(...lasts) };
  }

  return async (after, size) => {
    const members = await membersAfter(after, size);
    const start = fixed.findIndex((num) => num > after);
    const named = start < 0 ? [] : fixed.slice(start, start + size);
    const more = start >= 0 && start + size < fixed.length;
    const complete = Math.min(members.complete, more ? (named.at(-1) ?? after) : Number.POSITIVE_INFINITY);
    const nums = [...new Set([...members.nums, ...named])].filter((num) => num <= complete).sort((a, b) => a - b);
    const rows: Row[] = [];
    for (const chunk of keyChunks(nums)) {
      const found = await driver.all(
        `SELECT ${columns.join(', ')} FROM devices
         WHERE num IN (${chunk.join(', ')}) AND +app_num = ? AND unregistered_at IS NULL ORDER BY num`,
        [appNum],
      );
      rows.push(...found);
    }
    return { rows, through: complete === Number.POSITIVE_INFINITY ? undefined : complete };
  };
}
