import { endingCodes, msgTypeCodes, platformCodes } from './codes.js';
import { decodeContent } from './content.js';
import { chunks, places, type Row, type SqlDriver, type SqlValue } from './driver.js';
import type { LookUps, TimelineRow, TopicRange } from './store.js';

const IDS_PER_STATEMENT = 1000;

type DeliveryReads = Pick<
  LookUps,
  'findCursors' | 'readInbox' | 'readTimelines' | 'readConfirmable' | 'findConfirmed' | 'findPushes'
>;

/** What sessions read when they are opened or have drained. */
export function createDeliveryReads(driver: SqlDriver): DeliveryReads {
  async function readTimelines(
    topics: readonly TopicRange[],
    through: number,
    now: number,
    limit: number,
    condition: string,
  ): Promise<TimelineRow[]> {
    if (topics.length === 0) return [];
    const ranges = Array(topics.length).fill('(topic_num = ? AND push_id > ?)').join(' OR ');
    const rows = await driver.all(
      `SELECT topic_num, push_id, platform, need_confirm FROM timeline
       WHERE (${ranges}) AND push_id <= ? AND expires_at > ?${condition} ORDER BY push_id LIMIT ?`,
      [...topics.flatMap(({ topicNum, after }) => [topicNum, after]), through, now, limit],
    );
    return rows.map(toTimelineRow);
  }

  return {
    async findCursors(deviceNums, core) {
      const found = new Map<number, number>();
      for (const chunk of chunks(deviceNums, IDS_PER_STATEMENT)) {
        const rows = await driver.all(
          `SELECT device_num, push_id FROM cursors WHERE device_num IN ${places(chunk.length)} AND core = ?`,
          [...chunk, core],
        );
        for (const row of rows) found.set(Number(row.device_num), Number(row.push_id));
      }
      return found;
    },

    async readInbox(devices, through, now, limit) {
      if (devices.length === 0) return [];
      const fresh = devices.every(({ after }) => after === 0);
      const where = fresh
        ? `device_num IN ${places(devices.length)}`
        : `(${Array(devices.length).fill('(device_num = ? AND push_id > ?)').join(' OR ')})`;
      const values: SqlValue[] = fresh
        ? devices.map(({ deviceNum }) => deviceNum)
        : devices.flatMap(({ deviceNum, after }) => [deviceNum, after]);
      const rows = await driver.all(
        `SELECT id, device_num, push_id FROM inbox WHERE ${where} AND push_id <= ? AND expires_at > ?
         ORDER BY device_num, push_id LIMIT ?`,
        [...values, through, now, limit],
      );
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
      if (pushIds.length === 0 || deviceNums.length === 0) return found;
      const rows = await driver.all(
        `SELECT push_id, device_num FROM receipts
         WHERE push_id IN ${places(pushIds.length)} AND device_num IN ${places(deviceNums.length)} AND ending = ?`,
        [...pushIds, ...deviceNums, endingCodes.toCode('confirmed')],
      );
      for (const row of rows) {
        const pushId = Number(row.push_id);
        found.set(pushId, (found.get(pushId) ?? new Set()).add(Number(row.device_num)));
      }
      return found;
    },

    async findPushes(ids) {
      const found = [];
      for (const chunk of chunks(ids, IDS_PER_STATEMENT)) {
        const rows = await driver.all(
          `SELECT p.id, p.app_num, a.id AS app_id, p.tenant_code, p.platform, p.msg_type, p.need_confirm, p.created_at,
             p.expires_at, p.content
           FROM pushes p JOIN apps a ON a.num = p.app_num
           WHERE p.id IN ${places(chunk.length)} AND p.content IS NOT NULL`,
          chunk,
        );
        for (const row of rows) {
          found.push({
            id: Number(row.id),
            appId: String(row.app_id),
            appNum: Number(row.app_num),
            tenantCode: String(row.tenant_code),
            platform: platformCodes.fromCode(row.platform),
            msgType: msgTypeCodes.fromCode(row.msg_type),
            needConfirm: Boolean(row.need_confirm),
            createdAt: Number(row.created_at),
            expiresAt: Number(row.expires_at),
            content: decodeContent(String(row.content)),
          });
        }
      }
      return found;
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
