import { boolean, index, int, mysqlTable, primaryKey, tinyint, uniqueIndex } from 'drizzle-orm/mysql-core';
import { asciiText, exactText, freeText, longText, number53 } from './mysql-columns.js';

export * from './mysql-access.js';
export * from './mysql-callers.js';
export * from './mysql-waking.js';
export * from './mysql-webhooks.js';

/** Business systems that may push. */
export const apps = mysqlTable('apps', {
  num: int('num').autoincrement().primaryKey(),
  id: exactText('id', { bytes: 64 }).notNull().unique('apps_id'),
  name: freeText('name', { length: 255 }).notNull(),
  createdAt: number53('created_at').notNull(),
  /** Null: it may push. */
  disabledAt: number53('disabled_at'),
  /** Time of its deletion, a day before its removal; 0: that has begun. Null: it stays. */
  deletedAt: number53('deleted_at'),
  /** JSON of limits of its own; null: it has none. */
  limits: freeText('limits', { length: 1000 }),
  /** True: vendors are told of a message, and nothing of its content. */
  hidesContent: boolean('hides_content').notNull().default(false),
  /** Way in which its devices are registered. */
  registration: tinyint('registration').notNull().default(0),
});

/** Hashes of the keys that an app may use now. */
export const appKeys = mysqlTable(
  'app_keys',
  {
    num: int('num').autoincrement().primaryKey(),
    appNum: int('app_num').notNull(),
    keyHash: asciiText('key_hash', { length: 43 }).notNull(),
    createdAt: number53('created_at').notNull(),
    /** Null: until it is replaced. */
    expiresAt: number53('expires_at'),
    /** For people; empty: one of CreateApp and RotateAppKey. */
    name: freeText('name', { length: 255 }).notNull().default(''),
    scope: tinyint('scope').notNull().default(0),
    /** To a minute or so; null: never. */
    lastUsedAt: number53('last_used_at'),
  },
  (t) => [index('app_keys_app').on(t.appNum)],
);

/**
 * Installations. A row stays for some time when a device unregisters, so that unregistering again is no error. Its
 * number is never given out again: receipts name it.
 */
export const devices = mysqlTable(
  'devices',
  {
    num: int('num').autoincrement().primaryKey(),
    id: exactText('id', { bytes: 32 }).notNull().unique('devices_id'),
    appNum: int('app_num').notNull(),
    alias: exactText('alias', { bytes: 1020 }).notNull(),
    platform: tinyint('platform').notNull(),
    nativeToken: longText('native_token').notNull(),
    /** SHA-256 of the native token: the token itself is too long for a unique index. */
    tokenHash: asciiText('token_hash', { length: 43 }).notNull(),
    mobile: freeText('mobile', { length: 32 }),
    /** The device gets what was pushed to everyone after this push id. */
    sinceId: number53('since_id').notNull(),
    registeredAt: number53('registered_at').notNull(),
    unregisteredAt: number53('unregistered_at'),
    /**
     * Time of its last session, to a day; 0: it has had none since it was registered first. Null: it was registered
     * before this was kept, and counts as seen when that is found.
     */
    lastSeenAt: number53('last_seen_at'),
    /** Counts its registrations: another one when it unregisters, comes back or changes hands. */
    generation: int('generation').notNull().default(1),
  },
  (t) => [uniqueIndex('devices_token').on(t.tokenHash, t.appNum), index('devices_alias').on(t.appNum, t.alias)],
);

/**
 * Timelines: one for each tag of an app, and one with the empty tag for everyone. A tag without devices and pushes has
 * none; its number is never given out again.
 */
export const topics = mysqlTable(
  'topics',
  {
    num: int('num').autoincrement().primaryKey(),
    appNum: int('app_num').notNull(),
    tag: exactText('tag', { bytes: 1020 }).notNull(),
  },
  (t) => [uniqueIndex('topics_tag').on(t.appNum, t.tag)],
);

/** Tags of devices: each from after push `since_id` up to and including `until_id` (null: still). */
export const deviceTags = mysqlTable(
  'device_tags',
  {
    deviceNum: int('device_num').notNull(),
    topicNum: int('topic_num').notNull(),
    sinceId: number53('since_id').notNull(),
    untilId: number53('until_id'),
  },
  (t) => [
    primaryKey({ name: 'device_tags_pk', columns: [t.deviceNum, t.topicNum, t.sinceId] }),
    index('device_tags_topic_device').on(t.topicNum, t.deviceNum),
  ],
);

/** Pushes as callers sent them. */
export const pushes = mysqlTable(
  'pushes',
  {
    id: number53('id').primaryKey(),
    appNum: int('app_num').notNull(),
    tenantCode: freeText('tenant_code', { length: 64 }).notNull(),
    platform: tinyint('platform').notNull(),
    msgType: tinyint('msg_type').notNull(),
    needConfirm: boolean('need_confirm').notNull(),
    /** Devices that got an inbox row; null for a topic push, and while a push is being removed. */
    targeted: int('targeted'),
    /**
     * The numbers of its deliveries are all from the first to the last; null for a topic push, and where there are
     * none.
     */
    firstDelivery: number53('first_delivery'),
    lastDelivery: number53('last_delivery'),
    /** Of a topic push: to how many live sessions the edges have sent it. */
    published: int('published').notNull().default(0),
    createdAt: number53('created_at').notNull(),
    expiresAt: number53('expires_at').notNull(),
    /** The job that it is a part of; null where it is all that its caller asked for. */
    jobId: number53('job_id'),
    /** See `SendPushRequest.collapse_key`. */
    collapseKey: exactText('collapse_key', { bytes: 256 }),
    priority: tinyint('priority').notNull().default(0),
    /** Devices that it wakes. */
    wake: tinyint('wake').notNull().default(0),
    /** See `SendPushRequest.clear_on_read`. */
    clearOnRead: boolean('clear_on_read').notNull().default(false),
    /** It has a text for short messages. */
    sms: boolean('sms').notNull().default(false),
    /** Null: it was not recalled before it expired. */
    recalledAt: number53('recalled_at'),
    /** JSON of the content; null once it has been erased. */
    content: longText('content'),
    /** Number of bytes that `content` has, or had. */
    contentBytes: int('content_bytes').notNull().default(0),
  },
  (t) => [
    index('pushes_expires').on(t.expiresAt),
    index('pushes_job').on(t.jobId),
    index('pushes_app').on(t.appNum, t.id),
  ],
);

/** Directed deliveries that have not ended. */
export const inbox = mysqlTable(
  'inbox',
  {
    /** The delivery's own number: one column, so that a set of deliveries ends by primary key. */
    id: number53('id').primaryKey(),
    deviceNum: int('device_num').notNull(),
    pushId: number53('push_id').notNull(),
    appNum: int('app_num').notNull().default(0),
    expiresAt: number53('expires_at').notNull(),
    /** As the push's. */
    collapseKey: exactText('collapse_key', { bytes: 256 }),
  },
  (t) => [uniqueIndex('inbox_device').on(t.deviceNum, t.pushId)],
);

/** Ends of deliveries. */
export const receipts = mysqlTable(
  'receipts',
  {
    pushId: number53('push_id').notNull(),
    deviceNum: int('device_num').notNull(),
    ending: tinyint('ending').notNull(),
    endedAt: number53('ended_at').notNull(),
    appNum: int('app_num').notNull().default(0),
    /** Grows with the commits of one core; the receipts of one commit may share it. */
    seq: number53('seq').notNull().default(0),
  },
  (t) => [
    primaryKey({ name: 'receipts_pk', columns: [t.pushId, t.deviceNum] }),
    index('receipts_order').on(t.seq, t.pushId, t.deviceNum),
    index('receipts_device').on(t.deviceNum, t.pushId),
  ],
);

/** Topic pushes by topic. */
export const timeline = mysqlTable(
  'timeline',
  {
    topicNum: int('topic_num').notNull(),
    pushId: number53('push_id').notNull(),
    platform: tinyint('platform').notNull(),
    needConfirm: boolean('need_confirm').notNull(),
    expiresAt: number53('expires_at').notNull(),
    /** As the push's. */
    collapseKey: exactText('collapse_key', { bytes: 256 }),
  },
  (t) => [
    primaryKey({ name: 'timeline_pk', columns: [t.topicNum, t.pushId] }),
    index('timeline_confirm').on(t.topicNum, t.needConfirm, t.pushId),
    index('timeline_push').on(t.pushId),
    index('timeline_collapse').on(t.topicNum, t.collapseKey),
  ],
);

/** The push up to which a device has read its topics. */
export const cursors = mysqlTable('cursors', {
  deviceNum: int('device_num').primaryKey(),
  pushId: number53('push_id').notNull(),
});

/** Idempotency keys that callers gave, with the push that each stands for. */
export const idempotencyKeys = mysqlTable(
  'idempotency_keys',
  {
    /** SHA-256 of the app and its key. */
    keyHash: asciiText('key_hash', { length: 43 }).primaryKey(),
    /** SHA-256 of the push. */
    digest: asciiText('digest', { length: 43 }).notNull(),
    pushId: number53('push_id').notNull(),
    expiresAt: number53('expires_at').notNull(),
  },
  (t) => [index('idempotency_keys_expires').on(t.expiresAt)],
);

/** The cores that may write. Every transaction of a core moves its row on, and fails if the row is of another epoch. */
export const cores = mysqlTable('cores', {
  core: tinyint('core').primaryKey(),
  /** Counts its incarnations. */
  epoch: number53('epoch').notNull(),
  /** Names the present incarnation; null: none has been. */
  owner: asciiText('owner', { length: 32 }),
  /** Host and port of the core's gRPC port. */
  address: asciiText('address', { length: 255 }).notNull().default(''),
  /** Until when it counts as alive, in milliseconds of the database's clock; 0: it has stopped in order. */
  leaseUntil: number53('lease_until').notNull().default(0),
  /** Number of transactions that the core has committed. */
  commits: number53('commits').notNull().default(0),
  /** The server's number of the connection on which it writes; 0 where there is no server. */
  connection: number53('connection').notNull().default(0),
  /** Key of the tickets that edges are given; null: no core has come since there is this column. */
  linkKey: asciiText('link_key', { length: 64 }),
  /**
   * The last push id that it had given out when it last registered a device: ids go on above it if the clock steps
   * back.
   */
  pushId: number53('push_id').notNull().default(0),
});

/**
 * Pushes that are made later, or in several parts: scheduled ones, and those to more devices than one transaction
 * should hold.
 */
export const jobs = mysqlTable(
  'jobs',
  {
    /** The id by which its caller knows it: a number of the same kind as a push's id. */
    id: number53('id').primaryKey(),
    appNum: int('app_num').notNull(),
    state: tinyint('state').notNull(),
    /** Time at which it is to begin, or to go on. */
    dueAt: number53('due_at').notNull(),
    /** Up to which device its audience has been pushed to. */
    afterDevice: int('after_device').notNull().default(0),
    createdAt: number53('created_at').notNull(),
    expiresAt: number53('expires_at').notNull(),
    /** JSON of the push and its audience; without content and audience once nothing is left to be made of it. */
    spec: longText('spec'),
  },
  (t) => [
    index('jobs_due').on(t.state, t.dueAt),
    index('jobs_expires').on(t.expiresAt),
    index('jobs_app').on(t.appNum, t.id),
  ],
);
