import { CORES, PER_MILLISECOND, SEQUENCES } from '../../common/push-id.js';

/** 2025-01-01T00:00:00Z: the zero of the clock, so that 41 bits of milliseconds last until 2094. */
const EPOCH = 1_735_689_600_000;

/**
 * Gives out ids that grow, are unique across cores without a round trip, and tell the time: 41 bits of milliseconds, 6
 * of the core's number, 6 of sequence, so they fit a JavaScript number. A burst of more than 64 a millisecond runs
 * ahead of the clock, and a clock that steps back is not followed.
 */
export interface IdClock {
  /** The next id. */
  next(): number;
  /** The last id given out, or what stands for it at first. Nothing at or below it will be given out. */
  last(): number;
}

/** @param floor the highest id in use, or 0 */
export function createIdClock(core: number, floor: number, now: () => number = Date.now): IdClock {
  let millisecond = Math.max(Math.floor(floor / PER_MILLISECOND), now() - EPOCH - 1);
  let sequence = SEQUENCES - 1;
  let last = toId(millisecond, core, sequence);
  return {
    next() {
      const current = now() - EPOCH;
      if (current > millisecond) {
        millisecond = current;
        sequence = 0;
      } else if (++sequence >= SEQUENCES) {
        millisecond++;
        sequence = 0;
      }
      last = toId(millisecond, core, sequence);
      return last;
    },
    last: () => last,
  };
}

/**
 * The lowest id that any core can give out at a time, in milliseconds since 1970; below it there is none but of an
 * earlier time.
 */
export function firstIdAt(time: number): number {
  return toId(Math.max(0, time - EPOCH), 0, 0);
}

function toId(millisecond: number, core: number, sequence: number): number {
  return (millisecond * CORES + core) * SEQUENCES + sequence;
}
