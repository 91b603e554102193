import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Milliseconds that tests wait for what should come at once: a busy machine may take seconds. Where tests have minutes
 * it is a minute.
 */
export const WAIT_MS = Number(process.env.TEST_WAIT_MS ?? 30_000);

/** What `eventually` resolves to: the value of the condition once it holds. */
export type Held<T> = Exclude<T, false | null | undefined | 0 | ''>;

export interface EventuallyOptions {
  /** How long the condition may take to hold, in milliseconds; WAIT_MS by default. */
  timeoutMs?: number;
  /** The pause between two attempts, in milliseconds; 20 by default. */
  intervalMs?: number;
  /** What was waited for; it begins the error. */
  message?: string;
}

/**
 * Calls `fn` until it returns something truthy and resolves to that. A throw counts as "not yet". After `timeoutMs` it
 * rejects with `message`; the last error of `fn`, if any, is its cause. For what tells when it happens (a frame, a log
 * line, a close) wait for the event instead.
 */
export async function eventually<T>(fn: () => T | Promise<T>, options: EventuallyOptions = {}): Promise<Held<T>> {
  const { timeoutMs = WAIT_MS, intervalMs = 20, message = 'the condition to hold' } = options;
  const deadline = performance.now() + timeoutMs;
  let cause: unknown;
  for (;;) {
    try {
      const value = await fn();
      // Safe: Held<T> is T without exactly the falsy values that this test excludes.
      if (value) return value as Held<T>;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= deadline) {
      const last = cause instanceof Error ? ` (last error: ${cause.message})` : '';
      throw new Error(`waited ${timeoutMs} ms for ${message}${last}`, { cause });
    }
    await sleep(intervalMs);
  }
}
