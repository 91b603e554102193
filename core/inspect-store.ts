import { inspectMysql } from './store/mysql/inspect.js';
import type { StoreInspection } from './store/sql/inspection.js';
import { inspectSqlite } from './store/sqlite/inspect.js';

export type { StoreInspection };

/**
 * Looks at the database that a URL names, without changing it.
 *
 * @param url as `readDatabaseUrl` has checked it
 * @throws StoreUnavailable if it cannot be reached
 */
export async function inspectStore(url: string): Promise<StoreInspection> {
  return url.startsWith('sqlite:') ? inspectSqlite(url.slice('sqlite:'.length)) : inspectMysql(url);
}
