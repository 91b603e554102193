import type {
  NewWebhook,
  StoredWebhook,
  StoreWriter,
  WebhookChange,
  WebhookPlace,
  WebhookProgress,
  WebhookReplay,
} from '../../store/store.js';
import type { OnCommit } from '../commit-effects.js';
import { type Command, commit, single } from './command-queue.js';

/** The changes of webhooks that go through the write cycle. */
export interface WebhookCommands {
  /** Creates a webhook, which begins with what ends from now on. */
  createWebhook: Command<Omit<NewWebhook, 'createdAt'>, StoredWebhook>;
  /** Undefined: the app has no such webhook. */
  changeWebhook: Command<WebhookChange, StoredWebhook | undefined>;
  /** False: the app has no such webhook. */
  removeWebhook: Command<WebhookPlace, boolean>;
  /** Keeps what webhooks have come to, each once. Answers how many dead letters had to go for newer ones. */
  keepWebhookProgress: Command<readonly WebhookProgress[], number>;
  /** Has dead letters sent again. Answers how many; undefined: the app has no such webhook. */
  replayDeadLetters: Command<WebhookReplay, number | undefined>;
  /** Removes dead letters. Answers how many. */
  removeDeadLetters: Command<readonly number[], number>;
}

/** Returns the commands over a store. */
export function createWebhookCommands(options: {
  commits: StoreWriter;
  onCommit: OnCommit;
  now: () => number;
}): WebhookCommands {
  const { commits, onCommit, now } = options;
  return {
    createWebhook: {
      subjectOf: ({ id }) => id,
      apply: (webhooks) =>
        commit(commits.commitWebhooks(webhooks.map((each) => ({ ...each, createdAt: now() }))), (stored) => {
          for (const webhook of stored) onCommit({ kind: 'webhookSet', webhook });
          return stored;
        }),
    },
    changeWebhook: {
      subjectOf: ({ num }) => String(num),
      apply: (changes) =>
        commit(commits.commitWebhookChanges(changes), (results) => {
          for (const webhook of results) if (webhook !== undefined) onCommit({ kind: 'webhookSet', webhook });
          return results;
        }),
    },
    removeWebhook: {
      subjectOf: ({ num }) => String(num),
      apply: (places) =>
        commit(commits.commitWebhookRemovals(places), (known) => {
          for (const { num } of places) onCommit({ kind: 'webhookRemoved', num });
          return known;
        }),
    },
    keepWebhookProgress: {
      subjectOf: () => '',
      bytesOf: (progress) => progress.flatMap(({ dead }) => dead).reduce((sum, { event }) => sum + event.length, 0),
      apply: ([progress]) => single(progress, (each) => commits.commitWebhookProgress(each)),
    },
    replayDeadLetters: {
      subjectOf: ({ num }) => String(num),
      apply: (replays) =>
        commit(commits.commitWebhookReplays(replays), (counts) => {
          for (const { num } of replays) onCommit({ kind: 'webhookReplayed', num });
          return counts;
        }),
    },
    removeDeadLetters: {
      subjectOf: () => '',
      apply: ([nums]) => single(nums, (each) => commits.commitDeadLetterRemovals(each)),
    },
  };
}
