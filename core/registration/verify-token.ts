import { decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose';
import { OnePushError } from '../../common/errors.js';
import type { App } from '../domain/app.js';
import { ALGORITHMS } from './public-keys.js';
import type { TokenHead, UsableSigningKeys } from './signing-keys.js';

/** The claims of a registration token. */
export interface RegistrationClaims {
  /** The alias that may be registered. */
  readonly alias: string;
  /** Ids of the apps that it is for. */
  readonly apps: readonly string[];
  /** The only tags that may be taken; undefined: all. */
  readonly tags: readonly string[] | undefined;
  /** The native token, or the id, of the only device that may be registered; undefined: any. */
  readonly device: string | undefined;
}

/** Seconds by which the clocks of two systems may differ. */
const SKEW_SECONDS = 60;
/** Maximum number of seconds from now to the end of a token: who has seen one can use it for as long. */
const MAX_LIFETIME_SECONDS = 86_400;
/** Bytes of a token: what is longer is not looked at. */
const MAX_LENGTH = 8192;

/**
 * Verifies a registration token: a JWT (RFC 7519) in its compact form. Its algorithm is that of the key's kind, never
 * one that the token chooses: what it says in its head only narrows the keys that are tried.
 *
 * @throws OnePushError one of REGISTRATION_…
 */
export async function verifyToken(
  token: string,
  app: App,
  options: { keys: Pick<UsableSigningKeys, 'candidates'>; now: () => number },
): Promise<RegistrationClaims> {
  const head = readHead(token);
  let tried = 0;
  for await (const { kind, key } of options.keys.candidates(app, head)) {
    tried++;
    try {
      const { payload } = await jwtVerify(token, key, {
        algorithms: [...ALGORITHMS[kind]],
        clockTolerance: SKEW_SECONDS,
        requiredClaims: ['sub', 'aud', 'exp'],
        currentDate: new Date(options.now()),
      });
      return toClaims(payload, options.now());
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw toOnePushError(error);
    }
  }
  throw new OnePushError(tried === 0 ? 'REGISTRATION_KEY_UNKNOWN' : 'REGISTRATION_SIGNATURE_WRONG');
}

function readHead(token: string): TokenHead {
  try {
    const { alg, kid } = token.length > MAX_LENGTH ? {} : decodeProtectedHeader(token);
    if (typeof alg !== 'string' || (kid !== undefined && typeof kid !== 'string')) throw malformed('its head');
    return { alg, kid };
  } catch {
    throw malformed('its head');
  }
}

function toClaims({ sub, aud, exp = 0, tags, device }: JWTPayload, now: number): RegistrationClaims {
  if (exp - now / 1000 > MAX_LIFETIME_SECONDS + SKEW_SECONDS) {
    throw malformed(`exp must be within ${MAX_LIFETIME_SECONDS} seconds`);
  }
  if (typeof sub !== 'string') throw malformed('sub must be a string');
  if (tags !== undefined && !isStrings(tags)) throw malformed('tags must be a list of strings');
  if (device !== undefined && typeof device !== 'string') throw malformed('device must be a string');
  const apps = typeof aud === 'string' ? [aud] : aud;
  if (!isStrings(apps)) throw malformed('aud must be a string, or a list of strings');
  return { alias: sub, apps, tags, device };
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

/** @param error of jose, whose messages repeat values */
function toOnePushError(error: unknown): unknown {
  if (error instanceof OnePushError) return error;
  if (error instanceof errors.JWTExpired) return new OnePushError('REGISTRATION_TOKEN_EXPIRED');
  if (error instanceof errors.JWTClaimValidationFailed) {
    const { claim, reason } = error;
    if (claim === 'nbf' && reason === 'check_failed') return new OnePushError('REGISTRATION_TOKEN_EARLY');
    const name = ['sub', 'aud', 'exp', 'nbf', 'iat'].find((each) => each === claim);
    return malformed(name === undefined ? 'a claim' : `${name} is missing, or not of its type`);
  }
  // What is left of jose's: it is no JWT, or asks for something that is not spoken.
  return error instanceof errors.JOSEError ? malformed('it is no JWT in its compact form') : error;
}

function malformed(hint: string): OnePushError {
  return new OnePushError('REGISTRATION_TOKEN_MALFORMED', { hint });
}
