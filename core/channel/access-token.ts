import type { WakeOutcome } from '../domain/wake.js';
import type { HttpsResult } from '../outbound/https-client.js';
import { SEND_TIMEOUT_MS } from './channel.js';
import { type HttpsAnswer, outcomeOfFailure, outcomeOfStatus } from './http-outcome.js';

/** The result of asking for an access token: one with its time of `performance.now()`, or why there is none. */
export type TokenResult =
  | { readonly kind: 'token'; readonly value: string; readonly usableUntil: number }
  | { readonly kind: 'failed'; readonly outcome: WakeOutcome };

/** Access tokens of one credential. */
export interface AccessTokens {
  /** Returns the token that there is, or a new one; `refused`: the one that the vendor takes no more. */
  get(deadline: number, refused?: string): Promise<TokenResult>;
}

/** Returns access tokens that are asked for once for all who wait. `ask` ends by the deadline and never rejects. */
export function createAccessTokens(ask: (deadline: number) => Promise<TokenResult>): AccessTokens {
  let current: TokenResult | undefined;
  let asking: Promise<TokenResult> | undefined;

  async function renew(deadline: number): Promise<TokenResult> {
    current = undefined;
    const result = await ask(deadline);
    asking = undefined;
    if (result.kind === 'token') current = result;
    return result;
  }

  return {
    get(deadline, refused) {
      const isUsable =
        current?.kind === 'token' && current.value !== refused && current.usableUntil > performance.now();
      if (isUsable && current !== undefined) return Promise.resolve(current);
      asking ??= renew(deadline);
      return within(asking, deadline);
    },
  };
}

/**
 * Sends with an access token, and once more with another one where the vendor takes it no more. Ends within
 * `SEND_TIMEOUT_MS`.
 *
 * @param attempt sends once; `renew_token`: it was not processed, since the token has ended
 */
export async function sendWithToken(
  tokens: AccessTokens,
  attempt: (token: string, deadline: number) => Promise<WakeOutcome | 'renew_token'>,
): Promise<WakeOutcome> {
  const deadline = performance.now() + SEND_TIMEOUT_MS;
  let refused: string | undefined;
  for (let tries = 0; tries < 2; tries += 1) {
    const token = await tokens.get(deadline, refused);
    if (token.kind === 'failed') return token.outcome;
    const outcome = await attempt(token.value, deadline);
    if (outcome !== 'renew_token') return outcome;
    refused = token.value;
  }
  return { kind: 'channel_down', reason: 'access_token_refused' };
}

/** Returns why a request for a token brought none: no message was sent, so nothing is unknown. */
export function tokenFailure(result: HttpsResult): TokenResult {
  const outcome = result.kind === 'answered' ? outcomeOfTokenAnswer(result) : outcomeOfFailure(result);
  const isClosed = result.kind === 'lost' && result.reason === 'closed';
  return outcome.kind === 'unknown' && !isClosed
    ? { kind: 'failed', outcome: { kind: 'retry', scope: 'channel', reason: outcome.reason } }
    : { kind: 'failed', outcome };
}

/** An answer with another status than 2xx that is no matter of time is one about the credential. */
function outcomeOfTokenAnswer(answer: HttpsAnswer): WakeOutcome {
  const outcome = outcomeOfStatus(answer);
  return outcome.kind === 'payload_bad' ? { kind: 'channel_down', reason: outcome.reason } : outcome;
}

/** Waits no longer than to the deadline for what others began. */
function within(asking: Promise<TokenResult>, deadline: number): Promise<TokenResult> {
  return new Promise((resolve) => {
    const late: TokenResult = { kind: 'failed', outcome: { kind: 'retry', scope: 'channel', reason: 'timeout' } };
    const timer = setTimeout(resolve, deadline - performance.now(), late);
    void asking.then((result) => {
      clearTimeout(timer);
      resolve(result);
    });
  });
}
