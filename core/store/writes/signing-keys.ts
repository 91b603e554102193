import { OnePushError } from '../../../common/errors.js';
import { signingKeyCodes } from '../sql/codes.js';
import type { SqlDriver, Transaction } from '../sql/driver.js';
import type { StoredSigningKey, StoreWriter } from '../store.js';

/** Maximum number of signing keys of an app: each may be tried for a token. */
const KEYS_PER_APP = 10;

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
  const [all] = await tx.all('SELECT COUNT(*) AS count FROM signing_keys WHERE app_num = ?', [appNum]);
  if (Number(all?.count) >= KEYS_PER_APP)
    throw new OnePushError('TOO_MANY_KEYS', { hint: `${KEYS_PER_APP} signing keys` });
  await tx.run(
    'INSERT INTO signing_keys (app_num, id, kind, kid, material, key_id, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
    [...place, signingKeyCodes.toCode(kind), kid, material, keyId, createdAt],
  );
}
