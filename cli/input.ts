import { readFile } from 'node:fs/promises';
import { text as readAll } from 'node:stream/consumers';
import { Failure } from './failure.js';

/** Arguments and options of a command, read with their types. All throw a Failure that names the option only. */
export interface Input {
  /** The argument at a place; undefined: it is not there. */
  arg(index: number): string | undefined;
  /** The same of an argument that Commander has asked for. */
  required(index: number): string;
  /** An option by its camelCase name. */
  text(name: string): string | undefined;
  /** An option that may be repeated. */
  list(name: string): readonly string[];
  flag(name: string): boolean;
  /** A whole number in a range. */
  integer(name: string, min: number, max: number): number | undefined;
  /** One of some words, in any case. */
  word<T extends string>(name: string, words: readonly T[]): T | undefined;
  /** The text of the file that an option names, `-` being standard input. */
  file(name: string): Promise<string | undefined>;
  /** A moment: ISO 8601, or `+10m` from now, with s, m, h or d. */
  time(name: string, now?: number): Date | undefined;
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Reads what Commander has parsed. */
export function createInput(args: readonly unknown[], options: Readonly<Record<string, unknown>>): Input {
  const flagOf = (name: string): string => `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  const wrong = (name: string, rule: string): Failure => new Failure('usage', `${flagOf(name)} must be ${rule}`);
  const arg = (index: number): string | undefined => {
    const value = args[index];
    return typeof value === 'string' ? value : undefined;
  };
  const text = (name: string): string | undefined => {
    const value = options[name];
    return typeof value === 'string' ? value : undefined;
  };

  return {
    arg,
    required(index) {
      const value = arg(index);
      if (value === undefined || value === '') throw new Failure('usage', 'an argument is missing', 'See --help.');
      return value;
    },
    text,
    list(name) {
      const value = options[name];
      return Array.isArray(value) ? value.map(String) : [];
    },
    flag: (name) => options[name] === true,
    integer(name, min, max) {
      const value = text(name);
      if (value === undefined) return undefined;
      const number = Number(value);
      if (/^\d+$/.test(value) && number >= min && number <= max) return number;
      throw wrong(name, `a whole number from ${min} to ${max}`);
    },
    word(name, words) {
      const value = text(name);
      if (value === undefined) return undefined;
      const found = words.find((word) => word.toLowerCase() === value.toLowerCase());
      if (found === undefined) throw wrong(name, `one of ${words.join(', ')}`);
      return found;
    },
    async file(name) {
      const path = text(name);
      if (path === undefined) return undefined;
      if (path === '-') return readAll(process.stdin);
      return readFile(path, 'utf8').catch(() => {
        throw wrong(name, 'a file that can be read, or - for standard input');
      });
    },
    time(name, now = Date.now()) {
      const value = text(name);
      if (value === undefined) return undefined;
      const [, count, unit = ''] = /^\+(\d{1,6})([smhd])$/.exec(value) ?? [];
      const isIso = /^\d{4}-\d{2}-\d{2}/.test(value);
      const time = new Date(count === undefined ? (isIso ? value : '') : now + Number(count) * (UNITS[unit] ?? 0));
      if (Number.isNaN(time.getTime())) throw wrong(name, 'a time such as 2027-01-31T09:00:00Z, or +10m');
      return time;
    },
  };
}
