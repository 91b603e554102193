import type { AdminToken } from '../../domain/access.js';
import type { NewAdminToken, NewAppKey, StoreWriter, Uses } from '../../store/store.js';
import type { OnCommit } from '../commit-effects.js';
import { type Command, commit } from './command-queue.js';

/** The changes of who may call that go through the write cycle. */
export interface CallerCommands {
  /** Gives an app a further key. Answers its number. `appId`: the app's public id. */
  createAppKey: Command<Omit<NewAppKey, 'now'> & { appId: string }, number>;
  /** False: the app has no such key. `appId`: the app's public id. */
  revokeAppKey: Command<{ appNum: number; num: number; appId: string }, boolean>;
  /** Keeps a token of an admin. */
  createAdminToken: Command<Omit<NewAdminToken, 'createdAt'>, AdminToken>;
  /** By number. False: there is none. */
  revokeAdminToken: Command<number, boolean>;
  /** Keeps when keys and tokens were used last. */
  keepUses: Command<Uses, void>;
  /** Changes nothing: for entries of the audit log that have no change of their own. */
  keepAudit: Command<void, void>;
}

/** Returns the commands over a store. */
export function createCallerCommands(options: {
  commits: StoreWriter;
  onCommit: OnCommit;
  now: () => number;
}): CallerCommands {
  const { commits, onCommit, now } = options;
  let serial = 0;
  const alone = (): string => String(++serial);
  return {
    createAppKey: {
      subjectOf: alone,
      apply: (keys) =>
        commit(commits.commitAppKeys(keys.map((key) => ({ ...key, now: now() }))), (nums) => {
          for (const { appId } of keys) onCommit({ kind: 'appChanged', id: appId });
          return nums;
        }),
    },
    revokeAppKey: {
      subjectOf: ({ num }) => String(num),
      apply: (keys) =>
        commit(commits.commitKeyRevocations(keys), (known) => {
          for (const { appId } of keys) onCommit({ kind: 'appChanged', id: appId });
          return known;
        }),
    },
    createAdminToken: {
      subjectOf: alone,
      apply: (tokens) =>
        commit(commits.commitAdminTokens(tokens.map((token) => ({ ...token, createdAt: now() }))), (results) => {
          for (const token of results) onCommit({ kind: 'adminTokenAdded', token });
          return results;
        }),
    },
    revokeAdminToken: {
      subjectOf: (num) => String(num),
      apply: (nums) =>
        commit(commits.commitTokenRevocations(nums), (known) => {
          for (const num of nums) onCommit({ kind: 'adminTokenRemoved', num });
          return known;
        }),
    },
    keepUses: {
      subjectOf: alone,
      bytesOf: ({ keys, tokens }) => 8 * (keys.length + tokens.length),
      apply: (uses) => commit(commits.commitUses(uses), () => []),
    },
    keepAudit: {
      subjectOf: alone,
      apply: () => commit(commits.commitNothing(), () => []),
    },
  };
}
