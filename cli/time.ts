import { type Timestamp, timestampDate } from '@bufbuild/protobuf/wkt';

/** A time as ISO 8601, to the second; undefined where there is none. */
export function toIso(time: Timestamp | undefined): string | undefined {
  return time === undefined
    ? undefined
    : timestampDate(time)
        .toISOString()
        .replace(/\.\d+Z$/, 'Z');
}

/** The same for a column of a table; `-` where there is none. */
export function showTime(time: Timestamp | undefined): string {
  return toIso(time) ?? '-';
}
