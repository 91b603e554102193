const INSTANT = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(\.\d{1,9})?)?(?:Z|([+-])(\d\d):?(\d\d))$/i;
const MINUTE_MS = 60_000;

/**
 * Returns a moment in RFC 3339, with its zone, in milliseconds since the epoch; undefined: it is none. Java's older
 * formats leave out the colon of the zone, and the seconds. A leap second is the first of the next minute. A day that
 * its month does not have is none, where Date.parse takes one of the next month; nor is the year 0, which Protobuf does
 * not have.
 */
export function parseInstant(text: string): number | undefined {
  const match = INSTANT.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  const [sign, zoneHour = 0, zoneMinute = 0] = [match[8], Number(match[9] ?? 0), Number(match[10] ?? 0)];
  if (year === 0 || hour > 23 || minute > 59 || second > 60 || zoneHour > 23 || zoneMinute > 59) return undefined;
  const date = new Date(0);
  // Not Date.UTC: it takes the years 0 to 99 for others.
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  date.setUTCHours(hour, minute, second, Math.trunc(Number(`0${match[7] ?? ''}`) * 1000));
  const ahead = (zoneHour * 60 + zoneMinute) * MINUTE_MS;
  return date.getTime() - (sign === '-' ? -ahead : ahead);
}
