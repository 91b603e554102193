import type { WakeOutcome } from '../../domain/wake.js';
import { retryAfterMs } from '../../outbound/retry-after.js';
import { findJsonObject, type HttpsAnswer, isRecord, outcomeOfStatus } from '../http-outcome.js';

/** Time without `Retry-After` after 429, and after 5xx: Google wants no retry within 10 seconds. Milliseconds. */
const THROTTLED_MS = 60_000;
const BROKEN_MS = 10_000;

/** Returns the outcome of an answer of FCM. `renew_token`: the access token has ended. */
export function outcomeOfFcm(answer: HttpsAnswer): WakeOutcome | 'renew_token' {
  const body = findJsonObject(answer.body);
  if (answer.status === 200) {
    return typeof body?.name === 'string'
      ? { kind: 'accepted' }
      : { kind: 'unknown', reason: 'no_answer_of_the_vendor' };
  }
  const error = isRecord(body?.error) ? body.error : {};
  const details = Array.isArray(error.details) ? error.details.filter(isRecord) : [];
  const afterMs = retryAfterMs(answer.headers['retry-after']);
  const code = details.find(({ '@type': type }) => String(type).endsWith('.FcmError'))?.errorCode;
  switch (code) {
    case 'UNREGISTERED':
      return { kind: 'token_dead', reason: code };
    case 'SENDER_ID_MISMATCH':
      return { kind: 'token_set_aside', reason: code };
    case 'THIRD_PARTY_AUTH_ERROR':
      return { kind: 'channel_down', reason: code };
    case 'QUOTA_EXCEEDED':
      return {
        kind: 'retry',
        scope: isOfDevice(details) ? 'token' : 'channel',
        reason: code,
        afterMs: afterMs ?? THROTTLED_MS,
      };
    case 'INTERNAL':
      // One message that FCM stumbles over must not stop all others.
      return { kind: 'retry', scope: 'token', reason: code, afterMs: afterMs ?? BROKEN_MS };
  }
  return outcomeOfGoogle(answer, error.status, details, afterMs);
}

/** Returns the outcome by what all of Google's services answer. */
function outcomeOfGoogle(
  answer: HttpsAnswer,
  status: unknown,
  details: readonly Readonly<Record<string, unknown>>[],
  afterMs: number | undefined,
): WakeOutcome | 'renew_token' {
  switch (status) {
    case 'INVALID_ARGUMENT':
      return { kind: isAboutToken(details) ? 'token_set_aside' : 'payload_bad', reason: status };
    case 'UNAUTHENTICATED':
      return 'renew_token';
    // No project, or not this service account's: a token that is gone has a code of its own.
    case 'NOT_FOUND':
    case 'PERMISSION_DENIED':
      return { kind: 'channel_down', reason: status };
  }
  if (answer.status === 401) return 'renew_token';
  const outcome = outcomeOfStatus(answer);
  if (outcome.kind !== 'retry') return outcome;
  return { ...outcome, afterMs: afterMs ?? (answer.status === 429 ? THROTTLED_MS : BROKEN_MS) };
}

/** Returns true if FCM names the token as the field that is wrong: otherwise it may be the payload of all. */
function isAboutToken(details: readonly Readonly<Record<string, unknown>>[]): boolean {
  const violations = details.flatMap(({ fieldViolations }) => (Array.isArray(fieldViolations) ? fieldViolations : []));
  return violations.some((violation) => isRecord(violation) && violation.field === 'message.token');
}

/** Returns true if a quota is that of one device. */
function isOfDevice(details: readonly Readonly<Record<string, unknown>>[]): boolean {
  const violations = details.flatMap(({ violations: all }) => (Array.isArray(all) ? all : []));
  return violations.some((violation) => isRecord(violation) && /device/i.test(String(violation.subject)));
}
