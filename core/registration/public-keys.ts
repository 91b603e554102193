import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import type { SigningKeyKind } from '../domain/app.js';

/** Kinds of keys that are public. */
export type PublicKeyKind = Extract<SigningKeyKind, 'ES256' | 'EDDSA' | 'RS256'>;

/** A public key with the one algorithm that it is used for. */
export interface PublicKey {
  /** Its kind, which its own parameters say. */
  readonly kind: PublicKeyKind;
  /** The public parameters alone. */
  readonly jwk: JsonWebKey;
}

/** Bits of an RSA key: fewer can be broken, more take too long for whoever sends a token. */
const RSA_BITS = { least: 2048, most: 8192 };
/** Larger exponents make a verification slow. */
const MAX_EXPONENT = 2n ** 32n;

/** Returns the key of a text in PEM, or of a JWK; undefined: it is none, a private one, or of no kind that there is. */
export function parsePublicKey(text: string): PublicKey | undefined {
  const trimmed = text.trim();
  // Node.js would take the public half of a private key, and whoever gave it would not know that it is no secret now.
  if (/PRIVATE KEY/.test(trimmed)) return undefined;
  if (!trimmed.startsWith('{')) {
    return /^-----BEGIN (RSA )?PUBLIC KEY-----/.test(trimmed) ? read(() => createPublicKey(trimmed)) : undefined;
  }
  try {
    const jwk: unknown = JSON.parse(trimmed);
    return typeof jwk === 'object' && jwk !== null ? fromJwk(jwk) : undefined;
  } catch {
    return undefined;
  }
}

/** Returns the key of a JWK; undefined as above, also where it says that it is for something else than signatures. */
export function fromJwk(jwk: Readonly<Record<string, unknown>> | object): PublicKey | undefined {
  const { kty, crv, x, y, n, e, d, k, alg, use } = jwk as Readonly<Record<string, unknown>>;
  if (d !== undefined || k !== undefined || (use !== undefined && use !== 'sig')) return undefined;
  const found = read(() => createPublicKey({ key: { kty, crv, x, y, n, e } as JsonWebKey, format: 'jwk' }));
  return found !== undefined && (alg === undefined || isAlgorithmOf(found.kind, alg)) ? found : undefined;
}

/** Algorithms of JWTs by kind of key: one each, under all the names that it has. */
export const ALGORITHMS: Readonly<Record<Exclude<SigningKeyKind, 'JWKS'>, readonly string[]>> = {
  HS256: ['HS256'],
  ES256: ['ES256'],
  EDDSA: ['EdDSA', 'Ed25519'],
  RS256: ['RS256'],
};

/** Returns true if keys of this kind are for this algorithm. */
export function isAlgorithmOf(kind: keyof typeof ALGORITHMS, algorithm: unknown): boolean {
  return typeof algorithm === 'string' && ALGORITHMS[kind].includes(algorithm);
}

function read(make: () => KeyObject): PublicKey | undefined {
  try {
    const key = make();
    const kind = kindOf(key);
    return kind && { kind, jwk: key.export({ format: 'jwk' }) };
  } catch {
    return undefined;
  }
}

function kindOf({ asymmetricKeyType: type, asymmetricKeyDetails: details = {} }: KeyObject): PublicKeyKind | undefined {
  if (type === 'ed25519') return 'EDDSA';
  if (type === 'ec') return details.namedCurve === 'prime256v1' ? 'ES256' : undefined;
  const { modulusLength = 0, publicExponent = MAX_EXPONENT } = details;
  const isFit = modulusLength >= RSA_BITS.least && modulusLength <= RSA_BITS.most && publicExponent < MAX_EXPONENT;
  return type === 'rsa' && isFit ? 'RS256' : undefined;
}
