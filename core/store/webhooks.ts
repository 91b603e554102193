import type { ReceiptPosition } from '../domain/receipt-position.js';
import type { DeadLetter, Webhook, WebhookReports } from '../domain/webhook.js';

/** A webhook with its secrets, encrypted. */
export interface StoredWebhook extends Webhook {
  /** The app's public id. */
  readonly appId: string;
  /** Its secrets, encrypted. */
  readonly secrets: string;
  /** Names the key that they are encrypted with. */
  readonly keyId: string;
}

/** A webhook that an app gets. It begins behind the last receipt that is committed. */
export type NewWebhook = Pick<
  StoredWebhook,
  'id' | 'appNum' | 'name' | 'url' | 'events' | 'maxEvents' | 'secrets' | 'keyId' | 'createdAt'
>;

/** A webhook by its app and its number. */
export type WebhookPlace = Pick<StoredWebhook, 'appNum' | 'num'>;

/** A change of a webhook. What is absent stays. */
export interface WebhookChange extends WebhookPlace {
  readonly set: Partial<Pick<StoredWebhook, 'name' | 'url' | 'events' | 'maxEvents' | 'secrets' | 'keyId'>> & {
    /** Null: it is enabled, and counts as not failing. */
    readonly disabled?: { readonly at: number; readonly reason: string } | null;
    /** Sets it back, never on. */
    readonly rewindTo?: ReceiptPosition;
  };
}

/** Progress of a webhook since the last time. */
export interface WebhookProgress extends Pick<Webhook, 'num' | 'position' | 'failingSince' | 'reason' | 'disabledAt'> {
  /** Those that it was at: if there are more by now, the position stays. */
  readonly rewinds: number;
  /** Events that were refused for good. */
  readonly dead: readonly Omit<DeadLetter, 'num' | 'replaying'>[];
  /** Numbers of dead letters that were taken at last. */
  readonly taken: readonly number[];
  /** Dead letters that were refused again. */
  readonly refused: readonly Pick<DeadLetter, 'num' | 'reason' | 'attempts' | 'failedAt'>[];
}

/** Dead letters that are to be sent again. */
export interface WebhookReplay extends WebhookPlace {
  /** By number; undefined: all. */
  readonly nums: readonly number[] | undefined;
}

/** Look-ups of webhooks: each sees everything that was committed before it began. */
export interface WebhookReader extends WebhookReports {
  /** All webhooks of all apps, by number. */
  loadWebhooks(): Promise<StoredWebhook[]>;
  /** Dead letters that are to be sent again, the oldest first, at the most `limit`. */
  readReplays(webhookNum: number, limit: number): Promise<DeadLetter[]>;
  /** Numbers of the oldest dead letters up to a time, at the most `limit`. */
  findOldDeadLetters(until: number, limit: number): Promise<number[]>;
}

/** Commits of webhooks: each call is one transaction. */
export interface WebhookWriter {
  /** Stores webhooks. Answers them in the order of the call. Rejects with TOO_MANY_WEBHOOKS. */
  commitWebhooks(webhooks: readonly NewWebhook[]): Promise<StoredWebhook[]>;
  /** Changes webhooks. Answers them in the order of the call; undefined: the app has no such webhook. */
  commitWebhookChanges(changes: readonly WebhookChange[]): Promise<(StoredWebhook | undefined)[]>;
  /** Removes webhooks with their dead letters. Answers in the order of the call whether the app had it. */
  commitWebhookRemovals(places: readonly WebhookPlace[]): Promise<boolean[]>;
  /**
   * Keeps what webhooks have come to, each once; of one that is gone nothing. Answers how many dead letters had to go
   * for newer ones.
   */
  commitWebhookProgress(progress: readonly WebhookProgress[]): Promise<number>;
  /** Has dead letters sent again. Answers their numbers in the order of the call; undefined: no such webhook. */
  commitWebhookReplays(replays: readonly WebhookReplay[]): Promise<(number | undefined)[]>;
  /** Removes dead letters. Answers how many. */
  commitDeadLetterRemovals(nums: readonly number[]): Promise<number>;
}
