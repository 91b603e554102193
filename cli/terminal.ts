import type { Environment } from '../common/settings/env.js';

/** Colours that words may have. */
export type Colour = 'red' | 'green' | 'yellow' | 'bold' | 'dim';

const CODES: Readonly<Record<Colour, readonly [number, number]>> = {
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  bold: [1, 22],
  dim: [2, 22],
};

/** Outputs of a command: results to standard output, what is only for the eyes of people to standard error. */
export interface Terminal {
  readonly isJson: boolean;
  /** A result, and a line break. */
  out(text: string): void;
  /** A remark, and a line break; nothing with `--json`. */
  note(text: string): void;
  /** Colours a word, where standard output is a terminal and NO_COLOR is not set. */
  paint(colour: Colour, text: string): string;
  /** Shows how far long work is, in the place of what was shown before; nothing where standard error is no terminal. */
  progress(done: number, text: string): void;
  /** Takes the progress away. */
  endProgress(): void;
}

const BAR = 24;

/** Returns the bar of a part, from 0 to 1. */
export function formatBar(done: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, done)) * BAR);
  return `[${'#'.repeat(filled)}${'.'.repeat(BAR - filled)}]`;
}

/** Makes the terminal of this process. */
export function createTerminal(env: Environment, isJson: boolean): Terminal {
  const { stdout, stderr } = process;
  const isColoured = stdout.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
  let shown = false;
  const endProgress = (): void => {
    if (shown) stderr.write('\r\x1b[K');
    shown = false;
  };
  return {
    isJson,
    out(text) {
      endProgress();
      stdout.write(`${text}\n`);
    },
    note(text) {
      if (isJson) return;
      endProgress();
      stderr.write(`${text}\n`);
    },
    paint(colour, text) {
      const [on, off] = CODES[colour];
      return isColoured ? `\x1b[${on}m${text}\x1b[${off}m` : text;
    },
    progress(done, text) {
      if (stderr.isTTY !== true || env.TERM === 'dumb') return;
      shown = true;
      const line = `${formatBar(done)} ${text}`.slice(0, (stderr.columns || 80) - 1);
      stderr.write(`\r${line}\x1b[K`);
    },
    endProgress,
  };
}

/** Shows what others wrote so that it cannot steer a terminal: no control characters, and nothing that turns text. */
export function plain(text: string): string {
  return text.replaceAll(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, '\ufffd');
}

/** Formats rows in columns, with a head; `none` is said where there are no rows. */
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[], none: string): string {
  if (rows.length === 0) return none;
  const cells = [head, ...rows.map((row) => row.map(plain))];
  const widths = head.map((_, column) => Math.max(...cells.map((row) => widthOf(row[column] ?? ''))));
  return cells
    .map((row) => row.map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell))))
    .map((row) => row.join('  ').trimEnd())
    .join('\n');
}

/** Columns of a text: East Asian characters take two. */
function widthOf(text: string): number {
  let width = 0;
  for (const character of text)
    width += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60]/.test(character) ? 2 : 1;
  return width;
}
