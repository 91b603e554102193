import type { WakeMessage, WakeOutcome } from '../../domain/wake.js';
import { type HttpsAnswer, outcomeOfStatus } from '../http-outcome.js';
import { overrideOf } from './text.js';

/** The outcome for a number that is none. */
export const NOT_A_NUMBER: WakeOutcome = { kind: 'token_set_aside', reason: 'not_e164', unasked: true };

/** Statuses behind which the message may have been sent all the same: a short message is not sent twice. */
const MAYBE_SENT = new Set([408, 500, 502, 504]);

/** Returns the outcome of an answer of which nothing is understood but its status. */
export function outcomeOfSmsStatus(answer: HttpsAnswer): WakeOutcome {
  const { status } = answer;
  return MAYBE_SENT.has(status) ? { kind: 'unknown', reason: `http_${status}` } : outcomeOfStatus(answer);
}

/** The outcome of a code of a vendor's, without its reason: the code is that. */
export type CodeOutcome =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'retry'; readonly scope: 'token' | 'channel'; readonly afterMs?: number }
  | { readonly kind: 'token_dead' | 'token_set_aside' | 'payload_bad' | 'channel_down' | 'unknown' };

/**
 * Codes with their outcomes, the first that matches counts. A code matches a line by itself, or by its beginning where
 * the line's code ends with `*`.
 */
export type CodeTable = readonly (readonly [outcome: CodeOutcome, ...codes: string[]])[];

/** Finds the outcome of a code; undefined where the table does not have it. */
export function findCodeOutcome(table: CodeTable, code: string): WakeOutcome | undefined {
  const outcome = table.find(([, ...codes]) => codes.some((one) => matches(one, code)))?.[0];
  if (outcome === undefined || outcome.kind === 'accepted') return outcome;
  return { ...outcome, reason: /^[A-Za-z0-9_.:-]{1,64}$/.test(code) ? code : 'unknown_code' };
}

/**
 * Returns the outcome of a message that may have had an override. One caller's wrong template or sender refuses that
 * message, and must not bring the channel down for all others.
 *
 * @param codes those that may come of an override, as in a `CodeTable`
 */
export function blameOverride(outcome: WakeOutcome, message: WakeMessage, codes: readonly string[]): WakeOutcome {
  if (outcome.kind !== 'channel_down' || Object.keys(overrideOf(message)).length === 0) return outcome;
  const { reason } = outcome;
  return codes.some((one) => matches(one, reason)) ? { kind: 'payload_bad', reason } : outcome;
}

function matches(pattern: string, code: string): boolean {
  return pattern.endsWith('*') ? code.startsWith(pattern.slice(0, -1)) : code === pattern;
}

/** The outcome of a code that no table has. It is not repeated: it may be a text, with the number in it. */
export const UNKNOWN_CODE: WakeOutcome = { kind: 'payload_bad', reason: 'unknown_code' };
