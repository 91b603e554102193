import type { OwnLimits } from '../../common/limits/names.js';
import type { RegistrationMode, SigningKey } from '../domain/app.js';
import type { Device } from '../domain/device.js';

/** A change of an app. */
export interface AppUpdate {
  /** The app's id. */
  id: string;
  /** Undefined: as it is. */
  name: string | undefined;
  /** Undefined: as it is. */
  registration: RegistrationMode | undefined;
  /** Limits of its own, all of them; absent: as they are. */
  limits?: OwnLimits;
}

/** A signing key by its app. */
export interface StoredSigningKey extends SigningKey {
  /** The app's number. */
  readonly appNum: number;
}

/** An order to give a device another id. */
export interface IdRotation {
  /** The id that it has, or had until lately. */
  id: string;
  /** The id that it gets. */
  newId: string;
  /** Milliseconds since the epoch. */
  now: number;
}

/** A device that has another id. */
export interface Rotated {
  /** The device with its new id. */
  device: Device & { alias: string };
  /** The id that it had. */
  previousId: string;
  /** It had the new id already: the order was repeated. */
  repeated: boolean;
}

/** Look-ups of who may register devices: each sees everything that was committed before it began. */
export interface AccessReader {
  /** The devices of native tokens, unregistered ones too; a token that nobody registered with is absent. */
  findDevicesByToken(pairs: readonly { appNum: number; nativeToken: string }[]): Promise<Device[]>;
  /** The encrypted signing keys of all apps. */
  loadSealedSigningKeys(): Promise<StoredSigningKey[]>;
  /** Number of enabled apps whose devices whoever knows their id may register: OPEN and BOTH. */
  countOpenApps(): Promise<number>;
}

/** Commits of who may register devices, and of devices' ids: each call is one transaction. */
export interface AccessWriter {
  /** Changes apps. Answers in the order of the call whether there is such an app. */
  commitAppUpdates(updates: readonly AppUpdate[]): Promise<boolean[]>;
  /**
   * Stores signing keys; one that is stored already gets this material.
   *
   * @throws OnePushError TOO_MANY_KEYS: the app of one of them has as many as it may
   */
  commitSigningKeys(keys: readonly StoredSigningKey[]): Promise<void>;
  /** Removes signing keys. Answers in the order of the call whether there was such a key. */
  commitSigningKeyRemovals(keys: readonly { appNum: number; id: string }[]): Promise<boolean[]>;
  /**
   * Gives registered devices other ids, each once; all else stays. The id of before is good for the same order again,
   * for a minute. Answers in the order of the call; undefined: there is no such registered device.
   */
  commitIdRotations(rotations: readonly IdRotation[]): Promise<(Rotated | undefined)[]>;
}
