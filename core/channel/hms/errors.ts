import type { WakeOutcome } from '../../domain/wake.js';
import { type CodeMeaning, codeTable, findCode, outcomeOfCode } from '../code-table.js';
import { findJsonObject, type HttpsAnswer, isRecord } from '../http-outcome.js';

/** Codes of Huawei's pages "下行消息" (v1) and "响应参数" (v3). 8020…: the access token, or the JWT. */
const CODES = codeTable({
  accepted: [80000000],
  renew_token: [80200001, 80200003, 80200005],
  channel_down: [80300002, 80300036, 80300037, 80600003],
  retry: [81000001],
  retry_in_a_minute: [80100017, 80300029],
});

/** Codes for tokens that Huawei did not send to: of the only one that there is, or of a part. */
const TOKEN_CODES = new Set(['80300007', '80100000']);

/**
 * Causes that v3 names for a token. Only those after which Huawei tells to ask for a new token say that one is dead:
 * `noRight` also comes where the credential is of another project.
 */
const CAUSES: Readonly<Record<string, Exclude<CodeMeaning, 'renew_token' | 'retry'>>> = {
  tokenFormatError: 'token_dead',
  tokenPlatformNotSupport: 'token_dead',
  noRight: 'token_set_aside',
  countryNotSupport: 'token_set_aside',
  noPushTypeRight: 'channel_down',
  appinfoError: 'channel_down',
  disableSendHuaweiMsgBecauseOfPenalty: 'channel_down',
  atomicUnableSendUnsubscribedMsg: 'payload_bad',
  differentImgVerifyPolicy: 'payload_bad',
  notSupportPlayVoice: 'payload_bad',
  noRightToSendThisLiveNotificationEvent: 'payload_bad',
};

/** Returns the outcome of an answer to `messages:send`, of one token. */
export function outcomeOfHms(answer: HttpsAnswer): WakeOutcome | 'renew_token' {
  const body = findJsonObject(answer.body);
  const code = findCode(body?.code);
  if (code === undefined || !TOKEN_CODES.has(code)) return outcomeOfCode(code, CODES, answer);
  const cause = findCause(body?.msg);
  if (cause === undefined) return { kind: 'token_set_aside', reason: code };
  const kind = CAUSES[cause];
  return kind === 'token_dead' || kind === 'channel_down' || kind === 'payload_bad'
    ? { kind, reason: `${code}:${cause}` }
    : { kind: 'token_set_aside', reason: `${code}:${cause}` };
}

/** Finds the known cause in `{"illegalTokens": {"<cause>": ["<token>"]}}`, which is JSON in the text. */
function findCause(msg: unknown): string | undefined {
  const details = typeof msg === 'string' ? findJsonObject(Buffer.from(msg)) : undefined;
  const illegal = details?.illegalTokens;
  return isRecord(illegal) ? Object.keys(CAUSES).find((cause) => Object.hasOwn(illegal, cause)) : undefined;
}
