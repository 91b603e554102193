import { createECDH, randomBytes } from 'node:crypto';

/** Keys of a subscription, as a browser makes them: in base64url without padding. */
export function subscriptionKeys(): { p256dh: string; auth: string } {
  const key = createECDH('prime256v1');
  return { p256dh: key.generateKeys('base64url'), auth: randomBytes(16).toString('base64url') };
}
