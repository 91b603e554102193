import type { Channel as ChannelName } from '../domain/channel.js';
import type { ChannelStatus } from './host.js';

/** A credential that is to be stored. */
export interface CredentialDraft {
  /** The app's number. */
  readonly appNum: number;
  /** The app's own name for it. */
  readonly name: string;
  /** The vendor. */
  readonly channel: ChannelName;
  /** Its settings, of JSON. */
  readonly settings: unknown;
}

/** A credential as operators see it. */
export interface ListedCredential {
  /** The store's number of it. */
  readonly num: number;
  /** The app's own name for it. */
  readonly name: string;
  /** The vendor. */
  readonly channel: ChannelName;
  /** Ids and names of its settings, no secret; empty where they cannot be read. */
  readonly settings: Readonly<Record<string, string>>;
  /** State of its channel; or the reason for which its settings cannot be read. */
  readonly state: { readonly kind: 'usable'; readonly status: ChannelStatus } | LockedState;
  /** Milliseconds since the epoch; undefined: it is not stored. */
  readonly createdAt: number | undefined;
  /** Milliseconds since the epoch; undefined: it is not stored. */
  readonly updatedAt: number | undefined;
}

/** Settings that cannot be read: `wrong_key`, or `bad_settings` that an earlier release took. */
export interface LockedState {
  /** Tells it from the other. */
  readonly kind: 'locked';
  /** A word of ours. */
  readonly reason: 'wrong_key' | 'bad_settings';
}

/** The credentials of all apps, without their secrets. */
export interface ChannelCredentials {
  /** Returns true if there is a key to encrypt with. */
  canSeal(): boolean;
  /**
   * Checks settings and encrypts them for the store.
   *
   * @throws ChannelSettingsError with every field that is wrong; `channel` for one that this release has not
   */
  seal(draft: CredentialDraft): { readonly settings: string; readonly keyId: string };
  /** Returns those of an app, by name. */
  list(appNum: number): readonly ListedCredential[];
  /** Finds one by its name. */
  find(appNum: number, name: string): ListedCredential | undefined;
}
