import { createHash, createHmac } from 'node:crypto';
import { FormatRegistry, Type } from '@sinclair/typebox';
import { ruled } from '../../../common/contract/fields.js';

const PREFIX = 'whsec_';

FormatRegistry.Set('webhook-secret', (value) => {
  const key = keyOf(value);
  return key.length >= 24 && key.length <= 64 && `${PREFIX}${key.toString('base64')}` === value;
});

/** The secret that both sides know, in the form of Standard Webhooks. */
export const WebhookSecret = Type.String(
  ruled('must be whsec_ and 24 to 64 random bytes in base64', { maxLength: 128, format: 'webhook-secret' }),
);

function keyOf(secret: string): Buffer {
  return Buffer.from(secret.slice(PREFIX.length), 'base64');
}

/**
 * Returns the id of a wake: the same for each time that it is sent, so that the receiver drops repeats by it.
 *
 * @param parts what the wake is known by
 */
export function webhookId(prefix: string, ...parts: readonly string[]): string {
  return `${prefix}_${createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 32)}`;
}

/** Signs a request as Standard Webhooks 1.0 says: `v1`, HMAC-SHA256 of id, time and body. */
export function signWebhook(secret: string, id: string, body: string, now = Date.now()): Record<string, string> {
  const seconds = Math.floor(now / 1000);
  const signature = createHmac('sha256', keyOf(secret)).update(`${id}.${seconds}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': String(seconds), 'webhook-signature': `v1,${signature}` };
}
