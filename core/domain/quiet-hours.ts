/** A time of each day in which wakes wait. */
export interface QuietHours {
  /** A name of the IANA database. */
  timeZone: string;
  /** Minutes after midnight by the clocks of the time zone. */
  fromMinute: number;
  /** Not after `fromMinute`: on the next day. The same: never. */
  untilMinute: number;
}

/** The one whose quiet hours they are. */
export type QuietSubject =
  | { readonly kind: 'app' }
  | { readonly kind: 'user'; readonly alias: string }
  | { readonly kind: 'device'; readonly deviceId: string };

/** Quiet hours that are set or removed. */
export interface QuietChange {
  /** The app's number. */
  appNum: number;
  /** The one whose they are. */
  subject: QuietSubject;
  /** Undefined: none from now on. */
  hours: QuietHours | undefined;
}

/** A device as far as its quiet hours are found by it. */
export interface QuietKey {
  /** The app's number. */
  appNum: number;
  /** The device's user. */
  alias: string;
  /** The device's public id. */
  deviceId: string;
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** Clocks that are kept; there are some 600 names. */
const MAX_CLOCKS = 1000;
const clocks = new Map<string, Intl.DateTimeFormat>();

/** Returns true for a name of the IANA database; false for offsets such as `+01:00`, which know of no summer time. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z][\w+/-]*$/.test(name)) return false;
  try {
    clockOf(name);
    return true;
  } catch {
    return false;
  }
}

/**
 * Returns when these quiet hours end, in milliseconds since the epoch; undefined: it is not quiet at `now`. A time that
 * the clocks skip counts as the moment at which they skip it.
 */
export function endOfQuiet({ timeZone, fromMinute, untilMinute }: QuietHours, now: number): number | undefined {
  // Of a zone that this runtime does not know nothing can be told; the wakes of all others must go on.
  if (!isTimeZone(timeZone)) return undefined;
  const clock = clockOf(timeZone);
  const wall = wallTime(clock, now);
  const minute = Math.floor((wall % DAY) / MINUTE);
  const isQuiet =
    fromMinute <= untilMinute
      ? minute >= fromMinute && minute < untilMinute
      : minute >= fromMinute || minute < untilMinute;
  if (!isQuiet) return undefined;
  const midnight = wall - (wall % DAY);
  const end = midnight + untilMinute * MINUTE + (minute < untilMinute ? 0 : DAY);
  return instantOf(clock, end, now, wall - now);
}

/** Returns the first instant after `now` at which the clocks show `wall`, or have skipped it. `offset`: that of now. */
function instantOf(clock: Intl.DateTimeFormat, wall: number, now: number, offset: number): number {
  const straight = wall - offset;
  const shifted = wall - (wallTime(clock, straight) - straight);
  const shown = [straight, shifted].filter((at) => at > now && wallTime(clock, at) === wall);
  if (shown.length > 0) return Math.min(...shown);
  // They are put forward over it: between these two.
  let [before, after] = [Math.min(straight, shifted), Math.max(straight, shifted)];
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (wallTime(clock, middle) < wall) before = middle;
    else after = middle;
  }
  return after;
}

/** Returns the time that clocks show, as if they showed UTC. */
function wallTime(clock: Intl.DateTimeFormat, at: number): number {
  const shown = { year: 0, month: 1, day: 1, hour: 0, minute: 0, second: 0 };
  for (const { type, value } of clock.formatToParts(at))
    if (type in shown) Object.assign(shown, { [type]: Number(value) });
  const { year, month, day, hour, minute, second } = shown;
  // Of years before 1970 and after 9999 nobody is woken.
  return Date.UTC(year, month - 1, day, hour, minute, second) + (at % 1000);
}

/** @throws RangeError for what is no time zone */
function clockOf(timeZone: string): Intl.DateTimeFormat {
  let clock = clocks.get(timeZone);
  if (clock === undefined) {
    clock = new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    if (clocks.size >= MAX_CLOCKS) clocks.clear();
    clocks.set(timeZone, clock);
  }
  return clock;
}
