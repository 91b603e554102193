import type { DeviceSelection } from '../../domain/device.js';
import { platformCodes } from '../sql/codes.js';
import type { Row, SqlDriver, SqlValue } from '../sql/driver.js';
import type { RetentionReader, WalkStep } from '../store.js';

/** SQL for whether a device `d` was neither registered nor seen after a time: its three values are that time. */
const IS_UNSEEN = `d.registered_at <= ? AND (d.unregistered_at IS NULL OR d.unregistered_at <= ?)
  AND (d.last_seen_at IS NULL OR d.last_seen_at <= ?)`;

/** The same of devices of which it is known when they were seen. */
export const IS_KNOWN_UNSEEN = `${IS_UNSEEN} AND d.last_seen_at IS NOT NULL`;

/** SQL for whether a topic `t` is one that nobody needs. */
export const IS_UNUSED = `t.tag <> '' AND NOT EXISTS (SELECT 1 FROM device_tags g WHERE g.topic_num = t.num)
  AND NOT EXISTS (SELECT 1 FROM timeline l WHERE l.topic_num = t.num)`;

/** SQL for the registered device of a cursor `c`. */
export const REGISTERED = 'SELECT 1 FROM devices d WHERE d.num = c.device_num AND d.unregistered_at IS NULL';

/** Goes through tables by their primary keys, some rows at a time: no index is kept for it. */
export function createRetentionReads(driver: SqlDriver): RetentionReader {
  /** The last of the next rows; undefined: there are not so many. */
  async function endOf(table: string, key: string, { after, limit }: WalkStep): Promise<number | undefined> {
    const [row] = await driver.all(
      `SELECT ${key} AS num FROM ${table} WHERE ${key} > ? ORDER BY ${key} LIMIT 1 OFFSET ?`,
      [after, limit - 1],
    );
    return row === undefined ? undefined : Number(row.num);
  }

  /** The rows of one step, of the table `alias`. */
  async function walk(
    { table, alias, key = 'num' }: { table: string; alias: string; key?: string },
    columns: string,
    where: string,
    values: readonly SqlValue[],
    step: WalkStep,
  ): Promise<{ rows: Row[]; through: number | undefined }> {
    const through = await endOf(table, key, step);
    const rows = await driver.all(
      `SELECT ${columns} FROM ${table} ${alias} WHERE ${alias}.${key} > ? AND ${alias}.${key} <= ? AND ${where}
       ORDER BY ${alias}.${key}`,
      [step.after, through ?? Number.MAX_SAFE_INTEGER, ...values],
    );
    return { rows, through };
  }

  /** The devices of a user or of a tag, which an index finds. */
  async function named(
    selection: DeviceSelection,
    { after, limit }: WalkStep,
  ): Promise<{ rows: Row[]; through: number | undefined }> {
    const { appNum, alias, topicNum } = selection;
    const { where, values } = conditions(selection);
    const source: [string, SqlValue[]] =
      alias !== undefined
        ? ['SELECT num FROM devices WHERE app_num = ? AND alias = ?', [appNum, alias]]
        : ['SELECT device_num AS num FROM device_tags WHERE topic_num = ? AND until_id IS NULL', [topicNum ?? 0]];
    const key = alias !== undefined ? 'num' : 'device_num';
    const nums = await driver.all(`${source[0]} AND ${key} > ? ORDER BY ${key} LIMIT ?`, [...source[1], after, limit]);
    const through = nums.length < limit ? undefined : Number(nums.at(-1)?.num);
    if (nums.length === 0) return { rows: [], through };
    const rows = await driver.all(
      `SELECT d.num, d.id FROM devices d
       WHERE d.num IN (${nums.map(({ num }) => Number(num)).join(', ')}) AND ${where} ORDER BY d.num`,
      values,
    );
    return { rows, through };
  }

  const numsOf = ({ rows, through }: { rows: Row[]; through: number | undefined }) => {
    return { nums: rows.map((row) => Number(row.num)), through };
  };

  return {
    async findUnseen(step, seenBefore) {
      const { rows, through } = await walk(
        { table: 'devices', alias: 'd' },
        'd.num, d.registered_at, d.unregistered_at, d.last_seen_at',
        IS_UNSEEN,
        [seenBefore, seenBefore, seenBefore],
        step,
      );
      const devices = rows.map(({ num, registered_at, unregistered_at, last_seen_at }) => {
        const lastAt = Math.max(Number(registered_at), Number(unregistered_at ?? 0), Number(last_seen_at ?? 0));
        return { num: Number(num), lastAt: last_seen_at === null ? undefined : lastAt };
      });
      return { devices, through };
    },

    findUnusedTopics: async (step) => numsOf(await walk({ table: 'topics', alias: 't' }, 't.num', IS_UNUSED, [], step)),

    findLooseCursors: async (step) =>
      numsOf(
        await walk(
          { table: 'cursors', alias: 'c', key: 'device_num' },
          'c.device_num AS num',
          `NOT EXISTS (${REGISTERED})`,
          [],
          step,
        ),
      ),

    findEndedKeys: async (step, endedBefore) =>
      numsOf(await walk({ table: 'app_keys', alias: 'k' }, 'k.num', 'k.expires_at <= ?', [endedBefore], step)),

    async findSelected(selection, step) {
      const { where, values } = conditions(selection);
      const isNamed = selection.alias !== undefined || selection.topicNum !== undefined;
      const { rows, through } = isNamed
        ? await named(selection, step)
        : await walk({ table: 'devices', alias: 'd' }, 'd.num, d.id', where, values, step);
      return { devices: rows.map(({ num, id }) => ({ num: Number(num), id: String(id) })), through };
    },
  };
}

/** SQL for a selection of devices `d`. The sign keeps SQLite from the index of aliases, whose order is another. */
function conditions(selection: DeviceSelection): { where: string; values: SqlValue[] } {
  const { appNum, alias, topicNum, platform, registeredFrom, registeredBefore, unseenSince, withoutSession } =
    selection;
  const parts: [sql: string, ...values: SqlValue[]][] = [['+d.app_num = ?', appNum], ['d.unregistered_at IS NULL']];
  if (alias !== undefined) parts.push(['d.alias = ?', alias]);
  if (topicNum !== undefined) {
    const has = 'SELECT 1 FROM device_tags g WHERE g.device_num = d.num AND g.topic_num = ? AND g.until_id IS NULL';
    parts.push([`EXISTS (${has})`, topicNum]);
  }
  if (platform !== undefined) parts.push(['d.platform = ?', platformCodes.toCode(platform)]);
  if (registeredFrom !== undefined) parts.push(['d.registered_at >= ?', registeredFrom]);
  if (registeredBefore !== undefined) parts.push(['d.registered_at < ?', registeredBefore]);
  if (unseenSince !== undefined) {
    parts.push(['d.registered_at < ? AND d.last_seen_at < ?', unseenSince, unseenSince]);
  }
  if (withoutSession === true) parts.push(['d.last_seen_at = 0']);
  return {
    where: parts.map(([sql]) => sql).join(' AND '),
    values: parts.flatMap(([, ...values]) => values),
  };
}
