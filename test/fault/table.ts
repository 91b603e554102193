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

const COLUMNS: readonly { title: string; text: (row: Row) => string; left?: true }[] = [
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

/** The rows as a Markdown table, aligned. */
export function formatTable(rows: readonly Row[]): string {
  const cells = rows.map((row) => COLUMNS.map(({ text }) => text(row)));
  const widths = COLUMNS.map(({ title }, index) =>
    Math.max(title.length, ...cells.map((line) => line[index]?.length ?? 0)),
  );
  const pad = (text: string, index: number): string =>
    COLUMNS[index]?.left ? text.padEnd(widths[index] ?? 0) : text.padStart(widths[index] ?? 0);
  const lines = [COLUMNS.map(({ title }) => title), ...cells].map((line) => `| ${line.map(pad).join(' | ')} |`);
  const rule = `| ${COLUMNS.map(({ left }, index) => (left ? '-'.repeat(widths[index] ?? 0) : `${'-'.repeat((widths[index] ?? 1) - 1)}:`)).join(' | ')} |`;
  return [lines[0], rule, ...lines.slice(1)].join('\n');
}

const BEGIN = '<!-- faults: begin -->';
const END = '<!-- faults: end -->';

/** The page with what stands between its markers replaced. */
export function withTable(page: string, table: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`the page has no ${BEGIN} … ${END}`);
  return `${page.slice(0, begin + BEGIN.length)}\n\n${table}\n\n${page.slice(end)}`;
}
