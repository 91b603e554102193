/** Things that come at their own times, and are asked for one by one. */
export interface Arrivals<T> {
  /** Something has come. */
  push(item: T): void;
  /** Returns the next one, or undefined if none comes in time. */
  next(withinMs: number): Promise<T | undefined>;
  /** Forgets those that nobody has asked for. */
  clear(): void;
}

/** Returns arrivals of which none has come. */
export function createArrivals<T>(): Arrivals<T> {
  let waiting: T[] = [];
  const askers: ((item: T) => void)[] = [];
  return {
    push(item) {
      const asker = askers.shift();
      if (asker === undefined) waiting.push(item);
      else asker(item);
    },
    next(withinMs) {
      const item = waiting.shift();
      if (item !== undefined) return Promise.resolve(item);
      return new Promise((resolve) => {
        const timer = setTimeout(() => {
          askers.splice(askers.indexOf(take), 1);
          resolve(undefined);
        }, withinMs);
        // The server keeps the process, as long as it listens.
        timer.unref();
        function take(come: T): void {
          clearTimeout(timer);
          resolve(come);
        }
        askers.push(take);
      });
    },
    clear() {
      waiting = [];
    },
  };
}
