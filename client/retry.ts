import { setTimeout as delay } from 'node:timers/promises';
import { type CallError, cancelled, noTimeLeft, toCallError, toFinalError } from './errors.js';
import type { Semaphore } from './semaphore.js';

/** The pauses before a failed call is made again. Times are milliseconds. */
export interface RetryPolicy {
  /** The pause after the first failure, at most; it doubles from one failure to the next. */
  readonly firstPauseMs: number;
  /** The pause up to which it doubles. */
  readonly longestPauseMs: number;
}

/**
 * The prospects of a failed call: none, or made again it may succeed; then it was not carried out, or may have been.
 */
export type FailureClass = 'hopeless' | 'not carried out' | 'in doubt';

/**
 * Returns the prospects of a failed call. A refusal for want of room says when to come back, and has changed nothing. A
 * break on the way (a reset, a deadline) leaves open what the service has done; without a connection it has done
 * nothing.
 */
export function classifyFailure({ code, reason, retryAfterMs, inDoubt }: CallError): FailureClass {
  if (code === 'RESOURCE_EXHAUSTED') return retryAfterMs === undefined ? 'hopeless' : 'not carried out';
  // Without a reason it does not come from the service, but from the connection.
  const broken = code === 'ABORTED' || code === 'INTERNAL' || code === 'DEADLINE_EXCEEDED';
  if (code !== 'UNAVAILABLE' && !(broken && reason === undefined)) return 'hopeless';
  return inDoubt ? 'in doubt' : 'not carried out';
}

/**
 * The pause before the next attempt: a random part of one that doubles, at least half of it, so that callers which
 * failed together do not come back together; and never less than what the service asks for.
 *
 * @param failures how many attempts have failed in a row, at least 1
 * @param random from 0 to 1
 */
export function backoffMs(
  failures: number,
  policy: RetryPolicy,
  retryAfterMs: number | undefined,
  random: () => number = Math.random,
): number {
  const full = Math.min(policy.longestPauseMs, policy.firstPauseMs * 2 ** (failures - 1));
  const asked = retryAfterMs === undefined ? 0 : retryAfterMs * (1 + random() / 4);
  return Math.max(asked, full * (0.5 + random() / 2));
}

/** The rules by which a call is made again. */
export interface Attempts {
  /** Pauses between attempts. */
  readonly policy: RetryPolicy;
  /** For the call with all its attempts. */
  readonly timeoutMs: number;
  /** For one attempt. */
  readonly attemptTimeoutMs: number;
  /** True if two calls are the same as one. */
  readonly repeatable: boolean;
  /** Ends it; undefined: nothing does. */
  readonly signal: AbortSignal | undefined;
  /**
   * Waiting for one is no part of an attempt: what waits must not be given up, and made again, for want of a
   * connection.
   */
  readonly semaphore: Semaphore;
}

/**
 * Calls until it succeeds, fails hopelessly or its time is over.
 *
 * @param call with the milliseconds that this attempt may take
 * @throws CallError the last failure, in doubt if any attempt is
 */
export async function retrying<T>(call: (timeoutMs: number) => Promise<T>, attempts: Attempts): Promise<T> {
  const end = performance.now() + attempts.timeoutMs;
  let inDoubt = false;
  for (let failures = 1; ; failures++) {
    try {
      return await attempt(call, end, attempts);
    } catch (error) {
      const failure = toCallError(error);
      inDoubt ||= failure.inDoubt;
      const prospect = classifyFailure(failure);
      if (prospect === 'hopeless' && !inDoubt) throw failure;
      if (attempts.signal?.aborted || prospect === 'hopeless') throw toFinalError(failure, inDoubt);
      const pause = backoffMs(failures, attempts.policy, failure.retryAfterMs);
      const late = performance.now() + pause >= end;
      if (late || (prospect === 'in doubt' && !attempts.repeatable)) throw toFinalError(failure, inDoubt);
      await sleep(pause, attempts.signal, inDoubt);
    }
  }
}

async function attempt<T>(
  call: (timeoutMs: number) => Promise<T>,
  end: number,
  { semaphore: turns, attemptTimeoutMs, signal }: Attempts,
): Promise<T> {
  const done = await turns.take(end - performance.now(), signal);
  try {
    const left = Math.ceil(end - performance.now());
    if (left <= 0) throw noTimeLeft();
    return await call(Math.min(left, attemptTimeoutMs));
  } finally {
    done();
  }
}

/**
 * @param inDoubt whether the call may have been carried out by now
 * @throws CallError CANCELLED, when the signal is aborted meanwhile
 */
export async function sleep(ms: number, signal: AbortSignal | undefined, inDoubt = false): Promise<void> {
  try {
    await delay(ms, undefined, signal === undefined ? {} : { signal });
  } catch {
    throw cancelled(inDoubt);
  }
}
