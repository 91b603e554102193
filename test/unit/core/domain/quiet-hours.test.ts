import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { endOfQuiet, isTimeZone } from '../../../../core/domain/quiet-hours.js';

const at = (time: string): number => Date.parse(time);
const clock = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
function endOf(timeZone: string, hours: string, now: string): string | undefined {
  const [from = '', until = ''] = hours.split('-');
  const end = endOfQuiet({ timeZone, fromMinute: clock(from), untilMinute: clock(until) }, at(now));
  return end === undefined ? undefined : new Date(end).toISOString().replace('.000Z', 'Z');
}

describe('quiet hours', () => {
  it.each([
    // Over midnight.
    ['UTC', '22:00-07:00', '2026-01-10T21:59:59.999Z', undefined],
    ['UTC', '22:00-07:00', '2026-01-10T22:00:00Z', '2026-01-11T07:00:00Z'],
    ['UTC', '22:00-07:00', '2026-01-10T23:59:59.999Z', '2026-01-11T07:00:00Z'],
    ['UTC', '22:00-07:00', '2026-01-11T06:59:59.999Z', '2026-01-11T07:00:00Z'],
    ['UTC', '22:00-07:00', '2026-01-11T07:00:00Z', undefined],
    // Within a day, to its end, and never.
    ['UTC', '12:30-14:00', '2026-01-10T13:15:30Z', '2026-01-10T14:00:00Z'],
    ['UTC', '12:30-14:00', '2026-01-10T12:29:59Z', undefined],
    ['UTC', '20:00-00:00', '2026-12-31T20:00:00Z', '2027-01-01T00:00:00Z'],
    ['UTC', '00:00-23:59', '2026-01-10T23:59:00Z', undefined],
    ['UTC', '09:00-09:00', '2026-01-10T09:00:00Z', undefined],
    // By the clocks of the zone, of half and quarter hours too.
    ['Asia/Shanghai', '22:00-07:00', '2026-01-10T14:00:00Z', '2026-01-10T23:00:00Z'],
    ['Asia/Kathmandu', '22:00-07:00', '2026-01-10T16:15:00Z', '2026-01-11T01:15:00Z'],
    ['America/Los_Angeles', '22:00-07:00', '2026-01-11T05:59:00Z', undefined],
    ['America/Los_Angeles', '22:00-07:00', '2026-01-11T06:00:00Z', '2026-01-11T15:00:00Z'],
    ['Pacific/Kiritimati', '22:00-07:00', '2026-01-10T08:00:00Z', '2026-01-10T17:00:00Z'],
    // The night that clocks are put forward at 2, and the one that they are put back at 3.
    ['Europe/Berlin', '22:00-07:00', '2026-03-28T22:00:00Z', '2026-03-29T05:00:00Z'],
    ['Europe/Berlin', '22:00-07:00', '2026-10-24T21:00:00Z', '2026-10-25T06:00:00Z'],
    // An end that the clocks skip, and one that they show twice.
    ['Europe/Berlin', '22:00-02:30', '2026-03-28T23:00:00Z', '2026-03-29T01:00:00Z'],
    ['Europe/Berlin', '22:00-02:30', '2026-10-24T22:00:00Z', '2026-10-25T00:30:00Z'],
    ['Europe/Berlin', '22:00-02:30', '2026-10-25T01:10:00Z', '2026-10-25T01:30:00Z'],
    // A beginning that they skip; clocks that are put forward by half an hour, and over midnight.
    ['Europe/Berlin', '02:30-06:00', '2026-03-29T01:00:00Z', '2026-03-29T04:00:00Z'],
    ['Australia/Lord_Howe', '01:00-02:15', '2026-10-03T14:45:00Z', '2026-10-03T15:30:00Z'],
    ['Africa/Cairo', '22:00-00:30', '2026-04-23T21:00:00Z', '2026-04-23T22:00:00Z'],
  ])('in %s of %s end, from %s on, at %s', (timeZone, hours, now, end) => {
    expect(endOf(timeZone, hours, now)).toBe(end);
  });

  it('end in the future, within a day and the hours that clocks are moved by, and are over then', () => {
    const zones = [
      'UTC',
      'Europe/Berlin',
      'America/St_Johns',
      'Australia/Lord_Howe',
      'Africa/Casablanca',
      'Asia/Kolkata',
    ];
    const minute = fc.integer({ min: 0, max: 1439 });
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        minute,
        minute,
        fc.integer({ min: at('2025-01-01T00:00:00Z'), max: at('2028-01-01T00:00:00Z') }),
        (timeZone, fromMinute, untilMinute, now) => {
          const quiet = { timeZone, fromMinute, untilMinute };
          const end = endOfQuiet(quiet, now);
          if (end === undefined) return;
          expect(end).toBeGreaterThan(now);
          expect(end - now).toBeLessThanOrEqual(25 * 3_600_000);
          expect(endOfQuiet(quiet, end)).toBeUndefined();
        },
      ),
      { numRuns: 300, seed: 15 },
    );
  });
});

describe('a time zone', () => {
  it.each(['UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires', 'Etc/GMT+5'])('may be %s', (name) => {
    expect(isTimeZone(name)).toBe(true);
  });
  it.each(['', 'Europe/Nowhere', 'Mars/Phobos', '+01:00', 'UTC ', 'a\nb', '__proto__', 'x'.repeat(1000)])(
    'may not be %j',
    (name) => {
      expect(isTimeZone(name)).toBe(false);
    },
  );

  it('are none in a time zone that the runtime does not know any more', () => {
    expect(endOfQuiet({ timeZone: 'Mars/Olympus', fromMinute: 0, untilMinute: 1439 }, Date.now())).toBeUndefined();
  });
});
