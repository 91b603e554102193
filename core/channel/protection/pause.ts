/** The time for which a vendor wants to be left alone. */
export interface Pause {
  /** Begins one, or makes the one that is under way longer; undefined: the vendor has not said for how long. */
  begin(afterMs: number | undefined): void;
  /** The vendor takes messages: the next pause is a short one again. */
  ended(): void;
  /** Returns what is left of it, in milliseconds; 0: there is none. */
  leftMs(): number;
}

/** Longest pause that is obeyed: whatever a vendor says, it is asked once a day. */
const MAX_MS = 24 * 3_600_000;
/** Pauses that nobody asked for, in milliseconds: up to so long at first, doubled up to the most. */
const FIRST_MS = 2000;
const MOST_MS = 5 * 60_000;
const LEAST_MS = 500;

/** @param random a number from 0 to 1 */
export function createPause(random: () => number): Pause {
  let until = 0;
  let count = 0;
  return {
    begin(afterMs) {
      const now = performance.now();
      // Those that were under way when it began are no reason for a longer one.
      const isFresh = now >= until;
      if (afterMs !== undefined && afterMs > 0) until = Math.max(until, now + Math.min(afterMs, MAX_MS));
      else if (isFresh) until = now + Math.max(LEAST_MS, random() * Math.min(MOST_MS, FIRST_MS * 2 ** count));
      if (isFresh) count = Math.min(count + 1, 20);
    },
    ended() {
      count = 0;
    },
    leftMs: () => Math.max(0, Math.ceil(until - performance.now())),
  };
}
