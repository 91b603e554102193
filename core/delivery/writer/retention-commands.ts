import type { AppRemoval, DeviceRemoval, StoreWriter } from '../../store/store.js';
import type { OnCommit } from '../commit-effects.js';
import { type Command, single } from './command-queue.js';

/** The changes that remove what nobody needs any more. Each answers how many it has removed. */
export interface RetentionCommands {
  /** Notes that devices have, or had, a session. */
  markSeen: Command<readonly number[], void>;
  /** Removes devices that were not seen for long, and have no session when the transaction begins. */
  removeDevices: Command<Omit<DeviceRemoval, 'now'> & { readonly isConnected: (deviceNum: number) => boolean }, number>;
  /** Removes topics that have neither devices nor pushes. */
  removeTopics: Command<readonly number[], number>;
  /** Removes cursors of devices that are not registered. */
  removeCursors: Command<readonly number[], number>;
  /** Removes keys of apps that have ended. */
  removeKeys: Command<{ nums: readonly number[]; endedBefore: number }, number>;
  /** Does a part of the removal of an app that was deleted. Answers whether it is gone. `id`: its public id. */
  removeApp: Command<Omit<AppRemoval, 'now'> & { readonly id: string }, boolean>;
  /** Removes entries of the audit log. */
  removeEntries: Command<readonly number[], number>;
}

/** Returns the commands over a store. */
export function createRetentionCommands(options: {
  commits: StoreWriter;
  onCommit: OnCommit;
  now: () => number;
}): RetentionCommands {
  const { commits, onCommit, now } = options;
  return {
    markSeen: {
      subjectOf: () => '',
      apply: ([deviceNums]) => single(deviceNums, (nums) => commits.commitSeen(nums, now())),
    },
    removeDevices: {
      endsDeliveries: true,
      subjectOf: () => '',
      apply: ([removal]) =>
        single(
          removal,
          ({ deviceNums, seenBefore, isConnected }) => {
            const left = deviceNums.filter((num) => !isConnected(num));
            return commits.commitDeviceRemovals({ deviceNums: left, seenBefore, now: now() });
          },
          (gone) => {
            for (const device of gone) onCommit({ kind: 'unregistered', device });
            return gone.length;
          },
        ),
    },
    removeTopics: {
      subjectOf: () => '',
      apply: ([nums]) =>
        single(
          nums,
          (each) => commits.commitTopicRemovals(each),
          (topics) => {
            if (topics.length > 0) onCommit({ kind: 'topicsRemoved', topics });
            return topics.length;
          },
        ),
    },
    removeCursors: {
      subjectOf: () => '',
      apply: ([nums]) => single(nums, (each) => commits.commitCursorRemovals(each)),
    },
    removeKeys: {
      subjectOf: () => '',
      apply: ([keys]) => single(keys, ({ nums, endedBefore }) => commits.commitKeyRemovals(nums, endedBefore)),
    },
    removeApp: {
      endsDeliveries: true,
      subjectOf: () => '',
      apply: ([removal]) =>
        single(
          removal,
          (each) => commits.commitAppRemoval({ ...each, now: now() }),
          ({ devices, channels, webhooks, done }) => {
            if (removal !== undefined) onCommit({ kind: 'appChanged', id: removal.id });
            for (const device of devices) onCommit({ kind: 'unregistered', device });
            for (const num of channels) onCommit({ kind: 'channelRemoved', num });
            for (const num of webhooks) onCommit({ kind: 'webhookRemoved', num });
            return done;
          },
        ),
    },
    removeEntries: {
      subjectOf: () => '',
      apply: ([nums]) => single(nums, (each) => commits.commitEntryRemovals(each)),
    },
  };
}
