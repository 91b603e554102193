import { createHmac } from 'node:crypto';

const PREFIX = 'whsec_';

/** Returns true for `whsec_` and 24 to 64 bytes in base64. */
export function isWebhookSecret(text: string): boolean {
  const key = keyOf(text);
  return key.length >= 24 && key.length <= 64 && `${PREFIX}${key.toString('base64')}` === text;
}

function keyOf(secret: string): Buffer {
  return Buffer.from(secret.slice(PREFIX.length), 'base64');
}

/**
 * Signs a request as Standard Webhooks 1.0 says: `v1`, HMAC-SHA256 of id, time and body.
 *
 * @param secrets the present one, and an earlier one whose receivers have not changed yet
 */
export function signWebhook(
  secrets: readonly string[],
  id: string,
  body: string,
  now = Date.now(),
): Record<string, string> {
  const seconds = Math.floor(now / 1000);
  const signatures = secrets.map((secret) => {
    return `v1,${createHmac('sha256', keyOf(secret)).update(`${id}.${seconds}.${body}`).digest('base64')}`;
  });
  return { 'webhook-id': id, 'webhook-timestamp': String(seconds), 'webhook-signature': signatures.join(' ') };
}
