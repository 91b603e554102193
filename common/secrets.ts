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

/** A token of an admin: 192 random bits. */
export function newAdminToken(): string {
  return newAppKey();
}

/**
 * SHA-256 as 43 characters of base64url: what is kept of a key, and what a native token is found by. No salt and no
 * stretching: the keys that we make are random.
 */
export function hashSecret(secret: string | Uint8Array): string {
  return createHash('sha256').update(secret).digest('base64url');
}

/**
 * Finds the one of which `secret` has the hash, in a time that does not depend on which, or on how much of it is right.
 */
export function findSecret<T extends { readonly hash: string }>(secret: string, known: readonly T[]): T | undefined {
  const given = Buffer.from(hashSecret(secret));
  let found: T | undefined;
  for (const each of known) {
    const hash = Buffer.from(each.hash);
    if (hash.length === given.length && timingSafeEqual(given, hash)) found = each;
  }
  return found;
}

/** Compares secrets in a time that does not depend on how much of them is equal. */
export function equalInConstantTime(a: string, b: string): boolean {
  return findSecret(a, [{ hash: hashSecret(b) }]) !== undefined;
}
