import { availableParallelism } from 'node:os';
import { formatCells, replaceBetween } from '../support/markdown-table.js';
import type { Memory } from './memory.js';
import type { Tally } from './runner.js';

/** A line of the table. */
export interface Row {
  door: string;
  tally: Tally;
  /** Of the well-behaved client meanwhile; milliseconds. */
  p50: number;
  p99: number;
  /** Resident megabytes before, and at the most. */
  edge: readonly [before: number, peak: number];
  core: readonly [before: number, peak: number];
}

const numbers = new Intl.NumberFormat('en');
const SHOWN = 6;

/** Returns the rows as a Markdown table, aligned, with a line for all of them. */
function formatTable(rows: readonly Row[]): string {
  return formatCells<Row>(rows, [
    { title: 'door', text: ({ door }) => door, left: true },
    { title: 'inputs', text: ({ tally }) => numbers.format(tally.inputs) },
    { title: 'a second', text: ({ tally }) => numbers.format(Math.round(tally.inputs / tally.seconds)) },
    { title: 'longest ms', text: ({ tally }) => numbers.format(Math.round(tally.longestMs)) },
    { title: 'late', text: ({ tally }) => numbers.format(tally.late) },
    { title: 'p50 ms', text: ({ p50 }) => p50.toFixed(0) },
    { title: 'p99 ms', text: ({ p99 }) => p99.toFixed(0) },
    { title: 'edge MB', text: ({ edge }) => edge.join(' / ') },
    { title: 'core MB', text: ({ core }) => core.join(' / ') },
    { title: 'answers', text: ({ tally }) => formatAnswers(tally), left: true },
  ]);
}

/** A whole run. */
export interface Run {
  seed: string;
  rows: readonly Row[];
  seconds: number;
  /** The names of the tests that failed. */
  failed: readonly string[];
  /** Without garbage; undefined: not known. */
  before: Memory | undefined;
  after: Memory | undefined;
}

/** Returns what a run came to: the table, and sentences that say whether all was as it must be. */
export function formatRun({ seed, rows, seconds, failed, before, after }: Run): string {
  const inputs = numbers.format(rows.reduce((sum, { tally }) => sum + tally.inputs, 0));
  const verdict = failed.length === 0 ? 'all of the above held' : `these did not hold: ${failed.join('; ')}`;
  const minutes = numbers.format(Math.ceil(seconds / 60));
  const machine = `${availableParallelism()} processor cores`;
  const grown = (name: keyof Memory): string =>
    `${before?.[name] ?? '?'} MB before and ${after?.[name] ?? '?'} MB after`;
  return `${formatTable(rows)}

${inputs} inputs in ${minutes} minutes on ${machine}, \`FUZZ_SEED=${seed}\`: ${verdict}.
Without garbage the edge had ${grown('edge')}, the core ${grown('core')}.`;
}

/** The most frequent answers, as shares of all trials. */
function formatAnswers({ answers }: Tally): string {
  const sorted = Object.entries(answers).toSorted(([, a], [, b]) => b - a);
  const all = sorted.reduce((sum, [, count]) => sum + count, 0);
  const shares = sorted.slice(0, SHOWN).map(([answer, count]) => `${answer} ${Math.round((100 * count) / all)}%`);
  return shares.join(', ') + (sorted.length > SHOWN ? ', …' : '');
}

/** Returns the page with what the last run came to replaced. */
export function withRun(page: string, run: string): string {
  return replaceBetween(page, 'fuzz', run);
}
