/** Milliseconds by which the clocks may differ and count as the same: a server tells its time in whole seconds. */
const TOLERANCE_MS = 5000;

let offsetMs = 0;

/** Notes the time that the server tells with each answer. Undefined: with this one it does not. */
export function noteServerTime(date: string | undefined): void {
  const time = Date.parse(date ?? '');
  if (Number.isNaN(time)) return;
  const difference = time - Date.now();
  offsetMs = Math.abs(difference) < TOLERANCE_MS ? 0 : difference;
}

/** Returns the time by the server's clock, in milliseconds since 1970: that of the computer may be wrong. */
export function serverNow(): number {
  return Date.now() + offsetMs;
}
