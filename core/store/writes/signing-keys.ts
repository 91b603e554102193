import { signingKeyCodes } from '../sql/codes.js';
import type { SqlDriver, Transaction } from '../sql/driver.js';
import type { StoredSigningKey, StoreWriter } from '../store.js';

/** Changes of signing keys: rare, so one by one. */
export function createSigningKeyCommits(
  driver: SqlDriver,
): Pick<StoreWriter, 'commitSigningKeys' | 'commitSigningKeyRemovals'> {
  return {
    commitSigningKeys: (keys) =>
      driver.transaction(async (tx) => {
        for (const key of keys) await store(tx, key);
      }),
    commitSigningKeyRemovals: (keys) =>
      driver.transaction(async (tx) => {
        const removed: boolean[] = [];
        for (const { appNum, id } of keys) {
          const rows = await tx.run('DELETE FROM signing_keys WHERE app_num = ? AND id = ?', [appNum, id]);
          removed.push(rows > 0);
        }
        return removed;
      }),
  };
}

async function store(tx: Transaction, key: StoredSigningKey): Promise<void> {
  const { appNum, id, kind, kid, material, keyId, createdAt } = key;
  const place = [appNum, id];
  const [known] = await tx.all('SELECT num FROM signing_keys WHERE app_num = ? AND id = ?', place);
  if (known !== undefined) {
    const values = [material, keyId, ...place];
    await tx.run('UPDATE signing_keys SET material = ?, key_id = ? WHERE app_num = ? AND id = ?', values);
    return;
  }
  await tx.run(
    'INSERT INTO signing_keys (app_num, id, kind, kid, material, key_id, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
    [...place, signingKeyCodes.toCode(kind), kid, material, keyId, createdAt],
  );
}
