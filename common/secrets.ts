import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** 128 random bits as 32 hexadecimal digits: a device id. */
export function newDeviceId(): string {
  return randomBytes(16).toString('hex');
}

/** An app id: 64 random bits, so that nobody has to choose one. Not a secret. */
export function newAppId(): string {
  return randomBytes(8).toString('hex');
}

/** An app key: 192 random bits. */
export function newAppKey(): string {
  return randomBytes(24).toString('base64url');
}

/**
 * SHA-256 as 43 characters of base64url: what is kept of a key, and what a native token is found by. No salt and no
 * stretching: the keys that we make are random.
 */
export function hashSecret(secret: string | Uint8Array): string {
  return createHash('sha256').update(secret).digest('base64url');
}

/**
 * Returns true if `secret` has one of the hashes, in a time that does not depend on which, or on how much of it is
 * right.
 */
export function matchesSecret(secret: string, hashes: readonly string[]): boolean {
  const given = Buffer.from(hashSecret(secret));
  let matches = false;
  for (const hash of hashes) {
    const known = Buffer.from(hash);
    if (known.length === given.length && timingSafeEqual(given, known)) matches = true;
  }
  return matches;
}

/** Compares secrets in a time that does not depend on how much of them is equal. */
export function equalInConstantTime(a: string, b: string): boolean {
  return matchesSecret(a, [hashSecret(b)]);
}
