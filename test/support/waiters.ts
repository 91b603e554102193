/** Waiting for something that happens, without polling: who makes it happen calls `check`. */
export interface Waiters {
  /**
   * Resolves to what `find` returns as soon as that is not undefined: now or at a later `check`. Rejects after
   * `timeoutMs`, and once `end` was called.
   */
  waitFor<T>(find: () => T | undefined, timeoutMs: number): Promise<T>;
  /** Something happened: everyone waiting looks again. */
  check(): void;
  /** Nothing more will happen: everyone waiting, now or later, is rejected with this reason. */
  end(reason: string): void;
}

interface Waiter {
  check(): void;
  fail(reason: string): void;
}

/** `status` tells what did happen; it follows the reason in every error. */
export function createWaiters(status: () => string): Waiters {
  const waiting = new Set<Waiter>();
  let ended: string | undefined;

  return {
    waitFor(find, timeoutMs) {
      return new Promise((resolve, reject) => {
        const finish = () => {
          clearTimeout(timer);
          waiting.delete(waiter);
        };
        const waiter: Waiter = {
          check() {
            const found = find();
            if (found === undefined) return;
            finish();
            resolve(found);
          },
          fail(reason) {
            finish();
            reject(new Error(`${reason}; ${status()}`));
          },
        };
        const timer = setTimeout(() => waiter.fail(`waited ${timeoutMs} ms in vain`), timeoutMs);
        waiting.add(waiter);
        waiter.check();
        if (ended !== undefined && waiting.has(waiter)) waiter.fail(ended);
      });
    },
    check() {
      for (const waiter of waiting) waiter.check();
    },
    end(reason) {
      ended = reason;
      for (const waiter of waiting) waiter.fail(reason);
    },
  };
}
