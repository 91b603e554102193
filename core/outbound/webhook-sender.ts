import { isHttpsUrl } from '../../common/public-url.js';
import { toHttpHeaders } from '../../common/tracing/tracer.js';
import type { WebhookSender } from '../domain/webhook.js';
import { createHttpsClient } from './https-client.js';
import { createAddressGuard, NOT_PUBLIC } from './public-address.js';
import { retryAfterMs } from './retry-after.js';
import { signWebhook } from './standard-webhooks.js';

/** Time that a request may take, in milliseconds: Standard Webhooks has 15 to 30 seconds. */
const TIMEOUT_MS = 15_000;
/** A connection rests after each answer: with so many, the next request need not wait for that. */
const MAX_SOCKETS = 8;

/**
 * Returns ways to back ends: over https, only to public addresses but for the hosts that the operator named, without
 * redirects.
 */
export function createWebhookSender({ hosts, ca }: { hosts: readonly string[]; ca?: string }): WebhookSender {
  const guard = createAddressGuard({ publicHosts: ['*'], trustedHosts: hosts });
  const allows = (url: string): boolean => isHttpsUrl(url) && guard.allows(new URL(url));
  return {
    allows,
    open() {
      const client = createHttpsClient({ ca, maxSockets: MAX_SOCKETS, lookup: guard.lookup });
      return {
        async post({ url, secrets, id, body, trace }) {
          // It may be of a time at which the operator allowed more.
          if (!allows(url)) return { kind: 'failed', reason: NOT_PUBLIC };
          const headers = {
            'content-type': 'application/json',
            'user-agent': 'OnePush',
            ...signWebhook(secrets, id, body),
            ...toHttpHeaders(trace),
          };
          const deadline = performance.now() + TIMEOUT_MS;
          const result = await client.request({ url, headers, body, deadline });
          if (result.kind !== 'answered') return { kind: 'failed', reason: result.reason };
          return { kind: 'answered', status: result.status, retryAfterMs: retryAfterMs(result.headers['retry-after']) };
        },
        close: () => client.close(),
      };
    },
  };
}
