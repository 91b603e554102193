import { createForwardClock, fullAtAfter, waitMs } from './token-bucket.js';

/**
 * A token bucket for each key, all of one rate. Memory is bounded: a bucket that is full again is as good as none, and
 * only such are forgotten. While there is room for no more, further keys share one bucket; so nobody empties his own by
 * coming under many other keys.
 */
export interface KeyedBuckets {
  /** Takes a token. Returns 0; else nothing is taken, and there is one after so many milliseconds. */
  take(key: string): number;
  /** Returns the milliseconds until there is a token; 0: there is one. */
  waitMs(key: string): number;
  /** Takes a token, be it a debt. */
  charge(key: string): void;
  /** Number of buckets that are remembered. */
  size(): number;
}

/** Buckets that are looked at for one that is full, when there is no room. */
const LOOKS = 16;
/** The shared bucket has the rate of so many. */
const SHARED = 100;
/** No key. */
const SHARED_KEY = '';

/** Returns full buckets. */
export function createKeyedBuckets(options: {
  perSecond: number;
  /** Number of buckets that are remembered; about 100 bytes each. */
  maxKeys: number;
  now?: () => number;
}): KeyedBuckets {
  const { perSecond, maxKeys } = options;
  const now = createForwardClock(options.now);
  /** Times at which they are full again; those that were looked at longest ago come first. */
  const fullAt = new Map<string, number>();

  /** Makes room by forgetting what is full. Costs the same however many there are. */
  function hasRoom(time: number): boolean {
    if (fullAt.size < maxKeys) return true;
    let looks = LOOKS;
    for (const [key, at] of fullAt) {
      fullAt.delete(key);
      if (at <= time) return true;
      // Behind all others: the next look is at those after it.
      fullAt.set(key, at);
      if (--looks === 0) return false;
    }
    return false;
  }

  function bucketOf(key: string, time: number): { key: string; rate: number; at: number } {
    const at = fullAt.get(key);
    if (at !== undefined) return { key, rate: perSecond, at };
    if (hasRoom(time)) return { key, rate: perSecond, at: time };
    return { key: SHARED_KEY, rate: perSecond * SHARED, at: fullAt.get(SHARED_KEY) ?? time };
  }

  function change(key: string, isForced: boolean): number {
    const time = now();
    const bucket = bucketOf(key, time);
    const wait = isForced ? 0 : waitMs(bucket.at, bucket.rate, time);
    if (wait === 0) fullAt.set(bucket.key, fullAtAfter(bucket.at, 1, bucket.rate, time));
    return wait;
  }

  return {
    take: (key) => change(key, false),
    charge: (key) => void change(key, true),
    waitMs(key) {
      const at = fullAt.get(key);
      return at === undefined ? 0 : waitMs(at, perSecond, now());
    },
    size: () => fullAt.size,
  };
}
