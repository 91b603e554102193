import type { AppWaking, ChannelName, NewChannel, StoredChannel, StoreWriter } from '../../store/store.js';
import type { OnCommit } from '../commit-effects.js';
import { type Command, commit } from './command-queue.js';

/** The changes of channels that go through the write cycle. */
export interface ChannelCommands {
  /** Stores a credential. Absent `updatedAt`: now. */
  setChannel: Command<Omit<NewChannel, 'updatedAt'> & { updatedAt?: number }, StoredChannel>;
  /** False: there is none of this name. */
  removeChannel: Command<ChannelName, boolean>;
  /** False: there is no such app. */
  setAppWaking: Command<AppWaking, boolean>;
}

/** Returns the commands over a store. */
export function createChannelCommands(options: {
  commits: StoreWriter;
  onCommit: OnCommit;
  now: () => number;
}): ChannelCommands {
  const { commits, onCommit, now } = options;
  return {
    setChannel: {
      subjectOf: ({ appNum, name }) => `${appNum}:${name}`,
      bytesOf: ({ settings }) => settings.length,
      apply: (channels) =>
        commit(commits.commitChannels(channels.map((each) => ({ updatedAt: now(), ...each }))), (stored) => {
          for (const channel of stored) onCommit({ kind: 'channelSet', channel });
          return stored;
        }),
    },
    removeChannel: {
      subjectOf: ({ appNum, name }) => `${appNum}:${name}`,
      apply: (names) =>
        commit(commits.commitChannelRemovals(names), (nums) => {
          for (const num of nums) if (num !== undefined) onCommit({ kind: 'channelRemoved', num });
          return nums.map((num) => num !== undefined);
        }),
    },
    setAppWaking: {
      subjectOf: ({ id }) => id,
      apply: (waking) =>
        commit(commits.commitAppWaking(waking), (nums) => {
          for (const [index, { hidesContent }] of waking.entries()) {
            const appNum = nums[index];
            if (appNum !== undefined) onCommit({ kind: 'contentHidden', appNum, hides: hidesContent });
          }
          return nums.map((num) => num !== undefined);
        }),
    },
  };
}
