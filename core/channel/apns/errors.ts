import type { WakeOutcome } from '../../domain/wake.js';
import { retryAfterMs } from '../../outbound/retry-after.js';
import { findJsonObject, type HttpsAnswer, outcomeOfStatus } from '../http-outcome.js';

/** The meaning of a reason. `renew_token`: the JWT has ended; `restore_token`: it came too early. */
type Meaning =
  | 'token_dead'
  | 'token_set_aside'
  | 'payload_bad'
  | 'channel_down'
  | 'renew_token'
  | 'restore_token'
  /** This token gets too many. */
  | 'slow_down'
  /** Something at APNs. */
  | 'later'
  /** The connection is about to end. */
  | 'soon';

/** Reasons of Apple's page "Handling notification responses from APNs". */
const REASONS: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ['BadCollapseId', 'payload_bad'],
  ['BadDeviceToken', 'token_set_aside'],
  ['BadExpirationDate', 'payload_bad'],
  ['BadMessageId', 'payload_bad'],
  ['BadPriority', 'payload_bad'],
  ['BadTopic', 'channel_down'],
  ['DeviceTokenNotForTopic', 'token_set_aside'],
  ['DuplicateHeaders', 'payload_bad'],
  ['IdleTimeout', 'soon'],
  ['InvalidPushType', 'payload_bad'],
  ['MissingDeviceToken', 'token_set_aside'],
  ['MissingTopic', 'channel_down'],
  ['PayloadEmpty', 'payload_bad'],
  ['TopicDisallowed', 'channel_down'],
  ['BadCertificate', 'channel_down'],
  ['BadCertificateEnvironment', 'channel_down'],
  ['BadEnvironmentKeyIdInToken', 'channel_down'],
  ['ExpiredProviderToken', 'renew_token'],
  ['Forbidden', 'channel_down'],
  ['InvalidProviderToken', 'channel_down'],
  ['MissingProviderToken', 'channel_down'],
  ['UnrelatedKeyIdInToken', 'channel_down'],
  ['BadPath', 'channel_down'],
  ['MethodNotAllowed', 'channel_down'],
  ['ExpiredToken', 'token_dead'],
  ['Unregistered', 'token_dead'],
  ['PayloadTooLarge', 'payload_bad'],
  ['TooManyProviderTokenUpdates', 'restore_token'],
  ['TooManyRequests', 'slow_down'],
  ['InternalServerError', 'later'],
  ['ServiceUnavailable', 'later'],
  ['Shutdown', 'soon'],
]);

/** Time after which Apple wants to be asked again after 500 and 503, in milliseconds. */
const LATER_MS = 15 * 60_000;
/** Time until another connection has been made, in milliseconds. */
const SOON_MS = 1000;

/** Returns the outcome of an answer of APNs. */
export function outcomeOfApns(answer: HttpsAnswer): WakeOutcome | 'renew_token' | 'restore_token' {
  if (answer.status === 200) return { kind: 'accepted' };
  const body = findJsonObject(answer.body);
  const reason = String(body?.reason);
  const afterMs = retryAfterMs(answer.headers['retry-after']);
  const meaning = REASONS.get(reason);
  switch (meaning) {
    case undefined:
      return later(outcomeOfStatus(answer), afterMs);
    case 'token_dead': {
      const { timestamp } = body ?? {};
      const at = typeof timestamp === 'number' && timestamp > 0 ? timestamp : undefined;
      return { kind: 'token_dead', reason, at };
    }
    case 'slow_down':
      return { kind: 'retry', scope: 'token', reason, afterMs };
    case 'soon':
      return { kind: 'retry', scope: 'token', reason, afterMs: afterMs ?? SOON_MS };
    case 'later':
      return later({ kind: 'retry', scope: 'channel', reason }, afterMs);
    case 'renew_token':
    case 'restore_token':
      return meaning;
    default:
      return { kind: meaning, reason };
  }
}

/**
 * Makes what is to be tried again after 500 and 503 wait for 15 minutes. That is for this message: a single one must
 * not stop all others for so long, unless APNs says it itself.
 */
function later(outcome: WakeOutcome, afterMs: number | undefined): WakeOutcome {
  if (outcome.kind !== 'retry') return outcome;
  if (afterMs !== undefined || outcome.reason === 'http_429') return { ...outcome, afterMs };
  return { ...outcome, scope: 'token', afterMs: LATER_MS };
}
