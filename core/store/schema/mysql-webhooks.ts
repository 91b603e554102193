import { bigint, boolean, index, int, mysqlTable, tinyint } from 'drizzle-orm/mysql-core';
import { asciiText, freeText, longText, number53 } from './mysql-columns.js';

/** Addresses of back ends that are told of receipts and ends of wakes. */
export const webhooks = mysqlTable(
  'webhooks',
  {
    num: int('num').autoincrement().primaryKey(),
    id: asciiText('id', { length: 32 }).notNull().unique('webhooks_id'),
    appNum: int('app_num').notNull(),
    name: freeText('name', { length: 255 }).notNull(),
    url: longText('url').notNull(),
    /** JSON of its secrets, encrypted. */
    secrets: longText('secrets').notNull(),
    /** Names the key that `secrets` is encrypted with. */
    keyId: asciiText('key_id', { length: 16 }).notNull(),
    /** 1: receipts, 2: wakes, 3: both. */
    events: tinyint('events').notNull(),
    maxEvents: int('max_events').notNull(),
    /** The last receipt or end of a wake that was told, as receipts have them; with the next two. */
    seq: number53('seq').notNull(),
    pushId: number53('push_id').notNull(),
    deviceNum: int('device_num').notNull(),
    /** Counts how often the position was set back: what was under way before does not move it on. */
    rewinds: int('rewinds').notNull().default(0),
    createdAt: number53('created_at').notNull(),
    /** Null: it is enabled. */
    disabledAt: number53('disabled_at'),
    /** Since when no request has succeeded; null: the last one did. */
    failingSince: number53('failing_since'),
    /** Reason for which the last request failed, or it is disabled; null: neither. */
    reason: asciiText('reason', { length: 64 }),
    /** Receipts that retention removed before they were told. */
    missed: number53('missed').notNull().default(0),
  },
  (t) => [index('webhooks_app').on(t.appNum)],
);

/** Events that back ends refused for good. */
export const webhookDeadLetters = mysqlTable(
  'webhook_dead_letters',
  {
    num: bigint('num', { mode: 'number' }).autoincrement().primaryKey(),
    webhookNum: int('webhook_num').notNull(),
    /** JSON of the event. */
    event: longText('event').notNull(),
    reason: asciiText('reason', { length: 64 }).notNull(),
    /** Number of times that it was sent alone. */
    attempts: int('attempts').notNull(),
    failedAt: number53('failed_at').notNull(),
    /** It is to be sent again. */
    replaying: boolean('replaying').notNull().default(false),
  },
  (t) => [
    index('webhook_dead_letters_webhook').on(t.webhookNum, t.num),
    index('webhook_dead_letters_failed').on(t.failedAt),
  ],
);
