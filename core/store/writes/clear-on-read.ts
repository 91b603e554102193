import { endingCodes } from '../sql/codes.js';
import {
  chunks,
  KEYS_PER_STATEMENT,
  PAIRS_PER_STATEMENT,
  places,
  type Row,
  type SqlDriver,
  type Transaction,
} from '../sql/driver.js';
import type { Confirmation, DeliveryOf } from '../store.js';
import { endDeliveries } from './endings.js';

/** Endings of what a device may have: it may have been sent, unconfirmed, what was cleared. */
const HAD = [endingCodes.toCode('delivered'), endingCodes.toCode('cleared')].join(', ');
const DISCARDED = endingCodes.toCode('discarded');

/** A device has read a push with `clearOnRead`. */
export interface Read extends Confirmation {
  /** The job that the push is a part of: other devices of the user may have got other parts. */
  jobId: number | undefined;
}

/** Ids of pushes from the first to the last, for one device. */
interface Range {
  deviceNum: number;
  first: number;
  last: number;
  /** Ids of the parts among them; undefined: first and last are the one push. */
  parts: ReadonlySet<number> | undefined;
}

/** @param row has `device_num`, `push_id` and `job_id` */
export function toRead(row: Row): Read {
  return {
    deviceNum: Number(row.device_num),
    pushId: Number(row.push_id),
    jobId: row.job_id === null ? undefined : Number(row.job_id),
  };
}

/** Finds the confirmations of what has ended already and asks to be cleared: a device reads what it was delivered. */
export async function findLateReads(tx: Transaction, confirmations: readonly Confirmation[]): Promise<Read[]> {
  const found: Read[] = [];
  for (const chunk of chunks(confirmations, PAIRS_PER_STATEMENT)) {
    const rows = await tx.all(
      `SELECT r.device_num, r.push_id, p.job_id FROM receipts r JOIN pushes p ON p.id = r.push_id
       WHERE (${Array(chunk.length).fill('(r.push_id = ? AND r.device_num = ?)').join(' OR ')})
         AND p.clear_on_read = 1 AND r.ending <> ?`,
      [...chunk.flatMap(({ pushId, deviceNum }) => [pushId, deviceNum]), DISCARDED],
    );
    found.push(...rows.map(toRead));
  }
  return found;
}

/**
 * Ends what is pending of pushes for the other devices of the users that have read them. Answers those deliveries, and
 * the ones that had been delivered or cleared before.
 */
export async function clearOnOthers(
  driver: SqlDriver,
  tx: Transaction,
  reads: readonly Read[],
  now: number,
): Promise<DeliveryOf[]> {
  if (reads.length === 0) return [];
  const ranges = await findRanges(tx, reads);
  const cleared: DeliveryOf[] = [];
  for (const chunk of chunks(ranges, PAIRS_PER_STATEMENT)) {
    const pending = await readRanges(tx, 'id, device_num, push_id FROM inbox', chunk, '');
    await endDeliveries(
      driver,
      tx,
      pending.map((row) => Number(row.id)),
      'cleared',
      now,
    );
    // Those of an earlier commit too: a crash may have kept their devices from being told.
    const had = await readRanges(tx, 'device_num, push_id FROM receipts', chunk, ` AND ending IN (${HAD})`);
    for (const row of had) {
      cleared.push({ deviceNum: Number(row.device_num), pushId: Number(row.push_id) });
    }
  }
  return cleared;
}

/** The user's other devices, each with the pushes that may be for it: none from before it was the user's. */
async function findRanges(tx: Transaction, reads: readonly Read[]): Promise<Range[]> {
  const devices = await readOthers(tx, [...new Set(reads.map(({ deviceNum }) => deviceNum))]);
  const partsOf = await readParts(tx, [...new Set(reads.flatMap(({ jobId }) => jobId ?? []))]);
  const ranges = new Map<string, Range>();
  for (const { deviceNum, pushId, jobId } of reads) {
    const parts = jobId === undefined ? undefined : partsOf.get(jobId);
    const ids = parts === undefined ? [pushId] : [...parts];
    for (const other of devices.get(deviceNum) ?? []) {
      if (pushId <= other.readerSince) continue;
      const own = ids.filter((id) => id > other.since);
      const [first, last] = [own[0], own.at(-1)];
      if (first === undefined || last === undefined) continue;
      ranges.set(`${other.num}:${jobId ?? pushId}`, { deviceNum: other.num, first, last, parts });
    }
  }
  return [...ranges.values()];
}

async function readOthers(tx: Transaction, deviceNums: readonly number[]) {
  const others = new Map<number, { num: number; since: number; readerSince: number }[]>();
  for (const chunk of chunks(deviceNums, KEYS_PER_STATEMENT)) {
    const rows = await tx.all(
      `SELECT d.num AS reader, d.since_id AS reader_since, o.num, o.since_id
       FROM devices d JOIN devices o ON o.app_num = d.app_num AND o.alias = d.alias
       WHERE d.num IN ${places(chunk.length)} AND d.unregistered_at IS NULL
         AND o.num <> d.num AND o.unregistered_at IS NULL`,
      chunk,
    );
    for (const row of rows) {
      const reader = Number(row.reader);
      const other = { num: Number(row.num), since: Number(row.since_id), readerSince: Number(row.reader_since) };
      others.set(reader, [...(others.get(reader) ?? []), other]);
    }
  }
  return others;
}

/** The parts of jobs, by their growing ids. */
async function readParts(tx: Transaction, jobIds: readonly number[]): Promise<Map<number, Set<number>>> {
  const parts = new Map<number, Set<number>>();
  for (const chunk of chunks(jobIds, KEYS_PER_STATEMENT)) {
    const rows = await tx.all(
      `SELECT id, job_id FROM pushes WHERE job_id IN ${places(chunk.length)} ORDER BY id`,
      chunk,
    );
    for (const row of rows) {
      const known = parts.get(Number(row.job_id)) ?? new Set();
      parts.set(Number(row.job_id), known.add(Number(row.id)));
    }
  }
  return parts;
}

async function readRanges(tx: Transaction, what: string, ranges: readonly Range[], condition: string): Promise<Row[]> {
  const places = Array(ranges.length).fill('(device_num = ? AND push_id BETWEEN ? AND ?)').join(' OR ');
  const rows = await tx.all(
    `SELECT ${what} WHERE (${places})${condition}`,
    ranges.flatMap(({ deviceNum, first, last }) => [deviceNum, first, last]),
  );
  const wanted = new Map<number, Range[]>();
  for (const range of ranges) wanted.set(range.deviceNum, [...(wanted.get(range.deviceNum) ?? []), range]);
  return rows.filter((row) => {
    const pushId = Number(row.push_id);
    return wanted
      .get(Number(row.device_num))
      ?.some(({ first, parts }) => (parts === undefined ? first === pushId : parts.has(pushId)));
  });
}
