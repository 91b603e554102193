import type { AppList, RegistrationMode } from '../domain/app.js';
import type { Device } from '../domain/device.js';

/** An app with its first key. */
export interface NewApp {
  /** The id that callers give. */
  id: string;
  /** A name for people. */
  name: string;
  /** A hash of the key. */
  keyHash: string;
  /** Way in which its devices are registered; absent: OPEN. */
  registration?: RegistrationMode;
  /** Milliseconds since the epoch. */
  now: number;
}

/** A new key of an app. */
export interface KeyRotation {
  /** The app's id. */
  id: string;
  /** Of the new key. */
  keyHash: string;
  /** Time at which the earlier keys stop working. */
  oldUntil: number;
  /** Milliseconds since the epoch. */
  now: number;
}

/** An app that is stopped, or goes on. */
export interface AppState {
  /** The app's id. */
  id: string;
  /**
   * While it is disabled or deleted nobody may push, and its devices get nothing. What is deleted is removed when
   * `REMOVAL_DELAY_MS` have passed. To undelete it leaves it disabled if it is; to enable it undoes both.
   */
  change: 'disable' | 'delete' | 'undelete' | 'enable';
  /** Milliseconds since the epoch. */
  now: number;
}

/** Look-ups of apps: each sees everything that was committed before it began. */
export interface AppReader extends AppList {
  /** The first app that was deleted by a time; undefined: there is none. Reads the whole table of apps. */
  findDeletedApp(deletedBefore: number): Promise<{ num: number; id: string } | undefined>;
  /** Numbers of devices of an app, unregistered ones too, in any order, at the most `limit`. */
  findDevicesOfApp(appNum: number, limit: number): Promise<number[]>;
}

/** A step of the removal of an app. */
export interface AppRemoval {
  /** The app's number. */
  readonly appNum: number;
  /** Time by which it must have been deleted. */
  readonly deletedBefore: number;
  /** Devices of it that are removed by this step; empty: all else of it is next. */
  readonly deviceNums: readonly number[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Progress of the removal of an app. */
export interface AppRemoved {
  /** Devices that are gone. */
  readonly devices: (Device & { alias: string })[];
  /** Numbers of the credentials of channels that are gone. */
  readonly channels: number[];
  /** Numbers of the webhooks that are gone. */
  readonly webhooks: number[];
  /** True: the app is gone, and nothing of it is left. */
  readonly done: boolean;
}

/** Commits of apps: each call is one transaction. */
export interface AppWriter {
  /**
   * Creates an app with its first key and its `everyone` timeline; an app of that id that exists already stays as it
   * is.
   */
  commitApps(apps: readonly NewApp[]): Promise<void>;
  /**
   * Gives apps a new key each; the earlier ones without a name end at `oldUntil`. Answers in the order of the call
   * whether there is such an app.
   */
  commitKeyRotations(rotations: readonly KeyRotation[]): Promise<boolean[]>;
  /**
   * Stops apps, or lets them go on; twice is fine. Answers in the order of the call whether there is such an app: one
   * whose time is over is none.
   */
  commitAppStates(states: readonly AppState[]): Promise<boolean[]>;
  /**
   * Does a small part of the removal of an app that was deleted by a time, and not enabled since; of another it does
   * nothing. From the first part on the app is not found any more. Its idempotency keys and its entries of the audit
   * log go when their own time is over.
   */
  commitAppRemoval(removal: AppRemoval): Promise<AppRemoved>;
}
