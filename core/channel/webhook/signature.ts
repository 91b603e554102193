import { createHash } from 'node:crypto';
import { FormatRegistry, Type } from '@sinclair/typebox';
import { ruled } from '../../../common/contract/fields.js';
import { isWebhookSecret } from '../../outbound/standard-webhooks.js';

FormatRegistry.Set('webhook-secret', isWebhookSecret);

/** The secret that both sides know, in the form of Standard Webhooks. */
export const WebhookSecret = Type.String(
  ruled('must be whsec_ and 24 to 64 random bytes in base64', { maxLength: 128, format: 'webhook-secret' }),
);

/**
 * Returns the id of a wake: the same for each time that it is sent, so that the receiver drops repeats by it.
 *
 * @param parts what the wake is known by
 */
export function webhookId(prefix: string, ...parts: readonly string[]): string {
  return `${prefix}_${createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 32)}`;
}
