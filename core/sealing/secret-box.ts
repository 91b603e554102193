import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

/** A text that only who has its key can read. */
export interface Sealed {
  /** Names the key. */
  readonly keyId: string;
  /** `1.` and base64 of the nonce, the tag and what was encrypted. */
  readonly text: string;
}

/**
 * Encrypts with AES-256-GCM. What is sealed for one `place` cannot be opened at another: rows cannot be swapped.
 */
export interface SecretBox {
  /** Name of the key that seals; undefined: there is none, and nothing can be sealed. */
  readonly keyId: string | undefined;
  /** Encrypts with the first key. @throws Error if there is no key */
  seal(text: string, place: string): Sealed;
  /** Decrypts; undefined: none of the keys fits, or it was changed. */
  open(sealed: Sealed, place: string): string | undefined;
}

const VERSION = '1.';
const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** @param keys of 32 bytes each; the first one seals, all open */
export function createSecretBox(keys: readonly Uint8Array[]): SecretBox {
  const byId = new Map(keys.map((key) => [idOf(key), key]));
  const [first] = keys;

  return {
    keyId: first && idOf(first),
    seal(text, place) {
      if (first === undefined) throw new Error('there is no key');
      // Random: a key seals far fewer than the 2^32 texts that this is safe for.
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, first, nonce, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(place));
      const encrypted = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      const whole = Buffer.concat([nonce, cipher.getAuthTag(), encrypted]);
      return { keyId: idOf(first), text: VERSION + whole.toString('base64') };
    },
    open({ keyId, text }, place) {
      const key = byId.get(keyId);
      if (key === undefined || !text.startsWith(VERSION)) return undefined;
      const whole = Buffer.from(text.slice(VERSION.length), 'base64');
      if (whole.length < NONCE_BYTES + TAG_BYTES) return undefined;
      const [nonce, rest] = [whole.subarray(0, NONCE_BYTES), whole.subarray(NONCE_BYTES)];
      const cipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(place));
      cipher.setAuthTag(rest.subarray(0, TAG_BYTES));
      try {
        return Buffer.concat([cipher.update(rest.subarray(TAG_BYTES)), cipher.final()]).toString();
      } catch {
        return undefined;
      }
    },
  };
}

/** A name that says nothing about the key. */
function idOf(key: Uint8Array): string {
  return createHash('sha256').update('onepush key id').update(key).digest('base64url').slice(0, 16);
}
