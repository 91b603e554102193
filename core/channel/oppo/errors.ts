import type { WakeOutcome } from '../../domain/wake.js';
import { codeTable, findCode, outcomeOfCode } from '../code-table.js';
import { findJsonObject, type HttpsAnswer } from '../http-outcome.js';

/**
 * Codes of OPPO's page "公共参数和返回码". 32: OPPO has a message of this id already. 10000, of a second-hand copy: the
 * registration is not valid.
 */
export const OPPO_CODES = codeTable({
  accepted: [0, 32],
  renew_token: [11, 29],
  channel_down: [12, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 30, 59],
  retry: [-1, -2],
  retry_in_a_minute: [13, 55],
  retry_in_an_hour: [33],
  token_set_aside: [10000],
});

/** Returns the outcome of an answer to `unicast`. */
export function outcomeOfOppo(answer: HttpsAnswer): WakeOutcome | 'renew_token' {
  return outcomeOfCode(findCode(findJsonObject(answer.body)?.code), OPPO_CODES, answer);
}
