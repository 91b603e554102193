/** A rate on average, with bursts of up to what one second brings. */
export interface TokenBucket {
  /** Takes one token; false: there is none now. */
  take(): boolean;
  /** Returns the number of tokens that there are now. */
  available(): number;
  /** Returns the milliseconds until there is a token; 0: there is one. */
  waitMs(): number;
}

/** Returns a full bucket. @param perSecond tokens that come in a second; may be less than 1 */
export function createTokenBucket(perSecond: number): TokenBucket {
  const capacity = Math.max(1, perSecond);
  let tokens = capacity;
  let at = performance.now();

  function available(): number {
    const now = performance.now();
    tokens = Math.min(capacity, tokens + ((now - at) / 1000) * perSecond);
    at = now;
    return tokens;
  }

  return {
    available,
    take() {
      if (available() < 1) return false;
      tokens--;
      return true;
    },
    waitMs: () => Math.max(0, Math.ceil(((1 - available()) / perSecond) * 1000)),
  };
}
