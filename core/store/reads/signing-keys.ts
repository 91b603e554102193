import { and, asc, count, inArray, isNotNull, isNull, ne } from 'drizzle-orm';
import type { SigningKey } from '../../domain/app.js';
import { registrationCodes, signingKeyCodes } from '../sql/codes.js';
import { rowsFor, type SqlDriver } from '../sql/driver.js';
import type { StoredSigningKey, StoreReader } from '../store.js';

/** Look-ups of who may register devices. */
export function createSigningKeyReads({
  db,
  tables: { apps, signingKeys },
}: SqlDriver): Pick<StoreReader, 'loadSealedSigningKeys' | 'countOpenApps'> {
  return {
    async loadSealedSigningKeys() {
      const rows = await db
        .select()
        .from(signingKeys)
        .where(isNotNull(signingKeys.keyId))
        .orderBy(asc(signingKeys.num));
      return rows.map(toSigningKey);
    },
    async countOpenApps() {
      const signed = registrationCodes.toCode('SIGNED');
      const [row] = await db
        .select({ open: count() })
        .from(apps)
        .where(and(ne(apps.registration, signed), isNull(apps.disabledAt), isNull(apps.deletedAt)));
      return row?.open ?? 0;
    },
  };
}

/** The signing keys of apps, oldest first; an app that has none is absent. */
export async function findSigningKeys(
  { db, tables: { signingKeys } }: SqlDriver,
  appNums: readonly number[],
): Promise<Map<number, SigningKey[]>> {
  const rows = await rowsFor(appNums, (chunk) =>
    db.select().from(signingKeys).where(inArray(signingKeys.appNum, chunk)).orderBy(asc(signingKeys.num)),
  );
  const found = new Map<number, SigningKey[]>();
  for (const { appNum, ...key } of rows.map(toSigningKey)) {
    const known = found.get(appNum);
    if (known === undefined) found.set(appNum, [key]);
    else known.push(key);
  }
  return found;
}

function toSigningKey(row: Omit<StoredSigningKey, 'kind'> & { kind: number }): StoredSigningKey {
  const { appNum, id, kind, kid, material, keyId, createdAt } = row;
  return { appNum, id, kind: signingKeyCodes.fromCode(kind), kid, material, keyId, createdAt };
}
