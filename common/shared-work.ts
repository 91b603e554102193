import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Returns a function that has the work done for whoever asks, but begins it once in so many milliseconds at the most:
 * all who ask before it begins share it. So nobody gets what was true before asking, and nobody can have it done all
 * the time.
 */
export function shareWork<T>(work: () => Promise<T>, everyMs: number): () => Promise<T> {
  let next: Promise<T> | undefined;
  let earliest = 0;

  async function begin(): Promise<T> {
    const early = earliest - performance.now();
    await (early > 0 ? sleep(early, undefined, { ref: false }) : undefined);
    earliest = performance.now() + everyMs;
    next = undefined;
    return work();
  }

  return () => {
    next ??= begin();
    return next;
  };
}
