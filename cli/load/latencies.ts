/** Times that were measured, each known to a hundredth of itself. */
export interface Latencies {
  add(ms: number): void;
  /** The time that a part of them, from 0 to 1, does not exceed; 0 where there are none. */
  percentile(part: number): number;
  readonly count: number;
  readonly max: number;
}

const STEP = 1.01;
const LEAST_MS = 0.01;

/** Returns an empty collection: its size does not depend on how much it is given. */
export function createLatencies(): Latencies {
  const buckets = new Map<number, number>();
  let [count, max] = [0, 0];
  return {
    add(ms) {
      const bucket = Math.ceil(Math.log(Math.max(ms, LEAST_MS) / LEAST_MS) / Math.log(STEP));
      buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1);
      count++;
      max = Math.max(max, ms);
    },
    percentile(part) {
      let left = Math.ceil(count * part);
      for (const bucket of [...buckets.keys()].toSorted((one, other) => one - other)) {
        left -= buckets.get(bucket) ?? 0;
        if (left <= 0) return Math.min(max, LEAST_MS * STEP ** bucket);
      }
      return max;
    },
    get count() {
      return count;
    },
    get max() {
      return max;
    },
  };
}
