import { type Figure, isMet, type Target } from './figure.js';
import type { Summary } from './pairs.js';

const COLUMNS: readonly { title: string; text: (figure: Figure) => string; left?: true }[] = [
  { title: '#', text: ({ row }) => row, left: true },
  { title: 'measured', text: ({ measured, notes }) => [measured, ...(notes ?? [])].join('; '), left: true },
  { title: 'unit', text: ({ unit }) => unit, left: true },
  { title: 'ONE-PUSH', text: ({ ours }) => formatNumber(ours.median) },
  { title: 'floor', text: ({ floor }) => (floor === undefined ? '' : formatNumber(floor.median)) },
  { title: 'ratio (spread)', text: ({ ratio }) => (ratio === undefined ? '' : formatSpread(ratio)) },
  { title: 'target', text: ({ target }) => (target === undefined ? '' : formatTarget(target)) },
  { title: 'met', text: (figure) => ({ true: 'yes', false: 'no', undefined: '' })[`${isMet(figure)}`] },
  { title: 'load', text: ({ loadShare }) => (loadShare === undefined ? '' : `${Math.round(loadShare * 100)}%`) },
];

/** As formatters of Markdown have it. */
const MIN_WIDTH = 3;

/** The figures as a Markdown table, aligned. */
export function formatTable(figures: readonly Figure[]): string {
  const cells = figures.map((figure) => COLUMNS.map(({ text }) => text(figure)));
  const widths = COLUMNS.map(({ title }, index) =>
    Math.max(MIN_WIDTH, title.length, ...cells.map((row) => row[index]?.length ?? 0)),
  );
  const pad = (text: string, index: number): string =>
    COLUMNS[index]?.left ? text.padEnd(widths[index] ?? 0) : text.padStart(widths[index] ?? 0);
  const lines = [COLUMNS.map(({ title }) => title), ...cells].map((row) => `| ${row.map(pad).join(' | ')} |`);
  const rules = COLUMNS.map(({ left }, index) => '-'.repeat((widths[index] ?? 1) - (left ? 0 : 1)) + (left ? '' : ':'));
  return [lines[0], `| ${rules.join(' | ')} |`, ...lines.slice(1)].join('\n');
}

/** Where the processor's time of each figure goes, as a Markdown list. */
export function formatCpu(figures: readonly Figure[]): string {
  return figures
    .filter(({ cpu }) => cpu !== undefined)
    .map(({ row, unit, cpu }) => {
      const parts = Object.entries(cpu ?? {}).map(([name, micros]) => `${name} ${micros.toFixed(1)}`);
      return `- ${row}, µs for each of its ${unit.replace('/s', '')}: ${parts.join(', ')}`;
    })
    .join('\n');
}

/** How late the event loops were, as a Markdown list. */
export function formatDelays(figures: readonly Figure[]): string {
  return figures
    .filter(({ delays }) => delays !== undefined)
    .map(({ row, delays }) => {
      const parts = Object.entries(delays ?? {}).map(([name, milliseconds]) => `${name} ${milliseconds.toFixed(1)} ms`);
      return `- ${row}: ${parts.join(', ')}`;
    })
    .join('\n');
}

/** The page with what stands between the markers of `name` replaced. */
export function withPart(page: string, name: string, part: string): string {
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`the page has no ${begin} … ${end}`);
  return `${page.slice(0, from + begin.length)}\n\n${part}\n\n${page.slice(to)}`;
}

function formatNumber(value: number): string {
  return value >= 100 ? String(Math.round(value)) : value.toFixed(value >= 10 ? 1 : 2);
}

function formatSpread({ median, low, high }: Summary): string {
  return `${median.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`;
}

function formatTarget({ of, least, most }: Target): string {
  const limit = least === undefined ? `≤ ${most}` : `≥ ${least}`;
  return of === 'ratio' ? limit : `${limit} itself`;
}
