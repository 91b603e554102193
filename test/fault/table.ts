import { type Column, formatCells, replaceBetween } from '../support/markdown-table.js';

/** A line of the table. */
export interface Row {
  fault: string;
  store: string;
  accepted: number;
  sendsPerSecond: number;
  /** First arrivals. */
  delivered: number;
  /** Arrivals that should not have been, or that the fault makes unavoidable. */
  repeated: number;
  /** Messages sent again because they were not confirmed. */
  redelivered: number;
  /** Handed to a socket whose device threw it away unread. */
  unread: number;
  lost: number;
  /** Messages that reached a device that they were not for. */
  leaked: number;
  /** Sends answered 503. */
  refused: number;
  /** Sends whose connection was refused or cut. */
  cut: number;
  /** Seconds from the end of the fault until a push to everyone has reached everyone. */
  recovery: number;
}

/** A line of the table of wakes: what came between a fault and the next. */
export interface WakingRow extends Pick<Row, 'fault' | 'store' | 'accepted' | 'delivered' | 'lost'> {
  /** Requests that the vendor got. */
  wakes: number;
  /** Wakes that came again after one of unknown outcome. */
  again: number;
  /** Wakes that came again, without that and without a refusal. */
  twice: number;
  /** Wakes for what the device had acknowledged in time. */
  late: number;
  /** Messages that a device which is away has not got, and was not woken for. */
  notWoken: number;
  /** Seconds until the vendor had been asked for all devices that were away at the end. */
  seconds: number;
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'fault', text: (row) => row.fault, left: true },
  { title: 'store', text: (row) => row.store, left: true },
  { title: 'accepted', text: (row) => String(row.accepted) },
  { title: 'sends/s', text: (row) => row.sendsPerSecond.toFixed(0) },
  { title: 'delivered', text: (row) => String(row.delivered) },
  { title: 'redelivered', text: (row) => String(row.redelivered) },
  { title: 'repeated', text: (row) => String(row.repeated) },
  { title: 'unread', text: (row) => String(row.unread) },
  { title: 'lost', text: (row) => String(row.lost) },
  { title: 'leaked', text: (row) => String(row.leaked) },
  { title: 'refused', text: (row) => String(row.refused) },
  { title: 'cut', text: (row) => String(row.cut) },
  { title: 's to recover', text: (row) => row.recovery.toFixed(1) },
];

const WAKING_COLUMNS: readonly Column<WakingRow>[] = [
  { title: 'fault', text: (row) => row.fault, left: true },
  { title: 'store', text: (row) => row.store, left: true },
  { title: 'accepted', text: (row) => String(row.accepted) },
  { title: 'delivered', text: (row) => String(row.delivered) },
  { title: 'wakes', text: (row) => String(row.wakes) },
  { title: 'again', text: (row) => String(row.again) },
  { title: 'twice', text: (row) => String(row.twice) },
  { title: 'acknowledged', text: (row) => String(row.late) },
  { title: 'not woken', text: (row) => String(row.notWoken) },
  { title: 'lost', text: (row) => String(row.lost) },
  { title: 's to wake all', text: (row) => row.seconds.toFixed(1) },
];

/** The rows as a Markdown table, aligned. */
export function formatTable(rows: readonly Row[]): string {
  return formatCells(rows, COLUMNS);
}

/** The same of the rows of wakes. */
export function formatWakingTable(rows: readonly WakingRow[]): string {
  return formatCells(rows, WAKING_COLUMNS);
}

/** The page with what stands between its markers replaced. */
export function withTable(page: string, table: string): string {
  return replaceBetween(page, 'faults', table);
}

/** The same of the table of wakes. */
export function withWakingTable(page: string, table: string): string {
  return replaceBetween(page, 'wakes', table);
}
