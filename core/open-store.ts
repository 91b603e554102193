import { openMysqlStore } from './store/mysql.js';
import { openSqliteStore } from './store/sqlite.js';
import type { Store } from './store/store.js';

/** Opens the store that ONEPUSH_DATABASE_URL names: `sqlite:<path>` or `mysql://…`. */
export function openStore(url: string): Promise<Store> {
  return url.startsWith('sqlite:') ? openSqliteStore(url.slice('sqlite:'.length)) : openMysqlStore(url);
}
