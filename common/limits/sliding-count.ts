/**
 * A number of events in a window of time that slides. It is kept in windows that do not: of the one before the present,
 * as much counts as the sliding window still covers, as if its events had been spread evenly. Hot: two comparisons.
 */
export interface SlidingCount {
  /** The number of the present window. */
  window: number;
  /** Events in it. */
  current: number;
  /** Events in the one before. */
  previous: number;
}

/** Returns a count of nothing. */
export function createSlidingCount(): SlidingCount {
  return { window: 0, current: 0, previous: 0 };
}

/** Counts events, or takes some back. */
export function count(sliding: SlidingCount, events: number, windowMs: number, now: number): void {
  advance(sliding, Math.floor(now / windowMs));
  sliding.current += events;
}

/** Returns about how many events there were in the last window. */
export function countedIn(sliding: SlidingCount, windowMs: number, now: number): number {
  advance(sliding, Math.floor(now / windowMs));
  const covered = 1 - (now % windowMs) / windowMs;
  return Math.max(0, sliding.current + sliding.previous * covered);
}

function advance(sliding: SlidingCount, window: number): void {
  if (window === sliding.window) return;
  sliding.previous = window === sliding.window + 1 ? sliding.current : 0;
  sliding.current = 0;
  sliding.window = window;
}
