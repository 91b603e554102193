/**
 * The time by which wakes are due. It does not go back: where the wall clock is set back it goes on from where it was,
 * so that what is due soon stays due soon. Whatever ends for good, as a push does, ends by the wall clock.
 */
export interface DueClock {
  /** Returns the time in milliseconds since the epoch. */
  now(): number;
  /** Returns what a time of the wall clock is by this one. */
  at(wallTime: number): number;
}

/** Milliseconds by which the wall clock and the monotonic one may differ between two looks without a step. */
const STEP_MS = 1000;

/** Returns a clock that begins with the wall clock. */
export function createDueClock(wall: () => number = Date.now, monotonic = () => performance.now()): DueClock {
  let wallBefore = wall();
  let monotonicBefore = monotonic();
  /** Milliseconds that the wall clock was set back by. */
  let ahead = 0;

  function look(): number {
    const [time, steady] = [wall(), monotonic()];
    const step = time - wallBefore - (steady - monotonicBefore);
    if (Math.abs(step) >= STEP_MS) ahead = Math.max(0, ahead - Math.round(step));
    wallBefore = time;
    monotonicBefore = steady;
    return time;
  }

  return {
    now: () => look() + ahead,
    at(wallTime) {
      look();
      return wallTime + ahead;
    },
  };
}
