import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';

/** Milliseconds since the Unix epoch, or an id below 2^53. */
const number53 = (name: string) => integer(name, { mode: 'number' });

/** Credentials of the vendors' services, by which devices without a session are woken. */
export const channels = sqliteTable(
  'channels',
  {
    num: integer('num').primaryKey({ autoIncrement: true }),
    appNum: integer('app_num').notNull(),
    /** The app's own name for it. */
    name: text('name').notNull(),
    channel: integer('channel').notNull(),
    /** JSON of its settings, encrypted. */
    settings: text('settings').notNull(),
    /** Names the key that `settings` is encrypted with. */
    keyId: text('key_id').notNull(),
    createdAt: number53('created_at').notNull(),
    updatedAt: number53('updated_at').notNull(),
  },
  (t) => [uniqueIndex('channels_name').on(t.appNum, t.name)],
);

/** Vendors' tokens of devices: a device has at the most one, and a token of an app belongs to one device. */
export const deviceTokens = sqliteTable(
  'device_tokens',
  {
    deviceNum: integer('device_num').primaryKey(),
    appNum: integer('app_num').notNull(),
    channel: integer('channel').notNull(),
    token: text('token').notNull(),
    /** SHA-256 of the token: the token itself is too long for a unique index. */
    tokenHash: text('token_hash').notNull(),
    environment: integer('environment').notNull().default(0),
    /** Null: that of the credential. */
    bundle: text('bundle'),
    /** Public key of a Web Push subscription, in base64url; null on other channels, as `auth`. */
    p256dh: text('p256dh'),
    auth: text('auth'),
    /** Those by whose credential it is sent: see `wakes.lane`. */
    lane: number53('lane').notNull().default(0),
    registeredAt: number53('registered_at').notNull(),
    state: integer('state').notNull().default(0),
    /** Since when it has this state, with the vendor's word for it; null while it is active since its registration. */
    stateAt: number53('state_at'),
    reason: text('reason'),
  },
  (t) => [
    uniqueIndex('device_tokens_token').on(t.appNum, t.channel, t.tokenHash),
    index('device_tokens_lane').on(t.lane, t.deviceNum),
  ],
);

/** Attempts to wake devices by vendors: one for each push, device and channel. */
export const wakes = sqliteTable(
  'wakes',
  {
    pushId: number53('push_id').notNull(),
    deviceNum: integer('device_num').notNull(),
    channel: integer('channel').notNull(),
    appNum: integer('app_num').notNull(),
    /** Wakes of one lane are sent by the same credential, as a rule: they wait for each other, and no others do. */
    lane: number53('lane').notNull().default(0),
    state: integer('state').notNull(),
    /** Time at which it is to be sent, or sent again; while it is being sent, until when that may take. */
    dueAt: number53('due_at').notNull(),
    /** Number of times that it was handed to the vendor. */
    attempt: integer('attempt').notNull().default(0),
    /** Number of those times of which the outcome is not known. */
    doubts: integer('doubts').notNull().default(0),
    /** The vendor's word for its outcome. */
    reason: text('reason'),
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
export const wakeWalks = sqliteTable(
  'wake_walks',
  {
    pushId: number53('push_id').notNull(),
    /** The tokens whose devices it wakes; the app's lane of no channel: it has no lanes yet. */
    lane: number53('lane').notNull(),
    appNum: integer('app_num').notNull(),
    /** Up to which device it has come. */
    afterDevice: integer('after_device').notNull().default(0),
    dueAt: number53('due_at').notNull(),
    expiresAt: number53('expires_at').notNull(),
  },
  (t) => [primaryKey({ name: 'wake_walks_pk', columns: [t.pushId, t.lane] }), index('wake_walks_due').on(t.dueAt)],
);

/** Times of the day in which wakes wait: of an app, of a user or of a device. */
export const quietHours = sqliteTable(
  'quiet_hours',
  {
    appNum: integer('app_num').notNull(),
    /** Of what `subject` is the name: 0 the app ('' then), 1 a user, 2 a device. */
    scope: integer('scope').notNull(),
    subject: text('subject').notNull(),
    /** A name of the IANA database. */
    timeZone: text('time_zone').notNull(),
    /** Minutes after midnight. From one after the other: over midnight. */
    fromMinute: integer('from_minute').notNull(),
    untilMinute: integer('until_minute').notNull(),
  },
  (t) => [primaryKey({ name: 'quiet_hours_pk', columns: [t.appNum, t.scope, t.subject] })],
);
