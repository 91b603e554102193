import { randomBytes } from 'node:crypto';
import { type CryptoKey, importJWK } from 'jose';
import { OnePushError } from '../../common/errors.js';
import { isPublicUrl, PUBLIC_URL_RULE } from '../../common/public-url.js';
import type { SigningKey, SigningKeyKind } from '../domain/app.js';
import type { SecretBox } from '../sealing/secret-box.js';
import type { PublishedKeys } from './jwks.js';
import { ALGORITHMS, isAlgorithmOf, parsePublicKey } from './public-keys.js';
import type { GivenKey, SigningKeys } from './registration.js';

/** A key with which a signature can be checked. */
export interface VerificationKey {
  /** Its kind, which says the algorithm. */
  readonly kind: Exclude<SigningKeyKind, 'JWKS'>;
  /** The key itself. */
  readonly key: CryptoKey | Uint8Array;
}

/** The head of a token, as far as it says which key it wants. */
export interface TokenHead {
  /** Its algorithm. */
  readonly alg: string;
  /** The name of its key; undefined: it has none. */
  readonly kid: string | undefined;
}

/** Signing keys that can be used. */
export interface UsableSigningKeys extends SigningKeys {
  /**
   * Returns the keys of an app that may have signed a token of this head, those at hand first: only keys whose kind is
   * for its algorithm.
   *
   * @throws OnePushError REGISTRATION_KEYS_UNAVAILABLE when it comes to keys that cannot be fetched
   */
  candidates(app: { num: number; signingKeys: readonly SigningKey[] }, head: TokenHead): AsyncIterable<VerificationKey>;
  /** Returns those that are encrypted with another key than the first one, encrypted with that. */
  reseal<K extends SigningKey & { appNum: number }>(stored: readonly K[]): K[];
}

/** Length of a secret, in bytes: HS256 wants as many as its digest has (RFC 7518). */
const SECRET_BYTES = { least: 32, most: 1024 };

/** Returns signing keys over what encrypts, and what fetches. */
export function createSigningKeys(options: { box: SecretBox; published: PublishedKeys }): UsableSigningKeys {
  const { box, published } = options;
  /** For as long as an app is cached: one that is removed is not found again. */
  const imported = new WeakMap<SigningKey, Promise<VerificationKey | undefined>>();

  async function importKey(appNum: number, key: SigningKey): Promise<VerificationKey | undefined> {
    const { kind, material } = key;
    if (kind === 'JWKS') return undefined;
    if (kind === 'HS256') {
      const secret = openSecret(appNum, key);
      return secret === undefined ? undefined : { kind, key: Buffer.from(secret) };
    }
    return { kind, key: await importJWK(JSON.parse(material), ALGORITHMS[kind][0]) };
  }

  function importOnce(appNum: number, key: SigningKey): Promise<VerificationKey | undefined> {
    const known = imported.get(key) ?? importKey(appNum, key);
    imported.set(key, known);
    return known;
  }

  function openSecret(appNum: number, { id, keyId, material }: SigningKey): string | undefined {
    return keyId === null ? undefined : box.open({ keyId, text: material }, placeOf(appNum, id));
  }

  function materialOf(appNum: number, id: string, { kind, key, kid }: GivenKey) {
    if (kind === 'HS256') {
      if (box.keyId === undefined) throw new OnePushError('NO_SECRET_KEY');
      const secret = key === '' ? randomBytes(SECRET_BYTES.least).toString('base64url') : key;
      if (!isSecret(secret)) {
        throw broken('key', `must be ${SECRET_BYTES.least} to ${SECRET_BYTES.most} visible ASCII characters`);
      }
      const { text, keyId } = box.seal(secret, placeOf(appNum, id));
      return { material: text, keyId, secret: key === '' ? secret : undefined };
    }
    if (kind === 'JWKS') {
      if (kid !== '') throw broken('kid', 'must be absent: the published keys have their own');
      if (!isPublicUrl(key)) throw broken('key', PUBLIC_URL_RULE);
      return { material: key, keyId: null, secret: undefined };
    }
    const found = parsePublicKey(key);
    if (found?.kind !== kind) throw broken('key', `must be a public key of ${kind}, as PEM or as a JWK`);
    return { material: JSON.stringify(found.jwk), keyId: null, secret: undefined };
  }

  return {
    make(appNum, given) {
      const id = randomBytes(8).toString('hex');
      const { material, keyId, secret } = materialOf(appNum, id, given);
      const kid = given.kid === '' ? null : given.kid;
      return { key: { id, kind: given.kind, kid, material, keyId, createdAt: Date.now() }, secret };
    },
    problemOf(appNum, key) {
      if (key.kind === 'JWKS') return published.problemOf(key.material) ?? '';
      return key.kind === 'HS256' && openSecret(appNum, key) === undefined ? 'wrong_key' : '';
    },
    async *candidates({ num, signingKeys }, { alg, kid }) {
      for (const key of signingKeys) {
        const isNamed = kid === undefined || key.kid === null || key.kid === kid;
        if (key.kind === 'JWKS' || !isNamed || !isAlgorithmOf(key.kind, alg)) continue;
        const usable = await importOnce(num, key);
        if (usable !== undefined) yield usable;
      }
      // A secret is never published: nothing is fetched for HS256.
      if (isAlgorithmOf('HS256', alg)) return;
      for (const { kind, material } of signingKeys) {
        if (kind !== 'JWKS') continue;
        yield* await published.find(material, (key) => {
          return isAlgorithmOf(key.kind, alg) && (kid === undefined || key.kid === undefined || key.kid === kid);
        });
      }
    },
    reseal: (stored) =>
      stored.flatMap((key) => {
        if (key.keyId === box.keyId || box.keyId === undefined) return [];
        const secret = openSecret(key.appNum, key);
        if (secret === undefined) return [];
        const { text, keyId } = box.seal(secret, placeOf(key.appNum, key.id));
        return [{ ...key, material: text, keyId }];
      }),
  };
}

function isSecret(text: string): boolean {
  return text.length >= SECRET_BYTES.least && text.length <= SECRET_BYTES.most && /^[!-~]*$/.test(text);
}

function broken(field: string, rule: string): OnePushError {
  return new OnePushError('INVALID_FIELDS', { violations: [{ field, rule }] });
}

/** The place of a secret, outside of which it cannot be decrypted. */
function placeOf(appNum: number, id: string): string {
  return JSON.stringify(['signing key', appNum, id]);
}
