import { FormatRegistry, type Static, Type } from '@sinclair/typebox';
import { ruled } from '../../../common/contract/fields.js';
import { type TraceHeaders, toHttpHeaders } from '../../../common/tracing/tracer.js';
import type { WakeOutcome } from '../../domain/wake.js';
import { createHttpsClient, type HttpsResult } from '../../outbound/https-client.js';
import { createAddressGuard, NOT_PUBLIC } from '../../outbound/public-address.js';
import { signWebhook } from '../../outbound/standard-webhooks.js';
import { type HttpsAnswer, outcomeOfFailure } from '../http-outcome.js';
import { COMMON_SETTINGS, createSettingsReader } from '../settings.js';
import { WebhookSecret } from './signature.js';

FormatRegistry.Set('webhook-url', (value) => {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  return url?.protocol === 'https:' && url.username === '' && url.password === '';
});

const { baseUrl: _, ...COMMON } = COMMON_SETTINGS;

/** Settings that all receivers of webhooks have. */
export const RECEIVER_SETTINGS = {
  url: Type.String(ruled('must be an https address without a user name', { format: 'webhook-url', maxLength: 2048 })),
  secret: WebhookSecret,
  /** True: the operator's own address may be of a private network. */
  allowPrivate: Type.Optional(Type.Boolean(ruled('must be true or false', {}))),
  ...COMMON,
};

const schema = Type.Object(RECEIVER_SETTINGS);

/** Settings of a receiver of webhooks. */
export type ReceiverSettings = Static<typeof schema>;

/** Reads settings of a receiver of webhooks. */
export const parseReceiverSettings = createSettingsReader(schema);

/** An operator's receiver of webhooks. */
export interface Receiver {
  /** Posts a signed event. `id` is the same whenever the same event is posted. `trace`: undefined: it is not traced. */
  post(id: string, type: string, data: object, trace: TraceHeaders | undefined): Promise<HttpsResult>;
  close(): void;
}

/** Opens a receiver: only at public addresses, unless the operator said otherwise. */
export function openReceiver(settings: ReceiverSettings, maxSockets: number): Receiver {
  const url = new URL(settings.url);
  const guard = settings.allowPrivate ? undefined : createAddressGuard({ publicHosts: ['*'], trustedHosts: [] });
  const client = createHttpsClient({
    ca: settings.ca,
    maxSockets: settings.concurrent ?? maxSockets,
    lookup: guard?.lookup,
  });
  return {
    async post(id, type, data, trace) {
      if (guard && !guard.allows(url)) return { kind: 'unsent', reason: NOT_PUBLIC };
      const body = JSON.stringify({ type, timestamp: new Date().toISOString(), data });
      return client.request({
        url,
        headers: {
          'content-type': 'application/json',
          ...toHttpHeaders(trace),
          ...signWebhook([settings.secret], id, body),
        },
        body,
      });
    },
    close: () => client.close(),
  };
}

/**
 * Returns the outcome of an event: 410 says that the receiver does not know the device, or may not send to the number,
 * any more. An address that is not public is a fault of the settings.
 */
export function outcomeOfReceiver(result: HttpsResult, byStatus: (answer: HttpsAnswer) => WakeOutcome): WakeOutcome {
  if (result.kind !== 'answered') {
    const { reason } = result;
    return reason === NOT_PUBLIC ? { kind: 'channel_down', reason } : outcomeOfFailure(result);
  }
  const { status } = result;
  if (status >= 200 && status < 300) return { kind: 'accepted' };
  return status === 410 ? { kind: 'token_dead', reason: 'http_410' } : byStatus(result);
}

/** Returns what may be shown of the settings. The address's path may be a secret of its own. */
export function describeReceiver({ url }: ReceiverSettings): Readonly<Record<string, string>> {
  return { host: new URL(url).host };
}
