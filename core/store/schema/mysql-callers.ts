import { bigint, index, int, mysqlTable, tinyint } from 'drizzle-orm/mysql-core';
import { asciiText, freeText, number53 } from './mysql-columns.js';

/** Hashes of the admin tokens that are not the environment's. */
export const adminTokens = mysqlTable('admin_tokens', {
  num: int('num').autoincrement().primaryKey(),
  name: freeText('name', { length: 255 }).notNull(),
  tokenHash: asciiText('token_hash', { length: 43 }).notNull(),
  createdAt: number53('created_at').notNull(),
  /** Null: until it is revoked. */
  expiresAt: number53('expires_at'),
  /** To a minute or so; null: never. */
  lastUsedAt: number53('last_used_at'),
});

/** Changes that admins and keys with the scope manage have made. Holds no secrets. */
export const auditLog = mysqlTable(
  'audit_log',
  {
    num: bigint('num', { mode: 'number' }).autoincrement().primaryKey(),
    at: number53('at').notNull(),
    actorKind: tinyint('actor_kind').notNull(),
    /** Public id of the key or the token. */
    actorId: asciiText('actor_id', { length: 32 }).notNull(),
    /** Its name at that time. */
    actorName: freeText('actor_name', { length: 255 }).notNull(),
    /** The app that was changed; empty: none. */
    appId: asciiText('app_id', { length: 64 }).notNull(),
    method: asciiText('method', { length: 64 }).notNull(),
    /** The part of the app; empty: the app itself. */
    target: freeText('target', { length: 255 }).notNull(),
    /** From where the call came; empty: not known. */
    address: asciiText('address', { length: 64 }).notNull(),
    /** OK, or the reason of the error. */
    outcome: asciiText('outcome', { length: 64 }).notNull(),
  },
  (t) => [
    index('audit_log_at').on(t.at),
    index('audit_log_app').on(t.appId, t.num),
    index('audit_log_actor').on(t.actorId, t.num),
  ],
);
