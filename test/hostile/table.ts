import { formatCells, replaceBetween } from '../support/markdown-table.js';

/** A process's resident megabytes: before an attack, at the most, and a minute after it at the latest. */
export interface Memory {
  before: number;
  peak: number;
  after: number;
}

/** A line of the table. */
export interface Row {
  attack: string;
  outcome: string;
  /** Of the well-behaved client, while the attack lasted; milliseconds. */
  pushes: number;
  p50: number;
  p99: number;
  edge: Memory;
  core: Memory;
}

const memory = ({ before, peak, after }: Memory): string => `${before} / ${peak} / ${after}`;

/** Returns the rows as a Markdown table, aligned. */
export function formatTable(rows: readonly Row[]): string {
  return formatCells<Row>(rows, [
    { title: 'attack', text: ({ attack }) => attack, left: true },
    { title: 'what came', text: ({ outcome }) => outcome, left: true },
    { title: 'p50 ms', text: ({ p50 }) => p50.toFixed(0) },
    { title: 'p99 ms', text: ({ p99 }) => p99.toFixed(0) },
    { title: 'edge MB', text: ({ edge }) => memory(edge) },
    { title: 'core MB', text: ({ core }) => memory(core) },
  ]);
}

/** Returns the page with its table replaced. */
export function withTable(page: string, table: string): string {
  return replaceBetween(page, 'attacks', table);
}
