import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Milliseconds since the Unix epoch, or an id below 2^53. */
const number53 = (name: string) => integer(name, { mode: 'number' });

/** Addresses of back ends that are told of receipts and ends of wakes. */
export const webhooks = sqliteTable(
  'webhooks',
  {
    num: integer('num').primaryKey({ autoIncrement: true }),
    id: text('id').notNull().unique('webhooks_id'),
    appNum: integer('app_num').notNull(),
    name: text('name').notNull(),
    url: text('url').notNull(),
    /** JSON of its secrets, encrypted. */
    secrets: text('secrets').notNull(),
    /** Names the key that `secrets` is encrypted with. */
    keyId: text('key_id').notNull(),
    /** 1: receipts, 2: wakes, 3: both. */
    events: integer('events').notNull(),
    maxEvents: integer('max_events').notNull(),
    /** The last receipt or end of a wake that was told, as receipts have them; with the next two. */
    seq: number53('seq').notNull(),
    pushId: number53('push_id').notNull(),
    deviceNum: integer('device_num').notNull(),
    /** Counts how often the position was set back: what was under way before does not move it on. */
    rewinds: integer('rewinds').notNull().default(0),
    createdAt: number53('created_at').notNull(),
    /** Null: it is enabled. */
    disabledAt: number53('disabled_at'),
    /** Since when no request has succeeded; null: the last one did. */
    failingSince: number53('failing_since'),
    /** Reason for which the last request failed, or it is disabled; null: neither. */
    reason: text('reason'),
    /** Receipts that retention removed before they were told. */
    missed: number53('missed').notNull().default(0),
  },
  (t) => [index('webhooks_app').on(t.appNum)],
);

/** Events that back ends refused for good. */
export const webhookDeadLetters = sqliteTable(
  'webhook_dead_letters',
  {
    num: integer('num').primaryKey({ autoIncrement: true }),
    webhookNum: integer('webhook_num').notNull(),
    /** JSON of the event. */
    event: text('event').notNull(),
    reason: text('reason').notNull(),
    /** Number of times that it was sent alone. */
    attempts: integer('attempts').notNull(),
    failedAt: number53('failed_at').notNull(),
    /** It is to be sent again. */
    replaying: integer('replaying', { mode: 'boolean' }).notNull().default(false),
  },
  (t) => [
    index('webhook_dead_letters_webhook').on(t.webhookNum, t.num),
    index('webhook_dead_letters_failed').on(t.failedAt),
  ],
);
