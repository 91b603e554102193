import { index, int, mysqlTable, tinyint, uniqueIndex } from 'drizzle-orm/mysql-core';
import { asciiText, exactText, longText, number53 } from './mysql-columns.js';

/** Keys that registration tokens are checked with. */
export const signingKeys = mysqlTable(
  'signing_keys',
  {
    num: int('num').autoincrement().primaryKey(),
    id: asciiText('id', { length: 32 }).notNull(),
    appNum: int('app_num').notNull(),
    kind: tinyint('kind').notNull(),
    /** Null: tokens with any `kid` are tried. */
    kid: asciiText('kid', { length: 128 }),
    /** A JWK, an address, or an encrypted secret. */
    material: longText('material').notNull(),
    /** Names the key that `material` is encrypted with; null: it is no secret. */
    keyId: asciiText('key_id', { length: 16 }),
    createdAt: number53('created_at').notNull(),
  },
  (t) => [uniqueIndex('signing_keys_id').on(t.appNum, t.id)],
);

/** Ids that devices had until lately: with one of them the new id can be asked for again. */
export const replacedIds = mysqlTable(
  'replaced_ids',
  {
    id: exactText('id', { bytes: 32 }).primaryKey(),
    deviceNum: int('device_num').notNull(),
    replacedAt: number53('replaced_at').notNull(),
  },
  (t) => [index('replaced_ids_at').on(t.replacedAt), index('replaced_ids_device').on(t.deviceNum)],
);
