import type { WakeOutcome } from '../../domain/wake.js';
import { codeTable, findCode, outcomeOfCode } from '../code-table.js';
import { findJsonObject, type HttpsAnswer, isRecord } from '../http-outcome.js';

/**
 * Codes of `message/send`. 10000: the token is missing, wrong or has ended. 10043 to 10082: the app may not send, or
 * not this kind. 10094: token and app are of two apps. 10302, 10311: this device gets nothing.
 */
const CODES = codeTable({
  accepted: [0],
  renew_token: [10000],
  channel_down: [10043, 10045, 10051, 10082, 10094, 10104, 10200, 10201, 10202, 10203, 10204, 10205, 10206, 10207],
  retry: [10072],
  retry_in_an_hour: [10070, 10071, 10073],
  token_set_aside: [10050, 10302, 10311],
});

/** States of `invalidUser`: 1 there is no such device, 2 the app is gone or its notifications are off. */
const DEAD_STATES = new Set(['1', '2']);

/** Returns the outcome of an answer to `message/send`. */
export function outcomeOfVivo(answer: HttpsAnswer): WakeOutcome | 'renew_token' {
  const body = findJsonObject(answer.body);
  const code = findCode(body?.result);
  const state = isRecord(body?.invalidUser) ? findCode(body.invalidUser.status) : undefined;
  if (state !== undefined) {
    const reason = `${code ?? '0'}:${state}`;
    return { kind: DEAD_STATES.has(state) ? 'token_dead' : 'token_set_aside', reason };
  }
  return outcomeOfCode(code, CODES, answer);
}
