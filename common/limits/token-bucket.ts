/**
 * A token bucket as one number: the time at which it is full again, in milliseconds of a clock that never runs
 * backwards. A full bucket holds what its rate brings in `BURST_MS`, so a bucket stays right when its rate is changed.
 * Taking may leave a debt, of at most what the rate brings in `MAX_DEBT_MS`: who asks for much is served, and waits
 * afterwards. Hot: some additions, about 10 ns.
 */

/** Milliseconds of its rate that a full bucket holds. */
const BURST_MS = 10_000;
/** Milliseconds of its rate that a bucket may be in debt. */
const MAX_DEBT_MS = 60_000;
/** Fractions of a millisecond that sums of fractions are wrong by. */
const ROUNDING_MS = 1e-6;

/** Returns the milliseconds until a bucket has a whole token; 0: it has one. */
export function waitMs(fullAt: number, perSecond: number, now: number): number {
  const wait = fullAt - now - BURST_MS + 1000 / perSecond;
  return wait > ROUNDING_MS ? wait : 0;
}

/** Returns when a bucket is full again after so many tokens are taken, or given back if that is less than 0. */
export function fullAtAfter(fullAt: number, tokens: number, perSecond: number, now: number): number {
  const deficit = Math.max(0, fullAt - now) + (tokens * 1000) / perSecond;
  return now + Math.min(Math.max(0, deficit), BURST_MS + MAX_DEBT_MS);
}

/** Returns a clock that stands still while the one that it reads is behind where it was. `Date.now` costs least. */
export function createForwardClock(read: () => number = Date.now): () => number {
  let last = read();
  let behind = 0;
  return () => {
    const time = read();
    if (time < last) behind += last - time;
    last = time;
    return time + behind;
  };
}
