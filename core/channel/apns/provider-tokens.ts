import { createPrivateKey } from 'node:crypto';
import { SignJWT } from 'jose';
import type { ApnsSettings } from './settings.js';

/** A JWT by which APNs knows the team. */
export interface ProviderToken {
  /** The JWT itself, when it is signed. */
  readonly value: Promise<string>;
  /** Milliseconds that it has been in use. */
  ageMs(): number;
}

/**
 * The JWT of one key. APNs wants another one within the hour, and none within 20 minutes of the last: so there is one
 * for all requests, for 45 minutes.
 */
export interface ProviderTokens {
  /** Returns the JWT that is in use, or a new one in its time. */
  current(): ProviderToken;
  /** Returns another one in place of one that has ended for APNs; undefined: it is too young for that to be true. */
  renew(refused: ProviderToken): ProviderToken | undefined;
  /** Returns the one before, which APNs wants to see longer; undefined: there is none, or it has ended. */
  restore(refused: ProviderToken): ProviderToken | undefined;
}

const MINUTE_MS = 60_000;
/** Age at which a JWT is replaced, in milliseconds. */
const RENEW_MS = 45 * MINUTE_MS;
/** Age from which on APNs allows another one, in milliseconds. */
const YOUNG_MS = 20 * MINUTE_MS;
/** Age up to which one may be used again, in milliseconds. */
const OLD_MS = 55 * MINUTE_MS;

/** @param now milliseconds of a clock that nobody sets */
export function createProviderTokens(
  { teamId, keyId, privateKey }: Pick<ApnsSettings, 'teamId' | 'keyId' | 'privateKey'>,
  now: () => number = () => performance.now(),
): ProviderTokens {
  const key = createPrivateKey(privateKey);
  let token: ProviderToken | undefined;
  let previous: ProviderToken | undefined;
  let renewAgeMs = RENEW_MS;

  function make(): ProviderToken {
    const madeAt = now();
    const unsigned = new SignJWT().setProtectedHeader({ alg: 'ES256', kid: keyId }).setIssuer(teamId).setIssuedAt();
    previous = token;
    token = { value: unsigned.sign(key), ageMs: () => now() - madeAt };
    renewAgeMs = RENEW_MS;
    return token;
  }

  return {
    current: () => (token === undefined || token.ageMs() >= renewAgeMs ? make() : token),
    renew(refused) {
      // Others may have had it replaced since.
      if (token !== refused) return token;
      return refused.ageMs() < YOUNG_MS ? undefined : make();
    },
    restore(refused) {
      if (token !== refused) return token;
      if (previous === undefined || previous.ageMs() >= OLD_MS) return undefined;
      token = previous;
      previous = undefined;
      renewAgeMs = OLD_MS;
      return token;
    },
  };
}
