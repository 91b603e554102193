import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Milliseconds since the Unix epoch, or an id below 2^53. */
const number53 = (name: string) => integer(name, { mode: 'number' });

/** Hashes of the admin tokens that are not the environment's. */
export const adminTokens = sqliteTable('admin_tokens', {
  num: integer('num').primaryKey({ autoIncrement: true }),
  name: text('name').notNull(),
  tokenHash: text('token_hash').notNull(),
  createdAt: number53('created_at').notNull(),
  /** Null: until it is revoked. */
  expiresAt: number53('expires_at'),
  /** To a minute or so; null: never. */
  lastUsedAt: number53('last_used_at'),
});

/** Changes that admins and keys with the scope manage have made. Holds no secrets. */
export const auditLog = sqliteTable(
  'audit_log',
  {
    num: integer('num').primaryKey({ autoIncrement: true }),
    at: number53('at').notNull(),
    actorKind: integer('actor_kind').notNull(),
    /** Public id of the key or the token. */
    actorId: text('actor_id').notNull(),
    /** Its name at that time. */
    actorName: text('actor_name').notNull(),
    /** The app that was changed; empty: none. */
    appId: text('app_id').notNull(),
    method: text('method').notNull(),
    /** The part of the app; empty: the app itself. */
    target: text('target').notNull(),
    /** From where the call came; empty: not known. */
    address: text('address').notNull(),
    /** OK, or the reason of the error. */
    outcome: text('outcome').notNull(),
  },
  (t) => [
    index('audit_log_at').on(t.at),
    index('audit_log_app').on(t.appId, t.num),
    index('audit_log_actor').on(t.actorId, t.num),
  ],
);
