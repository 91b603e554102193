import type { DeliveryEntry, DeliveryFilter, ReportReader } from '../../domain/queries.js';
import { endingCodes } from '../sql/codes.js';
import { places, type Row, rowsFor, type SqlDriver, type SqlValue } from '../sql/driver.js';

/** Number of parts of a push that one page looks at. */
const PARTS_PER_PAGE = 10;

/** Lists the deliveries of a push. */
export function createDeliveryListReads(driver: SqlDriver): Pick<ReportReader, 'listDeliveries'> {
  /** One statement, so it sees one moment: a delivery is in one of the two tables. */
  async function readPart(
    part: Row,
    state: DeliveryFilter['state'],
    afterDevice: number,
    limit: number,
  ): Promise<Row[]> {
    const pushId = Number(part.id);
    const sources: string[] = [];
    const values: SqlValue[] = [];
    const directed = part.first_delivery !== null;
    // A push to topics has no other receipts than those of confirmations, and may have a great many of them.
    if (state === undefined || state === 'confirmed' || (state !== 'pending' && directed)) {
      const condition = state === undefined ? '' : ' AND ending = ?';
      sources.push(`SELECT * FROM (SELECT device_num, ending, ended_at FROM receipts
        WHERE push_id = ? AND device_num > ?${condition} ORDER BY device_num LIMIT ?) AS ended`);
      values.push(pushId, afterDevice, ...(state === undefined ? [] : [endingCodes.toCode(state)]), limit);
    }
    if ((state === undefined || state === 'pending') && directed) {
      sources.push(`SELECT * FROM (SELECT device_num, NULL AS ending, NULL AS ended_at FROM inbox
        WHERE id BETWEEN ? AND ? AND push_id = ? AND device_num > ? ORDER BY device_num LIMIT ?) AS pending`);
      values.push(Number(part.first_delivery), Number(part.last_delivery), pushId, afterDevice, limit);
    }
    if (sources.length === 0) return [];
    return driver.all(`${sources.join(' UNION ALL ')} ORDER BY device_num LIMIT ?`, [...values, limit]);
  }

  return {
    async listDeliveries({ id, appNum, state }, after, limit) {
      const parts = await driver.all(
        `SELECT id, first_delivery, last_delivery FROM pushes
         WHERE ((id = ? AND job_id IS NULL) OR job_id = ?) AND app_num = ? AND id >= ? ORDER BY id LIMIT ?`,
        [id, id, appNum, after.pushId, PARTS_PER_PAGE + 1],
      );
      if (parts.length === 0) {
        const jobs = await driver.all('SELECT id FROM jobs WHERE id = ? AND app_num = ?', [id, appNum]);
        return jobs.length === 0 ? undefined : { entries: [], next: undefined };
      }
      const found: Omit<DeliveryEntry, 'deviceId'>[] = [];
      for (const part of parts.slice(0, PARTS_PER_PAGE)) {
        const pushId = Number(part.id);
        const afterDevice = pushId === after.pushId ? after.deviceNum : 0;
        for (const row of await readPart(part, state, afterDevice, limit - found.length)) {
          found.push({
            pushId,
            deviceNum: Number(row.device_num),
            state: row.ending === null ? undefined : endingCodes.fromCode(row.ending),
            endedAt: row.ended_at === null ? undefined : Number(row.ended_at),
          });
        }
        if (found.length >= limit) break;
      }
      const ids = await rowsFor(
        found.map(({ deviceNum }) => deviceNum),
        (chunk) => driver.all(`SELECT num, id FROM devices WHERE num IN ${places(chunk.length)}`, chunk),
      );
      const deviceIds = new Map(ids.map((row) => [Number(row.num), String(row.id)]));
      const unread = parts[PARTS_PER_PAGE];
      const last = found.at(-1);
      const full = found.length >= limit && last && { pushId: last.pushId, deviceNum: last.deviceNum };
      return {
        entries: found.map((entry) => ({ ...entry, deviceId: deviceIds.get(entry.deviceNum) ?? '' })),
        next: full || (unread && { pushId: Number(unread.id), deviceNum: 0 }),
      };
    },
  };
}
