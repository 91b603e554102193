import { REMOVAL_DELAY_MS } from '../../domain/app.js';
import { encodeLimits } from '../sql/app-limits.js';
import { registrationCodes } from '../sql/codes.js';
import { places, type SqlDriver, type Transaction } from '../sql/driver.js';
import type { AppState, AppUpdate, KeyRotation, StoreWriter } from '../store.js';

/** Maximum number of keys without a name that an app has at a time: beyond it the oldest go. */
const KEYS_PER_APP = 10;

/** Changes of apps that exist. */
export function createAppCommits(
  driver: SqlDriver,
): Pick<StoreWriter, 'commitKeyRotations' | 'commitAppStates' | 'commitAppUpdates'> {
  return {
    commitKeyRotations: (rotations) =>
      driver.transaction(async (tx) => {
        const known: boolean[] = [];
        for (const rotation of rotations) known.push(await rotate(tx, rotation));
        return known;
      }),
    commitAppUpdates: (updates) =>
      driver.transaction(async (tx) => {
        const known: boolean[] = [];
        for (const each of updates) known.push(await update(tx, each));
        return known;
      }),
    commitAppStates: (states) =>
      driver.transaction(async (tx) => {
        const known: boolean[] = [];
        for (const state of states) known.push(await setState(tx, state));
        return known;
      }),
  };
}

async function rotate(tx: Transaction, { id, keyHash, oldUntil, now }: KeyRotation): Promise<boolean> {
  const num = await numOf(tx, id);
  if (num === undefined) return false;
  // A key that was to end earlier still does.
  await tx.run(
    "UPDATE app_keys SET expires_at = ? WHERE app_num = ? AND name = '' AND (expires_at IS NULL OR expires_at > ?)",
    [oldUntil, num, oldUntil],
  );
  await tx.run('INSERT INTO app_keys (app_num, key_hash, created_at) VALUES (?, ?, ?)', [num, keyHash, now]);
  await tx.run('DELETE FROM app_keys WHERE app_num = ? AND expires_at <= ?', [num, now]);
  const keys = await tx.all("SELECT num FROM app_keys WHERE app_num = ? AND name = '' ORDER BY num DESC", [num]);
  const beyond = keys.slice(KEYS_PER_APP).map((row) => Number(row.num));
  if (beyond.length > 0) await tx.run(`DELETE FROM app_keys WHERE num IN ${places(beyond.length)}`, beyond);
  return true;
}

async function update(tx: Transaction, { id, name, registration, limits }: AppUpdate): Promise<boolean> {
  const num = await numOf(tx, id);
  if (num === undefined) return false;
  if (name !== undefined) await tx.run('UPDATE apps SET name = ? WHERE num = ?', [name, num]);
  if (registration !== undefined) {
    const code = registrationCodes.toCode(registration);
    await tx.run('UPDATE apps SET registration = ? WHERE num = ?', [code, num]);
  }
  if (limits !== undefined) await tx.run('UPDATE apps SET limits = ? WHERE num = ?', [encodeLimits(limits), num]);
  return true;
}

/** The assignments of a change; each `?` is the time. Twice: the first time counts. */
const CHANGES: Readonly<Record<AppState['change'], string>> = {
  disable: 'disabled_at = COALESCE(disabled_at, ?)',
  delete: 'deleted_at = COALESCE(deleted_at, ?)',
  undelete: 'deleted_at = NULL',
  enable: 'disabled_at = NULL, deleted_at = NULL',
};

async function setState(tx: Transaction, { id, change, now }: AppState): Promise<boolean> {
  const [app] = await tx.all('SELECT num FROM apps WHERE id = ? AND (deleted_at IS NULL OR deleted_at > ?)', [
    id,
    now - REMOVAL_DELAY_MS,
  ]);
  if (app === undefined) return false;
  const times = change === 'disable' || change === 'delete' ? [now] : [];
  await tx.run(`UPDATE apps SET ${CHANGES[change]} WHERE num = ?`, [...times, Number(app.num)]);
  return true;
}

async function numOf(tx: Transaction, id: string): Promise<number | undefined> {
  const [row] = await tx.all('SELECT num FROM apps WHERE id = ?', [id]);
  return row === undefined ? undefined : Number(row.num);
}
