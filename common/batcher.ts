/**
 * Gathers items while a batch is being handled: batches grow by themselves under load, and a lone item waits for
 * nothing.
 */
export interface Batcher<T> {
  /** Adds an item to the next batch. */
  add(item: T): void;
}

/**
 * @param max the most items a batch has
 * @param handle is never called again before it has resolved; must not reject
 */
export function createBatcher<T>(max: number, handle: (items: T[]) => Promise<void>): Batcher<T> {
  let waiting: T[] = [];
  let running = false;
  async function run(): Promise<void> {
    while (waiting.length > 0) {
      const items = waiting.length <= max ? waiting : waiting.slice(0, max);
      waiting = waiting.length <= max ? [] : waiting.slice(max);
      await handle(items);
      // Where handling never leaves this turn of the loop (SQLite), everything else would wait until nothing is waiting
      // here.
      if (waiting.length > 0) await new Promise((resolve) => setImmediate(resolve));
    }
    running = false;
  }
  return {
    add(item) {
      waiting.push(item);
      if (running) return;
      running = true;
      // After this turn: what arrives together is handled together.
      setImmediate(run);
    },
  };
}
