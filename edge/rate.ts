/** So much a second, with a burst after a pause. */
export interface Rate {
  /** Returns whether one more is within the rate; then it counts. */
  take(): boolean;
}

/** @param burst how many may come at once after a pause */
export function createRate(options: { perSecond: number; burst: number; now?: () => number }): Rate {
  const { perSecond, burst, now = () => performance.now() } = options;
  let left = burst;
  let at = now();
  return {
    take() {
      const time = now();
      left = Math.min(burst, left + ((time - at) * perSecond) / 1000);
      at = time;
      if (left < 1) return false;
      left--;
      return true;
    },
  };
}
