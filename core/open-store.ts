import { resolve } from 'node:path';
import type { Logger } from '../common/logs/log.js';
import type { EnvReader } from '../common/settings/env.js';
import { SETTINGS } from '../common/settings/settings.js';
import { holdsMysqlStore, openMysqlStore } from './store/mysql/open.js';
import { parseDatabaseUrl } from './store/sql/database-url.js';
import { holdsSqliteStore, openSqliteStore } from './store/sqlite/open.js';
import { isOpenToOthers } from './store/sqlite/place.js';
import { type Store, StoreUnavailable } from './store/store.js';

const SQLITE = 'sqlite:';
const SETTING = 'ONEPUSH_DATABASE_URL';

/** Reads the database's URL, and looks at the files that it names. */
export function readDatabaseUrl(reader: EnvReader): string {
  const url = reader.text(SETTING) ?? SETTINGS[SETTING].fallback;
  const parsed = parseDatabaseUrl(url);
  if ('problems' in parsed) for (const problem of parsed.problems) reader.problem(`${SETTING} ${problem}`);
  return url;
}

/** Opens the store that a URL names: `sqlite:<path>` or `mysql://…`. */
export async function openStore(url: string, log: Logger): Promise<Store> {
  if (!url.startsWith(SQLITE)) return openMysqlStore(url);
  const path = url.slice(SQLITE.length);
  const store = await openSqliteStore(path);
  if (isOpenToOthers(path)) log.warn({ file: resolve(path) }, 'other users of this machine can read the database');
  return store;
}

/**
 * The same, but makes no store where there is none.
 *
 * @throws StoreUnavailable if there is none
 */
export async function openExistingStore(url: string, log: Logger): Promise<Store> {
  const path = url.startsWith(SQLITE) ? url.slice(SQLITE.length) : undefined;
  const isThere = path === undefined ? await holdsMysqlStore(url) : holdsSqliteStore(path);
  if (!isThere) throw new StoreUnavailable('NO_STORE', `there is no store at ${path ?? 'this database'}`);
  return openStore(url, log);
}
