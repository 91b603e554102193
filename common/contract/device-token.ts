import { ECDH } from 'node:crypto';
import type { Violation } from '../errors.js';
import { isPublicUrl, PUBLIC_URL_RULE } from '../public-url.js';
import { CHANNELS, type Channel } from './channels.js';

/** The channels that reach devices by tokens: all but those of short messages. */
export const TOKEN_CHANNELS = CHANNELS.filter((channel): channel is TokenChannel => !channel.startsWith('SMS_'));
/** One of `TOKEN_CHANNELS`. */
export type TokenChannel = Exclude<Channel, `SMS_${string}`>;

/** A device's token as a caller gives it: each field for itself is as it must be. */
export interface TokenFields {
  /** The vendor. */
  channel: TokenChannel;
  /** The vendor's token; of WEB_PUSH the endpoint. */
  token: string;
  /** Undefined: production. */
  environment?: 'PRODUCTION' | 'SANDBOX' | undefined;
  /** The keys of a browser's subscription, in Base64. */
  keys?: { p256dh: string; auth: string } | undefined;
}

/** A public key of P-256, not compressed, and the secret beside it, in bytes (RFC 8291). */
const PUBLIC_KEY_BYTES = 65;
const SECRET_BYTES = 16;
const UNCOMPRESSED = 4;
/** An APNs token: bytes in hexadecimal digits. Their number may change; so far there were 32 or more. */
const APNS_TOKEN = /^(?:[0-9a-f]{2}){32,128}$/i;
/** As many as the store has room for. */
const MAX_BYTES = 4096;
const VISIBLE_ASCII = /^[!-~]+$/;
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;

/** Returns true if a text looks like a token of APNs. */
export function isApnsToken(text: string): boolean {
  return APNS_TOKEN.test(text);
}

/**
 * Finds out what is wrong with a token for its channel.
 *
 * @param names of the fields, where they are not those of `push`
 */
export function findTokenViolations(
  { channel, token, environment, keys }: TokenFields,
  names: { token: string; keys: string } = { token: 'push.token', keys: 'push.keys' },
): Violation[] {
  const found: Violation[] = [];
  const refuse = (field: string, rule: string): void => void found.push({ field, rule });
  const rule = brokenRule(channel, token);
  if (rule !== undefined) refuse(names.token, rule);
  if (environment === 'SANDBOX' && channel !== 'APNS') {
    refuse('push.environment', 'must be PRODUCTION, or absent: only APNS has another');
  }
  if (channel !== 'WEB_PUSH') {
    if (keys !== undefined) refuse(names.keys, 'must be absent: only WEB_PUSH has keys');
  } else if (keys === undefined) {
    refuse(names.keys, 'is required: it must be the keys of the subscription');
  } else {
    if (!isPublicKey(keys.p256dh)) refuse(`${names.keys}.p256dh`, 'must be a public key of P-256: 65 bytes in Base64');
    if (bytesOf(keys.auth)?.length !== SECRET_BYTES) refuse(`${names.keys}.auth`, 'must be 16 bytes in Base64');
  }
  return found;
}

/** Returns the same bytes in the one spelling that is kept: base64url without padding. */
export function toBase64Url(base64: string): string {
  return Buffer.from(base64, 'base64').toString('base64url');
}

function brokenRule(channel: TokenChannel, token: string): string | undefined {
  switch (channel) {
    case 'APNS':
      return isApnsToken(token) ? undefined : 'must be 64 to 256 hexadecimal digits, as APNS has them';
    case 'WEB_PUSH':
      return isPublicUrl(token) ? undefined : PUBLIC_URL_RULE;
    case 'WEBHOOK':
      return Buffer.byteLength(token) <= MAX_BYTES ? undefined : `must have at most ${MAX_BYTES} bytes`;
    default:
      return VISIBLE_ASCII.test(token) ? undefined : 'must be of visible ASCII';
  }
}

function isPublicKey(base64: string): boolean {
  const bytes = bytesOf(base64);
  if (bytes?.length !== PUBLIC_KEY_BYTES || bytes[0] !== UNCOMPRESSED) return false;
  try {
    // Throws for what is no point of the curve: nothing could be encrypted for it.
    ECDH.convertKey(bytes, 'prime256v1');
    return true;
  } catch {
    return false;
  }
}

/** Undefined: it is no Base64, of either alphabet. */
function bytesOf(base64: string): Buffer | undefined {
  return BASE64.test(base64) ? Buffer.from(base64, 'base64') : undefined;
}
