import type { App, SigningKey, SigningKeyKind } from '../domain/app.js';
import type { Registration } from '../domain/device.js';

/**
 * Says whether a registration may be made, before anything of it is written. Nothing of a check is remembered: each
 * token is verified each time, with the keys that the app has then.
 */
export interface RegistrationCheck {
  /**
   * Checks a registration by the app's rule. `token`: the registration token; "" where none came. Not for the business
   * system itself, which needs none.
   *
   * @throws OnePushError one of REGISTRATION_…
   */
  check(app: App, registration: Registration, token: string): Promise<void>;
  /** Returns how many registrations of the app came without a token while it was BOTH. */
  unsignedOf(appId: string): number;
  /** Returns those of all apps, by id. */
  unsigned(): Iterable<[appId: string, registrations: number]>;
  /** Since when they are counted, in milliseconds since the epoch. */
  readonly since: number;
}

/** The keys that registration tokens are checked with. */
export interface SigningKeys {
  /**
   * Makes what an app is to store of a key that it was given; `secret`: the one that was made for it.
   *
   * @param key "" where a secret is to be made
   * @throws OnePushError INVALID_FIELDS with the rule that the key breaks; NO_SECRET_KEY
   */
  make(appNum: number, given: GivenKey): { readonly key: SigningKey; readonly secret: string | undefined };
  /** Returns the reason for which a key cannot be used now, as far as is known; "" where there is none. */
  problemOf(appNum: number, key: SigningKey): string;
}

/** A key as an app gives it. */
export interface GivenKey {
  /** The kind that the app says it is of. */
  readonly kind: SigningKeyKind;
  /** A secret, a public key as PEM or JWK, or an address. */
  readonly key: string;
  /** The `kid` of its tokens; "" for none. */
  readonly kid: string;
}
