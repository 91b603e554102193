import type { ReportReader } from '../../domain/queries.js';
import { endingCodes } from '../sql/codes.js';
import { places, type SqlDriver, type SqlValue } from '../sql/driver.js';

/** Reads receipts in the order of their commits. */
export function createReceiptReads(driver: SqlDriver): Pick<ReportReader, 'readReceipts' | 'lastReceipt'> {
  return {
    async lastReceipt() {
      const [row] = await driver.all(
        'SELECT seq, push_id, device_num FROM receipts ORDER BY seq DESC, push_id DESC, device_num DESC LIMIT 1',
        [],
      );
      return { seq: Number(row?.seq ?? 0), pushId: Number(row?.push_id ?? 0), deviceNum: Number(row?.device_num ?? 0) };
    },

    async readReceipts({ seq, pushId, deviceNum }, limit) {
      // A range of the index for each: what is left of the push, of the commit, and what comes after it.
      const part = (where: string) =>
        `SELECT * FROM (SELECT seq, push_id, device_num, app_num, ending, ended_at FROM receipts WHERE ${where}
         ORDER BY seq, push_id, device_num LIMIT ?) AS part`;
      const rows = await driver.all(
        `${part('seq = ? AND push_id = ? AND device_num > ?')} UNION ALL ${part('seq = ? AND push_id > ?')}
         UNION ALL ${part('seq > ?')} ORDER BY seq, push_id, device_num LIMIT ?`,
        [seq, pushId, deviceNum, limit, seq, pushId, limit, seq, limit, limit],
      );
      const numbersOf = (column: string): SqlValue[] => [...new Set(rows.map((row) => Number(row[column])))];
      const named = async (sql: string, keys: SqlValue[]) =>
        keys.length === 0
          ? new Map<number, never>()
          : new Map((await driver.all(`${sql} IN ${places(keys.length)}`, keys)).map((row) => [Number(row.num), row]));
      const devices = await named(
        'SELECT num, id, alias, unregistered_at FROM devices WHERE num',
        numbersOf('device_num'),
      );
      const jobs = await named('SELECT id AS num, job_id FROM pushes WHERE id', numbersOf('push_id'));
      return rows.map((row) => {
        const device = devices.get(Number(row.device_num));
        return {
          position: { seq: Number(row.seq), pushId: Number(row.push_id), deviceNum: Number(row.device_num) },
          appNum: Number(row.app_num),
          requestId: Number(jobs.get(Number(row.push_id))?.job_id ?? row.push_id),
          deviceId: String(device?.id ?? ''),
          alias: device === undefined || device.unregistered_at !== null ? '' : String(device.alias),
          state: endingCodes.fromCode(row.ending),
          endedAt: Number(row.ended_at),
        };
      });
    },
  };
}
