import type { WakeOutcome } from '../domain/wake.js';
import type { HttpsResult } from '../outbound/https-client.js';
import { retryAfterMs } from '../outbound/retry-after.js';
import type { ProbeResult } from './channel.js';

/** An answer of a vendor. */
export type HttpsAnswer = Extract<HttpsResult, { kind: 'answered' }>;

/** Returns the outcome of a request that got no answer. */
export function outcomeOfFailure({ kind, reason }: Exclude<HttpsResult, HttpsAnswer>): WakeOutcome {
  if (kind !== 'unsent') return { kind: 'unknown', reason };
  return { kind: 'retry', scope: 'channel', reason, unasked: true };
}

/**
 * Returns the outcome of an answer of which nothing is understood but its status: 2xx may have been processed, whatever
 * it says; 3xx comes of a wrong address; of 4xx those of the credential and of the pace are told apart.
 */
export function outcomeOfStatus({ status, headers }: Pick<HttpsAnswer, 'status' | 'headers'>): WakeOutcome {
  const reason = `http_${status}`;
  if (status >= 200 && status < 300) return { kind: 'unknown', reason: 'no_answer_of_the_vendor' };
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    return { kind: 'retry', afterMs: retryAfterMs(headers['retry-after']), scope: 'channel', reason };
  }
  const isPayload = status >= 400 && ![401, 403, 404, 405, 407].includes(status);
  return { kind: isPayload ? 'payload_bad' : 'channel_down', reason };
}

/** Returns the result of a probe that a message of this outcome would have been. */
export function probeOfOutcome(outcome: WakeOutcome): ProbeResult {
  if (outcome.kind === 'accepted') return { kind: 'ok' };
  const { kind, reason } = outcome;
  return { kind: kind === 'retry' || kind === 'unknown' ? 'unreachable' : 'refused', reason };
}

/** Reads a JSON object; undefined where the body is none, or did not come whole. */
export function findJsonObject(body: Buffer | undefined): Readonly<Record<string, unknown>> | undefined {
  if (body === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(body.toString());
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Returns true for an object that is no list. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
