import { index, int, mysqlTable, primaryKey, tinyint, uniqueIndex } from 'drizzle-orm/mysql-core';
import { asciiText, exactText, longText, number53 } from './mysql-columns.js';

/** Credentials of the vendors' services, by which devices without a session are woken. */
export const channels = mysqlTable(
  'channels',
  {
    num: int('num').autoincrement().primaryKey(),
    appNum: int('app_num').notNull(),
    /** The app's own name for it. */
    name: asciiText('name', { length: 64 }).notNull(),
    channel: tinyint('channel').notNull(),
    /** JSON of its settings, encrypted. */
    settings: longText('settings').notNull(),
    /** Names the key that `settings` is encrypted with. */
    keyId: asciiText('key_id', { length: 16 }).notNull(),
    createdAt: number53('created_at').notNull(),
    updatedAt: number53('updated_at').notNull(),
  },
  (t) => [uniqueIndex('channels_name').on(t.appNum, t.name)],
);

/** Vendors' tokens of devices: a device has at the most one, and a token of an app belongs to one device. */
export const deviceTokens = mysqlTable(
  'device_tokens',
  {
    deviceNum: int('device_num').primaryKey(),
    appNum: int('app_num').notNull(),
    channel: tinyint('channel').notNull(),
    token: exactText('token', { bytes: 4096 }).notNull(),
    /** SHA-256 of the token: the token itself is too long for a unique index. */
    tokenHash: asciiText('token_hash', { length: 43 }).notNull(),
    environment: tinyint('environment').notNull().default(0),
    /** Null: that of the credential. */
    bundle: exactText('bundle', { bytes: 255 }),
    /** Public key of a Web Push subscription, in base64url; null on other channels, as `auth`. */
    p256dh: asciiText('p256dh', { length: 100 }),
    auth: asciiText('auth', { length: 32 }),
    /** Those by whose credential it is sent: see `wakes.lane`. */
    lane: number53('lane').notNull().default(0),
    registeredAt: number53('registered_at').notNull(),
    state: tinyint('state').notNull().default(0),
    /** Since when it has this state, with the vendor's word for it; null while it is active since its registration. */
    stateAt: number53('state_at'),
    reason: asciiText('reason', { length: 64 }),
  },
  (t) => [
    uniqueIndex('device_tokens_token').on(t.appNum, t.channel, t.tokenHash),
    index('device_tokens_lane').on(t.lane, t.deviceNum),
  ],
);

/** Attempts to wake devices by vendors: one for each push, device and channel. */
export const wakes = mysqlTable(
  'wakes',
  {
    pushId: number53('push_id').notNull(),
    deviceNum: int('device_num').notNull(),
    channel: tinyint('channel').notNull(),
    appNum: int('app_num').notNull(),
    /** Wakes of one lane are sent by the same credential, as a rule: they wait for each other, and no others do. */
    lane: number53('lane').notNull().default(0),
    state: tinyint('state').notNull(),
    /** Time at which it is to be sent, or sent again; while it is being sent, until when that may take. */
    dueAt: number53('due_at').notNull(),
    /** Number of times that it was handed to the vendor. */
    attempt: tinyint('attempt').notNull().default(0),
    /** Number of those times of which the outcome is not known. */
    doubts: tinyint('doubts').notNull().default(0),
    /** The vendor's word for its outcome. */
    reason: asciiText('reason', { length: 64 }),
    changedAt: number53('changed_at').notNull(),
    /** As of receipts; 0: it has no final state. */
    seq: number53('seq').notNull().default(0),
  },
  (t) => [
    primaryKey({ name: 'wakes_pk', columns: [t.pushId, t.deviceNum, t.channel] }),
    index('wakes_due').on(t.state, t.lane, t.dueAt),
    index('wakes_device').on(t.deviceNum, t.pushId),
    index('wakes_order').on(t.seq, t.pushId, t.deviceNum),
  ],
);

/** Pushes to topics whose devices are being woken, page by page. */
export const wakeWalks = mysqlTable(
  'wake_walks',
  {
    pushId: number53('push_id').notNull(),
    /** The tokens whose devices it wakes; the app's lane of no channel: it has no lanes yet. */
    lane: number53('lane').notNull(),
    appNum: int('app_num').notNull(),
    /** Up to which device it has come. */
    afterDevice: int('after_device').notNull().default(0),
    dueAt: number53('due_at').notNull(),
    expiresAt: number53('expires_at').notNull(),
  },
  (t) => [primaryKey({ name: 'wake_walks_pk', columns: [t.pushId, t.lane] }), index('wake_walks_due').on(t.dueAt)],
);

/** Times of the day in which wakes wait: of an app, of a user or of a device. */
export const quietHours = mysqlTable(
  'quiet_hours',
  {
    appNum: int('app_num').notNull(),
    /** Of what `subject` is the name: 0 the app ('' then), 1 a user, 2 a device. */
    scope: tinyint('scope').notNull(),
    subject: exactText('subject', { bytes: 1020 }).notNull(),
    /** A name of the IANA database. */
    timeZone: asciiText('time_zone', { length: 64 }).notNull(),
    /** Minutes after midnight. From one after the other: over midnight. */
    fromMinute: int('from_minute').notNull(),
    untilMinute: int('until_minute').notNull(),
  },
  (t) => [primaryKey({ name: 'quiet_hours_pk', columns: [t.appNum, t.scope, t.subject] })],
);
