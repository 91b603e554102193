import type { ReportReader } from '../../domain/queries.js';
import { comparePositions, OLDEST, type ReceiptPosition } from '../../domain/receipt-position.js';
import { endingCodes } from '../sql/codes.js';
import { places, type Row, type SqlDriver, type SqlValue } from '../sql/driver.js';
import { toWakeReport } from './wake-reports.js';

/** Reads receipts in the order of their commits. */
export function createReceiptReads(driver: SqlDriver): Pick<ReportReader, 'readReceipts' | 'lastReceipt'> {
  return {
    lastReceipt: () => lastReceipt(driver),

    async readReceipts({ seq, pushId, deviceNum }, limit) {
      // A range of the index for each: what is left of the push, of the commit, and what comes after it.
      const part = (columns: string, table: string, where: string): string =>
        `SELECT * FROM (SELECT seq, push_id, device_num, app_num, ${columns} FROM ${table} WHERE ${where}
         ORDER BY seq, push_id, device_num LIMIT ?) AS part`;
      const parts = [
        ['ending AS code, ended_at AS at, NULL AS channel, NULL AS reason, 0 AS attempt', 'receipts'],
        ['state AS code, changed_at AS at, channel, reason, attempt', 'wakes'],
      ].flatMap(([columns = '', table = '']) => [
        part(columns, table, 'seq = ? AND seq > 0 AND push_id = ? AND device_num > ?'),
        part(columns, table, 'seq = ? AND seq > 0 AND push_id > ?'),
        part(columns, table, 'seq > ?'),
      ]);
      const values = [seq, pushId, deviceNum, limit, seq, pushId, limit, seq, limit];
      const rows = await driver.all(`${parts.join(' UNION ALL ')} ORDER BY seq, push_id, device_num LIMIT ?`, [
        ...values,
        ...values,
        limit,
      ]);
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
        const entry = {
          position: positionOf(row),
          appNum: Number(row.app_num),
          requestId: Number(jobs.get(Number(row.push_id))?.job_id ?? row.push_id),
          deviceId: String(device?.id ?? ''),
          alias: device === undefined || device.unregistered_at !== null ? '' : String(device.alias),
        };
        if (row.channel !== null) return { ...entry, wake: toWakeReport(row) };
        return { ...entry, state: endingCodes.fromCode(row.code), endedAt: Number(row.at) };
      });
    },
  };
}

/** Reads the position behind the last receipt and the last end of a wake. */
export async function lastReceipt(runner: Pick<SqlDriver, 'all'>): Promise<ReceiptPosition> {
  const last = (table: string): string =>
    `SELECT * FROM (SELECT seq, push_id, device_num FROM ${table} WHERE seq > 0
     ORDER BY seq DESC, push_id DESC, device_num DESC LIMIT 1) AS of_${table}`;
  const rows = await runner.all(`${last('receipts')} UNION ALL ${last('wakes')}`, []);
  return rows.map(positionOf).toSorted(comparePositions).at(-1) ?? OLDEST;
}

/** Reads a position out of the columns that have it. */
export function positionOf(row: Row): ReceiptPosition {
  return { seq: Number(row.seq), pushId: Number(row.push_id), deviceNum: Number(row.device_num) };
}
