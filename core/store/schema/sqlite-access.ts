import { index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';

/** Milliseconds since the Unix epoch, or an id below 2^53. */
const number53 = (name: string) => integer(name, { mode: 'number' });

/** Keys that registration tokens are checked with. */
export const signingKeys = sqliteTable(
  'signing_keys',
  {
    num: integer('num').primaryKey({ autoIncrement: true }),
    id: text('id').notNull(),
    appNum: integer('app_num').notNull(),
    kind: integer('kind').notNull(),
    /** Null: tokens with any `kid` are tried. */
    kid: text('kid'),
    /** A JWK, an address, or an encrypted secret. */
    material: text('material').notNull(),
    /** Names the key that `material` is encrypted with; null: it is no secret. */
    keyId: text('key_id'),
    createdAt: number53('created_at').notNull(),
  },
  (t) => [uniqueIndex('signing_keys_id').on(t.appNum, t.id)],
);

/** Ids that devices had until lately: with one of them the new id can be asked for again. */
export const replacedIds = sqliteTable(
  'replaced_ids',
  {
    id: text('id').primaryKey(),
    deviceNum: integer('device_num').notNull(),
    replacedAt: number53('replaced_at').notNull(),
  },
  (t) => [index('replaced_ids_at').on(t.replacedAt), index('replaced_ids_device').on(t.deviceNum)],
);
