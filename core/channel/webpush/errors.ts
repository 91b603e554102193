import type { WakeOutcome } from '../../domain/wake.js';
import type { HttpsResult } from '../../outbound/https-client.js';
import { NOT_PUBLIC } from '../../outbound/public-address.js';
import { retryAfterMs } from '../../outbound/retry-after.js';
import { type HttpsAnswer, outcomeOfFailure } from '../http-outcome.js';

/** Different subscriptions refused in a row, without a success, from which on it is taken for the key's fault. */
const REFUSALS_OF_KEY = 3;

/** Reads push services' answers to one credential, and remembers what tells a wrong key from a wrong token. */
export interface AnswerReader {
  /** Returns the outcome of a message to this endpoint. */
  outcomeOf(endpoint: string, result: HttpsResult): WakeOutcome;
}

/**
 * Creates a reader of answers (RFC 8030, 5 and 7; RFC 8292, 4.2). Every `retry` is of the token alone: each endpoint
 * has a service of its own choice, and what one of them does must not slow the others.
 */
export function createAnswerReader(): AnswerReader {
  const refused = new Set<string>();

  /** A subscription of another key is its own fault; several in a row are that of the key. */
  function outcomeOfRefusal(endpoint: string, reason: string): WakeOutcome {
    refused.add(endpoint);
    if (refused.size < REFUSALS_OF_KEY) return { kind: 'token_set_aside', reason };
    // From here on it is found out again: otherwise one that is refused for ever would keep the channel down.
    refused.clear();
    return { kind: 'channel_down', reason };
  }

  return {
    outcomeOf(endpoint, result) {
      if (result.kind !== 'answered') return outcomeWithoutAnswer(outcomeOfFailure(result));
      const { status } = result;
      const reason = `http_${status}`;
      if (status >= 200 && status < 300) {
        refused.clear();
        return { kind: 'accepted' };
      }
      if (status === 401 || status === 403) return outcomeOfRefusal(endpoint, reason);
      return outcomeOfOther(result, reason);
    },
  };
}

function outcomeWithoutAnswer(outcome: WakeOutcome): WakeOutcome {
  if (outcome.kind !== 'retry') return outcome;
  if (outcome.reason === NOT_PUBLIC) return { kind: 'token_set_aside', reason: outcome.reason };
  return { ...outcome, scope: 'token' };
}

function outcomeOfOther({ status, headers }: HttpsAnswer, reason: string): WakeOutcome {
  // A redirect is not followed: it may lead where no endpoint may.
  if (status < 400) return { kind: 'token_set_aside', reason };
  if (status === 404 || status === 410) return { kind: 'token_dead', reason };
  // 406 is how Edge's service says that it gets too much.
  if (status === 406 || status === 408 || status === 429 || status >= 500) {
    return { kind: 'retry', scope: 'token', afterMs: retryAfterMs(headers['retry-after']), reason };
  }
  return { kind: 'payload_bad', reason };
}
