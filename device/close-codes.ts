import { hintMs, minutesMs } from './backoff.js';

/**
 * A way in which a device ends for good, until the app connects it again:
 * - closed: the app has closed it, or its signal was aborted
 * - replaced: a newer connection of the same device, or another user of this browser, has taken its place
 * - unregistered: it was unregistered, or belongs to another user now
 * - refused: the service does not take its registration, or its connection
 * - malformed: the service cannot read what it sends
 */
export type ClosedReason = 'closed' | 'replaced' | 'unregistered' | 'refused' | 'malformed';

/** Consequence of the close of a connection. */
export type Verdict =
  | { readonly next: 'end'; readonly reason: ClosedReason }
  | { readonly next: 'register' }
  | { readonly next: 'back off' }
  /** The server has asked for this pause. */
  | { readonly next: 'wait'; readonly ms: number };

/** Returns what follows from a close code: docs/contract.md has the table. */
export function judgeClose(code: number, reason: string): Verdict {
  switch (code) {
    case 4400:
      return { next: 'end', reason: 'malformed' };
    case 4403:
    case 4429:
      return { next: 'wait', ms: minutesMs() };
    case 4404:
    case 4411:
      return { next: 'register' };
    case 4409:
      return { next: 'end', reason: 'replaced' };
    case 4410:
      return { next: 'end', reason: 'unregistered' };
    default: {
      if (code >= 4400 && code < 4500) return { next: 'end', reason: 'refused' };
      const ms = hintMs(reason);
      return ms === undefined ? { next: 'back off' } : { next: 'wait', ms };
    }
  }
}
