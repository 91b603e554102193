import type { OwnLimits } from '../../common/limits/names.js';

/** A business system that may push. */
export interface App {
  /** The store's own number. */
  num: number;
  /** The id that callers give. */
  id: string;
  /** A name for people. */
  name: string;
  /** Keys that may have expired. */
  keys: readonly AppKey[];
  /** Nothing of it is accepted. */
  disabled: boolean;
  /** Way in which its devices are registered. */
  registration: RegistrationMode;
  /** Keys that registration tokens are checked with, oldest first. */
  signingKeys: readonly SigningKey[];
  /** Limits of its own; absent: none. */
  limits?: OwnLimits | undefined;
  /** Time from which on it is removed, in milliseconds since the epoch; absent: it stays. */
  removedAt?: number | undefined;
}

/** An app in a list of all. */
export interface AppSummary extends Pick<App, 'num' | 'id' | 'name' | 'disabled' | 'registration' | 'removedAt'> {
  /** Milliseconds since the epoch. */
  createdAt: number;
}

/** Lists apps, as they are committed. */
export interface AppList {
  /** Apps by their number, after `after`, at the most `limit`. Those whose removal has begun are left out. */
  listApps(after: number, limit: number): Promise<AppSummary[]>;
}

/** Milliseconds from the deletion of an app to its removal, in which it can be undone. */
export const REMOVAL_DELAY_MS = 86_400_000;

/**
 * Rules for who may register devices of an app:
 * - OPEN: whoever knows its id;
 * - BOTH: the same, on the way to SIGNED;
 * - SIGNED: who shows a registration token, or the app's own key.
 */
export type RegistrationMode = 'OPEN' | 'BOTH' | 'SIGNED';

/** Kinds of keys that registration tokens are checked with. The kind alone says which algorithm a key is for. */
export type SigningKeyKind = 'HS256' | 'ES256' | 'EDDSA' | 'RS256' | 'JWKS';

/** A key that registration tokens are checked with. */
export interface SigningKey {
  /** Names it within its app. */
  readonly id: string;
  /** Its kind. */
  readonly kind: SigningKeyKind;
  /** The `kid` of its tokens; null: tokens with any are tried. */
  readonly kid: string | null;
  /** A public key as JWK, an address of JWKS, or an encrypted secret. */
  readonly material: string;
  /** Names the key that `material` is encrypted with; null: it is no secret. */
  readonly keyId: string | null;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

/** Use that a key is for: to send, to read reports, or for everything of its app. */
export type Scope = 'send' | 'read' | 'manage';

/** A key that an app may use. */
export interface AppKey {
  /** The store's own number. */
  num: number;
  /** A name for people; empty: it is of CreateApp or RotateAppKey. */
  name: string;
  /** Use that it is for. */
  scope: Scope;
  /** Its SHA-256, see `hashSecret`. */
  hash: string;
  /** From when on it does not work any more, in milliseconds since the epoch; null: it works until it is replaced. */
  expiresAt: number | null;
}
