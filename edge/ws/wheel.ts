/** Items that are looked at some ticks later. There is one timer for all of them, and none while there are no items. */
export interface Wheel<T> {
  /** The number of ticks so far; it stands still while there are no items. */
  now(): number;
  /** Looks at an item at tick `at`, which is one of the next `MAX_AHEAD`. */
  add(item: T, at: number): void;
  /** Looks at nothing any more. */
  stop(): void;
}

/** An item is looked at so many ticks from now at the latest. */
export const MAX_AHEAD = 15;
const SLOTS = MAX_AHEAD + 1;
/** A process that stood still makes up for no more than this: what came meanwhile is still to be read. */
const MAX_TICKS_AT_ONCE = 3;
/** Some milliseconds' worth: then something else has its turn. */
const ITEMS_PER_TURN = 512;

/** Returns a wheel without items. */
export function createWheel<T>(options: { tickMs: number; look: (item: T) => void }): Wheel<T> {
  const { tickMs, look } = options;
  const slots: T[][] = Array.from({ length: SLOTS }, () => []);
  let tick = 0;
  let count = 0;
  let timer: NodeJS.Timeout | undefined;
  let tickedAt = 0;
  /** Items that are due, and from which of the first list on. */
  let due: T[][] = [];
  let from = 0;
  let next: NodeJS.Immediate | undefined;

  function turn(): void {
    const passed = Math.floor((performance.now() - tickedAt) / tickMs);
    tickedAt = performance.now();
    for (let left = Math.min(Math.max(1, passed), MAX_TICKS_AT_ONCE); left > 0; left--) {
      tick++;
      const items = slots[tick % SLOTS];
      if (items === undefined || items.length === 0) continue;
      slots[tick % SLOTS] = [];
      due.push(items);
    }
    if (next === undefined) work();
  }

  function work(): void {
    next = undefined;
    for (let left = ITEMS_PER_TURN; left > 0; left--) {
      const item = due[0]?.[from++];
      if (item !== undefined) {
        count--;
        look(item);
        continue;
      }
      from = 0;
      if (due.shift() === undefined) break;
    }
    if (due.length > 0) next = setImmediate(work);
    else if (count === 0) pause();
  }

  function pause(): void {
    clearInterval(timer);
    timer = undefined;
  }

  return {
    now: () => tick,
    add(item, at) {
      slots[at % SLOTS]?.push(item);
      count++;
      if (timer !== undefined) return;
      tickedAt = performance.now();
      timer = setInterval(turn, tickMs);
    },
    stop() {
      pause();
      if (next !== undefined) clearImmediate(next);
      due = [];
      next = undefined;
    },
  };
}
