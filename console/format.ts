import { type Timestamp, timestampDate, timestampFromDate, timestampMs } from '@bufbuild/protobuf/wkt';
import type { ErrorDetail } from '../gen/onepush/v1/error_pb.js';
import { serverNow } from './clock.js';
import { CallError } from './rpc.js';
import { reasonInChinese } from './texts/errors-zh.js';
import { language, t } from './texts/index.js';

const LOCALE = language() === 'zh' ? 'zh-CN' : 'en-GB';
const TIME = new Intl.DateTimeFormat(LOCALE, { dateStyle: 'medium', timeStyle: 'medium' });
const EXACT = new Intl.DateTimeFormat(LOCALE, { dateStyle: 'full', timeStyle: 'long' });
const AGO = new Intl.RelativeTimeFormat(LOCALE, { numeric: 'auto' });
const NUMBER = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 1 });

/** Returns a time in words. */
export function timeOf(time: Timestamp | undefined): string {
  return time === undefined ? '–' : TIME.format(timestampDate(time));
}

/** Returns a time in words, with the day of the week and the time zone. */
export function exactTimeOf(time: Timestamp): string {
  return EXACT.format(timestampDate(time));
}

const UNITS = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
] as const;

/** Returns how long ago a time was, or how long it is until then. */
export function agoOf(time: Timestamp): string {
  const seconds = (timestampMs(time) - serverNow()) / 1000;
  const [unit, size] = UNITS.find(([, each]) => Math.abs(seconds) >= each) ?? ['second', 1];
  return AGO.format(Math.trunc(seconds / size), unit);
}

/** Returns the time that is in a field; undefined: it is empty. @throws Error with words for people */
export function toTime(text: string): Timestamp | undefined {
  if (text === '') return undefined;
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) throw new Error(t('noTime'));
  return timestampFromDate(time);
}

/** Returns a number as people write it. */
export function numberOf(value: number): string {
  return NUMBER.format(value);
}

/** Returns a duration in its two largest units. */
export function durationOf(seconds: number): string {
  const units = [
    [86_400, t('days')],
    [3600, t('hours')],
    [60, t('minutes')],
    [1, t('seconds')],
  ] as const;
  const at = Math.max(
    0,
    units.findIndex(([size]) => seconds >= size),
  );
  let left = seconds;
  return units
    .slice(at, at + 2)
    .map(([size, name]) => {
      const count = Math.floor(left / size);
      left -= count * size;
      return `${count} ${name}`;
    })
    .join(' ');
}

/** Returns what went wrong, in words. */
export function messageOf(error: unknown): string {
  if (error instanceof CallError && error.code === 'unreachable') return t('unreachable');
  if (error instanceof CallError && error.detail !== undefined && language() === 'zh') return inChinese(error.detail);
  return error instanceof Error && error.message !== '' ? error.message : t('failed');
}

/** The rules of fields are in English: their words are those of the protocol. */
function inChinese({ reason, limit, violations }: ErrorDetail): string {
  const parts = [reasonInChinese(reason), limit];
  parts.push(violations.map(({ field, rule }) => `${field} ${rule}`).join('; '));
  return parts.filter((part) => part !== '').join('：');
}
