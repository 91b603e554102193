import type { Every } from '../../../common/every.js';
import type { Push } from '../../domain/push.js';
import { endingCodes, msgTypeCodes, platformCodes } from '../sql/codes.js';
import { decodeContent } from '../sql/content.js';
import {
  chunks,
  KEYS_PER_STATEMENT,
  PAIRS_PER_STATEMENT,
  places,
  type Row,
  rowsFor,
  type SqlDriver,
  type SqlValue,
} from '../sql/driver.js';
import type { ReadFrom, StoreReader, TimelineRow, TopicRange } from '../store.js';
import { createSumReads } from './sums.js';

/**
 * Number of pairs of push and device that one statement looks for: from about 16,000 on MariaDB looks at every receipt
 * of the pushes.
 */
const RECEIPTS_PER_STATEMENT = 10_000;

type DeliveryReads = Pick<
  StoreReader,
  | 'findCursors'
  | 'readInbox'
  | 'readTimelines'
  | 'readConfirmable'
  | 'findConfirmed'
  | 'findPushes'
  | 'findContentSizes'
  | 'findIdempotent'
  | 'countInbox'
  | 'sumDeliveries'
  | 'checkSums'
>;

/** Reads the backlog of sessions that are opened or have drained. */
export function createDeliveryReads(driver: SqlDriver): DeliveryReads {
  async function readTimelines(
    topics: readonly TopicRange[],
    through: number,
    now: number,
    limit: number,
    condition: string,
  ): Promise<TimelineRow[]> {
    const found: TimelineRow[] = [];
    for (const chunk of chunks(topics, PAIRS_PER_STATEMENT)) {
      const ranges = Array(chunk.length).fill('(topic_num = ? AND push_id > ?)').join(' OR ');
      const rows = await driver.all(
        `SELECT topic_num, push_id, platform, need_confirm FROM timeline
         WHERE (${ranges}) AND push_id <= ? AND expires_at > ?${condition} ORDER BY push_id LIMIT ?`,
        [...chunk.flatMap(({ topicNum, after }) => [topicNum, after]), through, now, limit],
      );
      for (const row of rows) found.push(toTimelineRow(row));
    }
    if (topics.length > PAIRS_PER_STATEMENT) found.sort((a, b) => a.pushId - b.pushId);
    return found.slice(0, limit);
  }

  async function readInboxes(
    devices: readonly ReadFrom[],
    through: number,
    now: number,
    limit: number,
  ): Promise<Row[]> {
    const fresh = devices.every(({ after }) => after === 0);
    const where = fresh
      ? `device_num IN ${places(devices.length)}`
      : `(${Array(devices.length).fill('(device_num = ? AND push_id > ?)').join(' OR ')})`;
    const values: SqlValue[] = fresh
      ? devices.map(({ deviceNum }) => deviceNum)
      : devices.flatMap(({ deviceNum, after }) => [deviceNum, after]);
    return driver.all(
      `SELECT id, device_num, push_id FROM inbox WHERE ${where} AND push_id <= ? AND expires_at > ?
       ORDER BY device_num, push_id LIMIT ?`,
      [...values, through, now, limit],
    );
  }

  return {
    async findCursors(deviceNums) {
      const rows = await rowsFor(deviceNums, (chunk) =>
        driver.all(`SELECT device_num, push_id FROM cursors WHERE device_num IN ${places(chunk.length)}`, chunk),
      );
      return new Map(rows.map((row) => [Number(row.device_num), Number(row.push_id)]));
    },

    async readInbox(devices, through, now, limit) {
      const rows: Row[] = [];
      // In the order of the answer, so that what is left of the limit is for the devices that follow.
      const ordered = devices.toSorted((a, b) => a.deviceNum - b.deviceNum);
      for (const chunk of chunks(ordered, PAIRS_PER_STATEMENT)) {
        if (rows.length >= limit) break;
        rows.push(...(await readInboxes(chunk, through, now, limit - rows.length)));
      }
      return rows.map((row) => ({
        id: Number(row.id),
        deviceNum: Number(row.device_num),
        pushId: Number(row.push_id),
      }));
    },

    readTimelines: (topics, through, now, limit) => readTimelines(topics, through, now, limit, ''),
    readConfirmable: (topics, through, now, limit) =>
      readTimelines(topics, through, now, limit, ' AND need_confirm = 1'),

    async findConfirmed(pushIds, deviceNums) {
      const found = new Map<number, Set<number>>();
      for (const devices of chunks(deviceNums, KEYS_PER_STATEMENT)) {
        for (const pushes of chunks(pushIds, Math.floor(RECEIPTS_PER_STATEMENT / devices.length))) {
          const rows = await driver.all(
            `SELECT push_id, device_num FROM receipts
             WHERE push_id IN ${places(pushes.length)} AND device_num IN ${places(devices.length)} AND ending = ?`,
            [...pushes, ...devices, endingCodes.toCode('confirmed')],
          );
          for (const row of rows) {
            const pushId = Number(row.push_id);
            found.set(pushId, (found.get(pushId) ?? new Set()).add(Number(row.device_num)));
          }
        }
      }
      return found;
    },

    async findIdempotent(keys, now) {
      const rows = await rowsFor(keys, (chunk) =>
        driver.all(
          `SELECT key_hash, digest, push_id FROM idempotency_keys
           WHERE key_hash IN ${places(chunk.length)} AND expires_at > ?`,
          [...chunk, now],
        ),
      );
      return new Map(
        rows.map((row) => [String(row.key_hash), { digest: String(row.digest), pushId: Number(row.push_id) }]),
      );
    },

    async countInbox(deviceNums) {
      const rows = await rowsFor(deviceNums, (chunk) =>
        driver.all(
          `SELECT device_num, COUNT(*) AS count FROM inbox 
            WHERE device_num IN ${places(chunk.length)} GROUP BY device_num`,
          chunk,
        ),
      );
      return new Map(rows.map((row) => [Number(row.device_num), Number(row.count)]));
    },

    ...createSumReads(driver),

    async findContentSizes(ids) {
      const rows = await rowsFor(ids, (chunk) =>
        driver.all(
          `SELECT id, content_bytes FROM pushes WHERE id IN ${places(chunk.length)} AND content IS NOT NULL`,
          chunk,
        ),
      );
      return new Map(rows.map((row) => [Number(row.id), Number(row.content_bytes)]));
    },

    async findPushes(ids) {
      const rows = await rowsFor(ids, (chunk) =>
        driver.all(
          `SELECT p.id, p.app_num, a.id AS app_id, p.tenant_code, p.platform, p.msg_type, p.need_confirm,
             p.clear_on_read, p.created_at, p.expires_at, p.content
           FROM pushes p JOIN apps a ON a.num = p.app_num
           WHERE p.id IN ${places(chunk.length)} AND p.content IS NOT NULL`,
          chunk,
        ),
      );
      return rows.map(
        (row): Every<Push> => ({
          id: Number(row.id),
          appId: String(row.app_id),
          appNum: Number(row.app_num),
          tenantCode: String(row.tenant_code),
          platform: platformCodes.fromCode(row.platform),
          msgType: msgTypeCodes.fromCode(row.msg_type),
          needConfirm: Boolean(row.need_confirm),
          clearOnRead: row.clear_on_read ? true : undefined,
          createdAt: Number(row.created_at),
          expiresAt: Number(row.expires_at),
          content: decodeContent(String(row.content)),
          // Only commits need to know.
          collapseKey: undefined,
          priority: undefined,
          wake: undefined,
        }),
      );
    },
  };
}

function toTimelineRow(row: Row): TimelineRow {
  return {
    topicNum: Number(row.topic_num),
    pushId: Number(row.push_id),
    platform: platformCodes.fromCode(row.platform),
    needConfirm: Boolean(row.need_confirm),
  };
}
