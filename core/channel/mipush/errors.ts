import type { WakeOutcome } from '../../domain/wake.js';
import { codeTable, findCode, outcomeOfCode } from '../code-table.js';
import { findJsonObject, type HttpsAnswer } from '../http-outcome.js';

/**
 * Codes of Xiaomi's page "服务端错误码参考". None of them is certain that a token is dead: 10029 there is no such device,
 * 65003 it was not found, which is "usually since it is offline".
 */
const CODES = codeTable({
  accepted: [0],
  channel_down: [10012, 10031, 10036, 10037, 21301, 21302, 21303, 22000, 22006, 22007, 22022, 26006, 27001],
  retry: [-1, 1, 10001, 10002, 10003, 20301, 20607, 22102, 26003, 65029],
  retry_in_a_minute: [10027, 200002],
  retry_in_an_hour: [10034, 200001],
  token_set_aside: [10029, 65003, 66007],
});

/** Returns the outcome of an answer to `message/regid`. */
export function outcomeOfMiPush(answer: HttpsAnswer): WakeOutcome {
  const outcome = outcomeOfCode(findCode(findJsonObject(answer.body)?.code), CODES, answer);
  // Its secret is no token that could be renewed.
  return outcome === 'renew_token' ? { kind: 'channel_down', reason: 'access_token_refused' } : outcome;
}
