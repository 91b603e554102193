/**
 * A queue that takes from its apps in turn, so that one that sends very much does not keep the others waiting. First
 * in, first out within an app.
 */
export interface FairQueue<T> {
  /** Adds an item behind those of its app. */
  add(app: number, item: T): void;
  /** Items that have been taken go back to the front, in their order. */
  putBack(items: readonly { app: number; item: T }[]): void;
  /** Takes items as long as `wanted` says so. */
  take(wanted: (item: T) => boolean): T[];
  /** Takes out what comes first of each app, as long as `over` says so. */
  drop(over: (item: T) => boolean): T[];
  /** Number of items of all apps. */
  size(): number;
  /** Number of items of one app. */
  sizeOf(app: number): number;
}

/** Number of items of one app that are taken before it is the next one's turn. */
const QUANTUM = 32;

/** Returns an empty queue. */
export function createFairQueue<T>(): FairQueue<T> {
  /** In the order of their turns. What is before the head has been taken. */
  const apps = new Map<number, { items: T[]; head: number }>();
  let size = 0;

  function queueOf(app: number): { items: T[]; head: number } {
    let queue = apps.get(app);
    if (queue === undefined) {
      queue = { items: [], head: 0 };
      apps.set(app, queue);
    }
    return queue;
  }

  /** Takes up to `most` items while `wanted`; answers whether it could have gone on. */
  function takeFrom(
    queue: { items: T[]; head: number },
    most: number,
    wanted: (item: T) => boolean,
    into: T[],
  ): boolean {
    for (let count = 0; count < most; count++) {
      const item = queue.items[queue.head];
      if (item === undefined) return true;
      if (!wanted(item)) return false;
      into.push(item);
      queue.head++;
      size--;
    }
    return true;
  }

  return {
    add(app, item) {
      queueOf(app).items.push(item);
      size++;
    },
    putBack(items) {
      for (const { app, item } of items.toReversed()) {
        const queue = queueOf(app);
        if (queue.head > 0) queue.items[--queue.head] = item;
        else queue.items.unshift(item);
        size++;
      }
    },
    take(wanted) {
      const taken: T[] = [];
      // An app that has had its turn goes to the end, so this loop comes to it again.
      for (const [app, queue] of apps) {
        const before = taken.length;
        const goOn = takeFrom(queue, QUANTUM, wanted, taken);
        // Nothing of it was wanted: its turn is still to come.
        if (!goOn && taken.length === before) break;
        apps.delete(app);
        if (queue.head < queue.items.length) {
          if (queue.head > 1024 && queue.head * 2 > queue.items.length) {
            queue.items = queue.items.slice(queue.head);
            queue.head = 0;
          }
          apps.set(app, queue);
        }
        if (!goOn) break;
      }
      return taken;
    },
    drop(over) {
      const dropped: T[] = [];
      for (const [app, queue] of apps) {
        takeFrom(queue, queue.items.length, over, dropped);
        if (queue.head >= queue.items.length) apps.delete(app);
      }
      return dropped;
    },
    size: () => size,
    sizeOf(app) {
      const queue = apps.get(app);
      return queue === undefined ? 0 : queue.items.length - queue.head;
    },
  };
}
