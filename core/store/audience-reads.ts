import type { Audience, AudienceQuery, TagMatch } from '../domain/audience.js';
import { platformCodes } from './codes.js';
import { chunks, KEYS_PER_STATEMENT, places, type SqlDriver, type SqlValue } from './driver.js';
import type { LookUps } from './store.js';

type AudienceReads = Pick<LookUps, 'findAudience' | 'countAudience' | 'findInAudience'>;

/** A condition on the device `d`. */
interface Condition {
  sql: string;
  values: readonly SqlValue[];
}

/** The number of a tag's topic; undefined: no device ever had it. */
type TopicOf = (tag: string) => number | undefined;

/** Look-ups of the devices of an audience: its tree as one condition. */
export function createAudienceReads(driver: SqlDriver, { findTopics }: Pick<LookUps, 'findTopics'>): AudienceReads {
  async function conditionOf({ appNum, audience, platform }: AudienceQuery): Promise<Condition> {
    const topics = await findTopics([...tagsOf(audience)].map((tag) => ({ appNum, tag })));
    const nums = new Map(topics.map(({ tag, num }) => [tag, num]));
    const parts: Condition[] = [
      { sql: 'd.app_num = ? AND d.unregistered_at IS NULL', values: [appNum] },
      compile(audience, (tag) => nums.get(tag)),
    ];
    if (platform !== 'ALL') parts.push({ sql: 'd.platform = ?', values: [platformCodes.toCode(platform)] });
    return joined(parts, 'AND');
  }

  return {
    async findAudience(query, after, limit) {
      const { sql, values } = await conditionOf(query);
      const rows = await driver.all(`SELECT d.num FROM devices d WHERE ${sql} AND d.num > ? ORDER BY d.num LIMIT ?`, [
        ...values,
        after,
        limit,
      ]);
      return rows.map((row) => Number(row.num));
    },

    async countAudience(query) {
      const { sql, values } = await conditionOf(query);
      const [row] = await driver.all(`SELECT COUNT(*) AS count FROM devices d WHERE ${sql}`, values);
      return Number(row?.count ?? 0);
    },

    async findInAudience(query, deviceNums) {
      const { sql, values } = await conditionOf(query);
      const found: number[] = [];
      for (const chunk of chunks(deviceNums, KEYS_PER_STATEMENT)) {
        const rows = await driver.all(`SELECT d.num FROM devices d WHERE d.num IN ${places(chunk.length)} AND ${sql}`, [
          ...chunk,
          ...values,
        ]);
        for (const row of rows) found.push(Number(row.num));
      }
      return found;
    },
  };
}

function tagsOf(audience: Audience, found = new Set<string>()): Set<string> {
  if (audience.kind === 'tags') for (const tag of audience.tags) found.add(tag);
  if (audience.kind === 'not') tagsOf(audience.audience, found);
  if (audience.kind === 'allOf' || audience.kind === 'anyOf')
    for (const each of audience.audiences) tagsOf(each, found);
  return found;
}

function compile(audience: Audience, topicOf: TopicOf): Condition {
  switch (audience.kind) {
    case 'aliases':
      return isOneOf('d.alias', audience.aliases);
    case 'devices':
      return isOneOf('d.id', audience.deviceIds);
    case 'platforms':
      return isOneOf('d.platform', audience.platforms.map(platformCodes.toCode));
    case 'everyone':
      return { sql: '1 = 1', values: [] };
    case 'tags':
      return hasTags(audience.tags, audience.match, topicOf);
    case 'allOf':
      return joined(
        audience.audiences.map((each) => compile(each, topicOf)),
        'AND',
      );
    case 'anyOf':
      return joined(
        audience.audiences.map((each) => compile(each, topicOf)),
        'OR',
      );
    case 'not':
      return negated(compile(audience.audience, topicOf));
  }
}

function hasTags(names: readonly string[], match: TagMatch, topicOf: TopicOf): Condition {
  const tags = [...new Set(names)];
  const topics = tags.flatMap((tag) => topicOf(tag) ?? []);
  if (match === 'all' && topics.length < tags.length) return { sql: '1 = 0', values: [] };
  if (match === 'none') return negated(hasTags(names, 'any', topicOf));
  const { sql, values } = isOneOf('t.topic_num', topics);
  const held = `FROM device_tags t WHERE t.device_num = d.num AND t.until_id IS NULL AND ${sql}`;
  return match === 'any'
    ? { sql: `EXISTS (SELECT 1 ${held})`, values }
    : { sql: `(SELECT COUNT(DISTINCT t.topic_num) ${held}) = ?`, values: [...values, topics.length] };
}

function isOneOf(column: string, keys: readonly SqlValue[]): Condition {
  if (keys.length === 0) return { sql: '1 = 0', values: [] };
  const lists = [...chunks(keys, KEYS_PER_STATEMENT)].map((chunk) => `${column} IN ${places(chunk.length)}`);
  return { sql: `(${lists.join(' OR ')})`, values: keys };
}

function negated({ sql, values }: Condition): Condition {
  return { sql: `NOT (${sql})`, values };
}

function joined(conditions: readonly Condition[], operator: 'AND' | 'OR'): Condition {
  return {
    sql: `(${conditions.map(({ sql }) => sql).join(` ${operator} `)})`,
    values: conditions.flatMap(({ values }) => values),
  };
}
