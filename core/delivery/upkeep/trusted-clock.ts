import type { Logger } from '../../../common/logs/log.js';

/**
 * Time that the wall clock may run ahead of the monotonic one between two looks before it counts as a step, in
 * milliseconds.
 */
const STEP_MS = 60_000;
/** Time that a step forward must last before it is believed, in milliseconds. */
const BELIEVED_AFTER_MS = 600_000;

/**
 * Tells the time by which things end for good: a wall clock that has stepped forward is followed only when it has
 * stayed there for ten minutes. What ends by a clock that is wrong for a moment cannot be brought back.
 *
 * A step back is followed at once: it ends nothing. A step while the process was not running is not seen.
 *
 * @returns the time in milliseconds since the epoch
 */
export function createTrustedClock(options: {
  log: Pick<Logger, 'warn'>;
  now?: () => number;
  monotonic?: () => number;
}): () => number {
  const { log, now = Date.now, monotonic = () => performance.now() } = options;
  /** The wall clock when it was last believed; `monotonicAt` is the other one then. */
  let wallAt = now();
  let monotonicAt = monotonic();
  /** Time at which the wall clock was first seen ahead, by the monotonic one; undefined: it is not. */
  let aheadSince: number | undefined;
  return () => {
    const wall = now();
    const elapsed = monotonic() - monotonicAt;
    const expected = wallAt + elapsed;
    const isAhead = wall > expected + STEP_MS;
    if (isAhead && aheadSince === undefined) {
      aheadSince = monotonic();
      log.warn(
        { stepMs: Math.round(wall - expected) },
        'the clock has stepped forward: nothing expires by it for ten minutes',
      );
    }
    if (isAhead && monotonic() - (aheadSince ?? 0) < BELIEVED_AFTER_MS) return expected;
    aheadSince = undefined;
    wallAt = wall;
    monotonicAt = monotonic();
    return wall;
  };
}
