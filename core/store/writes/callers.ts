import { OnePushError } from '../../../common/errors.js';
import type { AdminToken } from '../../domain/access.js';
import { scopeCodes } from '../sql/codes.js';
import { keyChunks, places, type SqlDriver, type Transaction } from '../sql/driver.js';
import type { CallerWriter, NewAdminToken, NewAppKey, Uses } from '../store.js';

/** Maximum number of keys of CreateAppKey that an app has at a time. */
const KEYS_PER_APP = 20;
/** Maximum number of admin tokens besides the environment's. */
const MAX_TOKENS = 50;

/** Changes of keys and admin tokens: rare, so one by one. */
export function createCallerCommits(driver: SqlDriver): Omit<CallerWriter, 'alongside'> {
  return {
    commitAppKeys: (keys) => each(driver, keys, addKey),
    commitKeyRevocations: (keys) =>
      each(
        driver,
        keys,
        async (tx, { appNum, num }) =>
          (await tx.run('DELETE FROM app_keys WHERE num = ? AND app_num = ?', [num, appNum])) > 0,
      ),
    commitAdminTokens: (tokens) => each(driver, tokens, addToken),
    commitTokenRevocations: (nums) =>
      each(driver, nums, async (tx, num) => (await tx.run('DELETE FROM admin_tokens WHERE num = ?', [num])) > 0),
    commitEntryRemovals: (nums) =>
      driver.transaction(async (tx) => {
        let removed = 0;
        for (const chunk of keyChunks(nums)) {
          removed += await tx.run(`DELETE FROM audit_log WHERE num IN ${places(chunk.length)}`, chunk);
        }
        return removed;
      }),
    commitUses: (uses) =>
      driver.transaction(async (tx) => {
        for (const use of uses) await keepUses(tx, use);
      }),
  };
}

function each<I, O>(
  driver: SqlDriver,
  items: readonly I[],
  work: (tx: Transaction, item: I) => Promise<O>,
): Promise<O[]> {
  return driver.transaction(async (tx) => {
    const results: O[] = [];
    for (const item of items) results.push(await work(tx, item));
    return results;
  });
}

async function addKey(tx: Transaction, { appNum, name, scope, keyHash, expiresAt, now }: NewAppKey): Promise<number> {
  await tx.run('DELETE FROM app_keys WHERE app_num = ? AND expires_at <= ?', [appNum, now]);
  const [named] = await tx.all("SELECT COUNT(*) AS count FROM app_keys WHERE app_num = ? AND name <> ''", [appNum]);
  if (Number(named?.count) >= KEYS_PER_APP) {
    throw new OnePushError('TOO_MANY_KEYS', { hint: `${KEYS_PER_APP}, besides those of CreateApp and RotateAppKey` });
  }
  await tx.run(
    'INSERT INTO app_keys (app_num, name, scope, key_hash, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)',
    [appNum, name, scopeCodes.toCode(scope), keyHash, now, expiresAt],
  );
  const [row] = await tx.all('SELECT MAX(num) AS num FROM app_keys WHERE app_num = ?', [appNum]);
  return Number(row?.num);
}

async function addToken(tx: Transaction, token: NewAdminToken): Promise<AdminToken> {
  const { name, hash, createdAt, expiresAt } = token;
  await tx.run('DELETE FROM admin_tokens WHERE expires_at <= ?', [createdAt]);
  const [all] = await tx.all('SELECT COUNT(*) AS count FROM admin_tokens', []);
  if (Number(all?.count) >= MAX_TOKENS) throw new OnePushError('TOO_MANY_KEYS', { hint: `${MAX_TOKENS} admin tokens` });
  await tx.run('INSERT INTO admin_tokens (name, token_hash, created_at, expires_at) VALUES (?, ?, ?, ?)', [
    name,
    hash,
    createdAt,
    expiresAt,
  ]);
  const [row] = await tx.all('SELECT MAX(num) AS num FROM admin_tokens', []);
  return { ...token, num: Number(row?.num), lastUsedAt: null };
}

async function keepUses(tx: Transaction, { at, keys, tokens }: Uses): Promise<void> {
  for (const [table, nums] of [
    ['app_keys', keys],
    ['admin_tokens', tokens],
  ] as const) {
    for (const chunk of keyChunks(nums)) {
      await tx.enqueue(`UPDATE ${table} SET last_used_at = ? WHERE num IN ${places(chunk.length)}`, [at, ...chunk]);
    }
  }
}
