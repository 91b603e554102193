import { newDeviceId } from '../../../common/secrets.js';
import type { AppUpdate, Rotated, StoredSigningKey, StoreWriter } from '../../store/store.js';
import type { OnCommit } from '../commit-effects.js';
import { type Command, commit } from './command-queue.js';

/** The changes of who gets in that go through the write cycle. */
export interface AccessCommands {
  /** False: there is no such app. */
  updateApp: Command<AppUpdate, boolean>;
  /** Stores a signing key of an app, or encrypts the one of this id otherwise. */
  setSigningKey: Command<StoredSigningKey & { appId: string }, void>;
  /** False: the app has no such key. */
  removeSigningKey: Command<{ appId: string; appNum: number; id: string }, boolean>;
  /** By device id. Undefined: there is no such registered device. */
  rotateId: Command<string, Rotated | undefined>;
}

/** Returns the commands over a store. */
export function createAccessCommands(options: {
  commits: StoreWriter;
  onCommit: OnCommit;
  now: () => number;
}): AccessCommands {
  const { commits, onCommit, now } = options;
  return {
    updateApp: {
      subjectOf: ({ id }) => id,
      apply: (updates) =>
        commit(commits.commitAppUpdates(updates), (known) => {
          for (const { id } of updates) onCommit({ kind: 'appChanged', id });
          return known;
        }),
    },
    setSigningKey: {
      subjectOf: ({ appNum, id }) => `${appNum}:${id}`,
      bytesOf: ({ material }) => material.length,
      apply: (keys) =>
        commit(commits.commitSigningKeys(keys), () => {
          for (const { appId } of keys) onCommit({ kind: 'appChanged', id: appId });
          return [];
        }),
    },
    removeSigningKey: {
      subjectOf: ({ appNum, id }) => `${appNum}:${id}`,
      apply: (keys) =>
        commit(commits.commitSigningKeyRemovals(keys), (removed) => {
          for (const { appId } of keys) onCommit({ kind: 'appChanged', id: appId });
          return removed;
        }),
    },
    rotateId: {
      subjectOf: (deviceId) => deviceId,
      apply: (ids) =>
        commit(commits.commitIdRotations(ids.map((id) => ({ id, newId: newDeviceId(), now: now() }))), (results) => {
          for (const rotated of results) {
            if (rotated?.repeated === false) onCommit({ kind: 'rotated', rotated });
          }
          return results;
        }),
    },
  };
}
