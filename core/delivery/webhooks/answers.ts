import type { WebhookAnswer } from '../../domain/webhook.js';

/** Meaning of an answer of a back end for what it was sent. */
export type Outcome =
  | { readonly kind: 'taken' }
  /**
   * The back end, or the way to it, has a fault that is none of the events'. `isLate`: it may be that it takes too long
   * over so many.
   */
  | {
      readonly kind: 'unreachable';
      readonly reason: string;
      readonly afterMs: number | undefined;
      readonly isLate: boolean;
    }
  /** The back end may not like one of the events. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** The back end wants nothing any more. */
  | { readonly kind: 'gone'; readonly reason: string };

/** Statuses that say nothing about the events: the pace, a server in between, a wrong address or credential. */
const UNREACHABLE = new Set([401, 403, 404, 405, 408, 425, 429, 502, 503, 504]);
/** Statuses of those of a time-out. */
const LATE = new Set([408, 504]);
const GONE = 410;

/** Returns the meaning of an answer. */
export function outcomeOf(answer: WebhookAnswer): Outcome {
  if (answer.kind === 'failed') {
    return { kind: 'unreachable', reason: answer.reason, afterMs: undefined, isLate: answer.reason === 'timeout' };
  }
  const { status, retryAfterMs } = answer;
  const reason = `http_${status}`;
  if (status >= 200 && status < 300) return { kind: 'taken' };
  if (status === GONE) return { kind: 'gone', reason };
  const isRedirect = status >= 300 && status < 400;
  if (isRedirect || UNREACHABLE.has(status)) {
    return { kind: 'unreachable', reason, afterMs: retryAfterMs, isLate: LATE.has(status) };
  }
  return { kind: 'refused', reason };
}
