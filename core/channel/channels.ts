import type { Logger } from '../../common/logs/log.js';
import type { Vapid } from '../../common/settings/vapid.js';
import type { Channel as ChannelName } from '../domain/channel.js';
import { createSecretBox } from '../sealing/secret-box.js';
import { ChannelSettingsError } from './channel.js';
import {
  type ChangingCredentials,
  createCredentials,
  type SealedCredential,
} from './credentials/create-credentials.js';
import { createChannelHost } from './host/create-host.js';
import { type ChangingDirectory, createChannelDirectory } from './host/directory.js';
import type { ThreadProgram } from './host/thread.js';
import type { BreakerState, ChannelHost, ChannelKinds, ObserveWake } from './host.js';

/** All ways to devices that have no session. */
export interface Channels {
  /** Credentials as operators see them. */
  readonly credentials: ChangingCredentials;
  /** Sends. */
  readonly host: ChannelHost;
  /** Finds the credential for a device. */
  readonly directory: ChangingDirectory;
  /**
   * Takes what is stored.
   *
   * @returns what is to be stored in its place: encrypted with the first key
   */
  load(stored: readonly SealedCredential[], hidingApps: readonly number[]): SealedCredential[];
  /** Makes the environment's keys for Web Push a credential of an app. */
  addVapid(appNum: number, vapid: Vapid): void;
  /** Takes the effects of commits. */
  readonly followers: {
    set(stored: SealedCredential): void;
    removed(num: number): void;
    setHidesContent(appNum: number, hides: boolean): void;
  };
  /** Returns how all stand, for metrics. */
  counts(): ChannelsCounts;
}

/** The state of all channels. */
export interface ChannelsCounts {
  /** That of each credential. */
  readonly channels: readonly { channel: ChannelName; state: BreakerState | 'locked' }[];
  /** Messages that wait, and that vendors have not answered, of each credential. */
  readonly messages: readonly { channel: ChannelName; queued: number; inFlight: number }[];
  /** Number of times that the thread of the vendors has died. */
  readonly restarts: number;
}

/** Name of the credential of the environment: none that is stored can have it. */
const VAPID_NAME = '(environment)';

/** Returns the channels of no credentials. */
export function createChannels(options: {
  kinds: ChannelKinds;
  /** Keys of the store: the first encrypts, all decrypt. */
  keys: readonly Uint8Array[];
  log: Logger;
  observe?: ObserveWake;
  /** Absent: that of the product. */
  program?: ThreadProgram;
}): Channels {
  const { keys, log } = options;
  const host = createChannelHost(options);
  const directory = createChannelDirectory();
  const credentials = createCredentials({ ...options, box: createSecretBox(keys), host, directory });
  return {
    credentials,
    host,
    directory,
    load(stored, hidingApps) {
      for (const appNum of hidingApps) directory.setHidesContent(appNum, true);
      return credentials.load(stored);
    },
    addVapid(appNum, { publicKey, privateKey, subject }) {
      const settings = { publicKey, privateKey, subject };
      try {
        credentials.addUnstored({ appNum, name: VAPID_NAME, channel: 'WEB_PUSH', settings });
      } catch (error) {
        const problems = error instanceof ChannelSettingsError ? error.problems : [];
        log.error({ component: 'channels', problems }, 'the keys of ONEPUSH_VAPID_… cannot be used');
      }
    },
    followers: {
      set: credentials.set,
      removed: credentials.removed,
      setHidesContent: directory.setHidesContent,
    },
    counts() {
      const { channels, restarts } = host.counts();
      const locked = credentials.locked().map((channel) => ({ channel, state: 'locked' as const }));
      return {
        channels: [...channels.map(({ channel, breaker }) => ({ channel, state: breaker })), ...locked],
        messages: channels,
        restarts,
      };
    },
  };
}
