/** A stamp is a time of `micros()` in an alert, in so many digits: `"alert":"0000000000000000 …"`. */
export const STAMP_DIGITS = 16;
export const NO_STAMP = '0'.repeat(STAMP_DIGITS);
const BEFORE = '"alert":"';

/** Where the stamp is in a request's or a frame's JSON; negative where there is none. */
export function findStamp(buffer: Buffer, from: number): number {
  const at = buffer.indexOf(BEFORE, from, 'latin1');
  return at < 0 ? at : at + BEFORE.length;
}

export function readStamp(buffer: Buffer, at: number): number {
  let value = 0;
  for (let index = at; index < at + STAMP_DIGITS; index++) value = value * 10 + (buffer[index] ?? 48) - 48;
  return value;
}

export function writeStamp(buffer: Buffer, at: number, value: number): void {
  buffer.write(String(value).padStart(STAMP_DIGITS, '0'), at, 'latin1');
}
