import type { TraceHeaders } from '../../common/tracing/tracer.js';
import type { ReceiptPosition } from './receipt-position.js';

/** Events that a webhook tells of: ends of deliveries, and ends of wakes. */
export type WebhookEvents = 'receipts' | 'wakes' | 'both';

/** An address of a back end that is told how deliveries and wakes of an app end. Without its secrets. */
export interface Webhook {
  /** The store's number of it. */
  readonly num: number;
  /** Its public id. */
  readonly id: string;
  /** The app's number. */
  readonly appNum: number;
  /** For people. */
  readonly name: string;
  /** An https address; its path may be a secret. */
  readonly url: string;
  readonly events: WebhookEvents;
  /** Maximum number of events in one request. */
  readonly maxEvents: number;
  /** Behind the last entry of the stream of receipts that it was told, or that is none of its. */
  readonly position: ReceiptPosition;
  /** Counts how often the position was set back. */
  readonly rewinds: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Milliseconds since the epoch; null: it is enabled. */
  readonly disabledAt: number | null;
  /** Since when no request has succeeded, in milliseconds since the epoch; null: the last one did. */
  readonly failingSince: number | null;
  /** Reason for which the last request failed, or it is disabled; null: neither. */
  readonly reason: string | null;
  /** Number of events that retention removed before they were told. */
  readonly missed: number;
}

/** An event that a back end refused for good. */
export interface DeadLetter {
  /** The store's number of it. */
  readonly num: number;
  /** JSON of the event. */
  readonly event: string;
  /** Reason for which it was refused last. */
  readonly reason: string;
  /** Number of times that it was sent alone. */
  readonly attempts: number;
  /** Milliseconds since the epoch. */
  readonly failedAt: number;
  /** It is to be sent again. */
  readonly replaying: boolean;
}

/** Questions of apps about their webhooks. Each answers from what is committed. */
export interface WebhookReports {
  /** The webhooks of an app, by number, with the numbers of their dead letters. */
  listWebhooks(appNum: number): Promise<(Webhook & { readonly deadLetters: number })[]>;
  /** Dead letters of a webhook, the newest first, those older than `before`, at the most `limit`. */
  listDeadLetters(webhookNum: number, before: number, limit: number): Promise<DeadLetter[]>;
}

/** Maximum number of webhooks of an app. */
export const MAX_WEBHOOKS = 10;
/** Maximum number of dead letters of a webhook: beyond it the oldest go. */
export const MAX_DEAD_LETTERS = 10_000;
/** Number of events in one request, where an app asks for no other, and the most. */
export const EVENTS_PER_REQUEST = { usual: 100, most: 500 };
/** Time for which the secret before the present one signs too, in milliseconds. */
export const OLD_SECRET_MS = 86_400_000;

/** One request to a back end. */
export interface WebhookRequest {
  /** An https address. */
  readonly url: string;
  /** The secrets that it is signed with. */
  readonly secrets: readonly string[];
  /** The same whenever the same is sent. */
  readonly id: string;
  /** JSON. */
  readonly body: string;
  /** Headers by which the back end continues a trace; absent: there is none, or there are several. */
  readonly trace?: TraceHeaders | undefined;
}

/** The end of a request to a back end. `reason`: a word of the system's or of ours. */
export type WebhookAnswer =
  /** It has answered. `retryAfterMs`: time for which it asks to be left alone; undefined: it does not. */
  | { readonly kind: 'answered'; readonly status: number; readonly retryAfterMs: number | undefined }
  /** There was no status, or it could not be sent. */
  | { readonly kind: 'failed'; readonly reason: string };

/** Way to one back end: its own connections, so that no other waits for it. */
export interface WebhookLine {
  /** Sends a request. Never rejects, and ends within seconds. */
  post(request: WebhookRequest): Promise<WebhookAnswer>;
  /** Ends what is under way. */
  close(): void;
}

/** Ways to back ends. */
export interface WebhookSender {
  /** Returns true if this may be the address of a back end, as far as its text tells. */
  allows(url: string): boolean;
  /** Returns a way that has no connection yet. */
  open(): WebhookLine;
}
