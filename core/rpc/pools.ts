/** Counts what calls hold that are not over, and has room for so much of it. */
export interface Pool {
  /** Lets a call in; false if too many are. */
  enter(): boolean;
  /** A call that was let in is over. */
  leave(): void;
  /** Holds bytes of a request that is not whole; false if that would be too much, and none are held then. */
  hold(bytes: number): boolean;
  /** Gives back what was taken. */
  release(bytes: number): void;
}

/** Returns an empty pool. */
function createPool(maxCalls: number, maxBytes: number): Pool {
  let calls = 0;
  let held = 0;
  return {
    enter() {
      if (calls >= maxCalls) return false;
      calls++;
      return true;
    },
    leave() {
      calls--;
    },
    hold(bytes) {
      if (held + bytes > maxBytes) return false;
      held += bytes;
      return true;
    },
    release(bytes) {
      held -= bytes;
    },
  };
}

/** Strangers and callers have pools of their own: the one cannot take the room of the other. */
export interface Pools {
  /** For calls without credentials. */
  strangers: Pool;
  /** For calls of whoever has shown a key. */
  callers: Pool;
}

/** Bytes of a request that are not counted against a pool: a small one never waits for room. */
export const FREE_BYTES = 16 * 1024;

/** Makes the pools of a core, for all its ports together. An open call costs some 20 KB. */
export function createPools(): Pools {
  return { strangers: createPool(1000, 16 * 1024 * 1024), callers: createPool(10_000, 64 * 1024 * 1024) };
}
