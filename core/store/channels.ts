import type { Channel } from '../domain/channel.js';

/** A credential of an app, encrypted. */
export interface StoredChannel {
  /** The store's number of it; it stays the same when the settings change. */
  readonly num: number;
  /** The app's number. */
  readonly appNum: number;
  /** The app's own name for it. */
  readonly name: string;
  /** The vendor. */
  readonly channel: Channel;
  /** Its settings, encrypted. */
  readonly settings: string;
  /** Names the key. */
  readonly keyId: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Milliseconds since the epoch. */
  readonly updatedAt: number;
}

/** A credential that an app gets, or other settings of the one of this name. */
export interface NewChannel extends Omit<StoredChannel, 'num' | 'createdAt'> {}

/** A credential by its app and its name. */
export type ChannelName = Pick<StoredChannel, 'appNum' | 'name'>;

/** Setting of an app about wakes. */
export interface AppWaking {
  /** The app's id. */
  readonly id: string;
  /** True: it keeps its content from vendors. */
  readonly hidesContent: boolean;
}

/** Look-ups of channels: each sees everything that was committed before it began. */
export interface ChannelReader {
  /** All credentials of all apps, by number. */
  loadChannels(): Promise<StoredChannel[]>;
  /** The numbers of the apps that keep their content from vendors. */
  loadHidingApps(): Promise<number[]>;
}

/** Commits of channels: each call is one transaction. */
export interface ChannelWriter {
  /** Stores credentials, no two of one app and name. Answers them in the order of the call. */
  commitChannels(channels: readonly NewChannel[]): Promise<StoredChannel[]>;
  /** Removes credentials. Answers their numbers in the order of the call; undefined: there was none. */
  commitChannelRemovals(names: readonly ChannelName[]): Promise<(number | undefined)[]>;
  /** Answers in the order of the call the number of each app; undefined: there is none. */
  commitAppWaking(waking: readonly AppWaking[]): Promise<(number | undefined)[]>;
}
