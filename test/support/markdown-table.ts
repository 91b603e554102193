/** One column of a table. */
export interface Column<T> {
  title: string;
  text: (row: T) => string;
  left?: true;
}

/** Returns the rows as a Markdown table, aligned. */
export function formatCells<T>(rows: readonly T[], columns: readonly Column<T>[]): string {
  const cells = rows.map((row) => columns.map(({ text }) => text(row)));
  const widths = columns.map(({ title }, index) =>
    Math.max(title.length, ...cells.map((line) => line[index]?.length ?? 0)),
  );
  const pad = (text: string, index: number): string =>
    columns[index]?.left ? text.padEnd(widths[index] ?? 0) : text.padStart(widths[index] ?? 0);
  const lines = [columns.map(({ title }) => title), ...cells].map((line) => `| ${line.map(pad).join(' | ')} |`);
  const rule = `| ${columns.map(({ left }, index) => (left ? '-'.repeat(widths[index] ?? 0) : `${'-'.repeat((widths[index] ?? 1) - 1)}:`)).join(' | ')} |`;
  return [lines[0], rule, ...lines.slice(1)].join('\n');
}

/** Returns the page with what stands between the markers `<!-- name: begin -->` and `<!-- name: end -->` replaced. */
export function replaceBetween(page: string, name: string, text: string): string {
  const [first, last] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const begin = page.indexOf(first);
  const end = page.indexOf(last);
  if (begin < 0 || end < begin) throw new Error(`the page has no ${first} … ${last}`);
  return `${page.slice(0, begin + first.length)}\n\n${text}\n\n${page.slice(end)}`;
}
