import { cancelled, noTimeLeft } from './errors.js';

/** So many at a time; others wait for their turn, in the order in which they came. */
export interface Semaphore {
  /**
   * Resolves when it is the caller's turn, with what ends it, to be called once.
   *
   * @throws CallError DEADLINE_EXCEEDED after `timeoutMs`, CANCELLED when the signal is aborted before
   */
  take(timeoutMs: number, signal: AbortSignal | undefined): Promise<() => void>;
}

/** @param limit how many at a time; Infinity: nobody waits */
export function createSemaphore(limit: number): Semaphore {
  let taken = 0;
  // Sets keep the order in which they were added to.
  const waiting = new Set<() => void>();

  function end(): void {
    const [next] = waiting;
    if (next === undefined) taken--;
    else next();
  }

  function wait(timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        waiting.delete(go);
        clearTimeout(timer);
        signal?.removeEventListener('abort', cancel);
      };
      const go = (): void => {
        leave();
        resolve();
      };
      const cancel = (): void => {
        leave();
        reject(cancelled(false));
      };
      const timer = setTimeout(() => {
        leave();
        reject(noTimeLeft());
      }, timeoutMs);
      signal?.addEventListener('abort', cancel);
      waiting.add(go);
    });
  }

  return {
    async take(timeoutMs, signal) {
      if (signal?.aborted) throw cancelled(false);
      if (taken < limit) taken++;
      else await wait(timeoutMs, signal);
      return end;
    },
  };
}
