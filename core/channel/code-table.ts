import type { WakeOutcome } from '../domain/wake.js';
import { retryAfterMs } from '../outbound/retry-after.js';
import { type HttpsAnswer, outcomeOfStatus } from './http-outcome.js';

/** The meaning of a vendor's code. `renew_token`: the access token has ended; nothing was processed. */
export type CodeMeaning =
  | 'accepted'
  | 'token_dead'
  | 'token_set_aside'
  | 'payload_bad'
  | 'channel_down'
  | 'renew_token'
  /** Once more, by the caller's backoff. */
  | 'retry'
  /** Too many at a time: after a minute. */
  | 'retry_in_a_minute'
  /** The day's share is used up: after an hour. */
  | 'retry_in_an_hour';

/** Meanings of a vendor's codes. */
export type CodeTable = ReadonlyMap<string, CodeMeaning>;

const AFTER_MS = { retry: undefined, retry_in_a_minute: 60_000, retry_in_an_hour: 3_600_000 };

/** Makes a table of codes by their meaning. */
export function codeTable(codes: Partial<Record<CodeMeaning, readonly number[]>>): CodeTable {
  const table = new Map<string, CodeMeaning>();
  for (const [meaning, numbers] of Object.entries(codes)) {
    // Safe: the keys of the argument are meanings.
    for (const number of numbers) table.set(String(number), meaning as CodeMeaning);
  }
  return table;
}

/** Returns a vendor's code, if it is a whole number of up to ten digits, as number or text: no token is that short. */
export function findCode(value: unknown): string | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  return typeof text === 'string' && /^-?\d{1,10}$/.test(text) ? text : undefined;
}

/**
 * Returns the outcome of a code. One that the table does not have refuses the message, as it is; without any code the
 * HTTP status decides.
 */
export function outcomeOfCode(
  code: string | undefined,
  table: CodeTable,
  answer: Pick<HttpsAnswer, 'status' | 'headers'>,
): WakeOutcome | 'renew_token' {
  if (code === undefined) return outcomeOfStatus(answer);
  const meaning = table.get(code);
  switch (meaning) {
    case undefined: {
      const byStatus = outcomeOfStatus(answer);
      return byStatus.kind === 'unknown' ? { kind: 'payload_bad', reason: code } : byStatus;
    }
    case 'accepted':
      return { kind: 'accepted' };
    case 'renew_token':
      return 'renew_token';
    case 'retry':
    case 'retry_in_a_minute':
    case 'retry_in_an_hour': {
      const afterMs = retryAfterMs(answer.headers['retry-after']) ?? AFTER_MS[meaning];
      return { kind: 'retry', afterMs, scope: 'channel', reason: code };
    }
    default:
      return { kind: meaning, reason: code };
  }
}
