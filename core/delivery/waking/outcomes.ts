import type { WakeOutcome } from '../../domain/wake.js';
import type { DueWake } from '../../store/store.js';
import { maxDoubts } from './arbitration.js';
import type { WakeChange } from './changes.js';

/** Pause before a wake that was not processed is sent again the first time, and the longest one. */
const BACKOFF_MS = 5000;
const MAX_BACKOFF_MS = 600_000;
/** Pause of what a broken channel keeps back, and what is added to it by chance. */
const CHANNEL_DOWN_MS = 60_000;
const CHANNEL_DOWN_SPREAD_MS = 240_000;
/** The same of what may have been processed. */
const DOUBT_MS = 5000;
const DOUBT_SPREAD_MS = 10_000;
/** Attempts after which a token that was registered later than the vendor says it died is left alone. */
const MAX_STALE_ANSWERS = 5;

/**
 * Returns what an outcome makes of a wake. None ends the delivery.
 *
 * @param wake as it was before this attempt
 * @param now milliseconds since the epoch
 * @param random from 0 to 1, for what is spread
 */
export function changeOf(wake: DueWake, outcome: WakeOutcome, now: number, random: number): WakeChange {
  const backoffMs = random * Math.min(MAX_BACKOFF_MS, BACKOFF_MS * 2 ** wake.attempt);
  switch (outcome.kind) {
    case 'accepted':
      return { kind: 'settle', state: 'accepted', reason: undefined };
    case 'retry':
      return again(wake, now + Math.max(outcome.afterMs ?? 0, 0) + backoffMs, outcome.reason);
    case 'channel_down':
      return again(wake, now + CHANNEL_DOWN_MS + random * CHANNEL_DOWN_SPREAD_MS, outcome.reason);
    case 'payload_bad':
      return { kind: 'settle', state: 'failed', reason: outcome.reason };
    case 'unknown': {
      const dueAt = now + DOUBT_MS + random * DOUBT_SPREAD_MS;
      const isLast = wake.doubts + 1 >= maxDoubts(wake) || dueAt >= expiryOf(wake);
      if (isLast) return { kind: 'settle', state: 'unknown', reason: outcome.reason };
      return { kind: 'wait', dueAt, reason: outcome.reason, doubt: true };
    }
    case 'token_dead':
    case 'token_set_aside': {
      const { token } = wake;
      const failed = { kind: 'settle', state: 'failed', reason: outcome.reason } as const;
      // A phone number: it is no token of the device's.
      if (token === undefined || token.channel !== wake.channel) return failed;
      const at = outcome.kind === 'token_dead' ? outcome.at : undefined;
      if (at !== undefined && token.registeredAt > at) {
        return wake.attempt < MAX_STALE_ANSWERS ? again(wake, now + backoffMs, outcome.reason) : failed;
      }
      const state = outcome.kind === 'token_dead' ? 'dead' : 'set_aside';
      return { kind: 'refuse', hash: token.hash, registeredAt: token.registeredAt, at, state, reason: outcome.reason };
    }
  }
}

/** Was not processed: once more, as long as the message lives. */
function again(wake: DueWake, dueAt: number, reason: string): WakeChange {
  if (dueAt >= expiryOf(wake)) return { kind: 'settle', state: 'failed', reason };
  return { kind: 'wait', dueAt, reason, doubt: false };
}

function expiryOf({ push }: DueWake): number {
  return push?.expiresAt ?? 0;
}
