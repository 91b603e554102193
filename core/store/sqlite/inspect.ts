import { existsSync, statfsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readMigrations, type StoreInspection } from '../sql/inspection.js';
import { StoreUnavailable } from '../store.js';
import { codeOf, openConnection, type SqliteConnection } from './connection.js';

/** Folder of the migrations of SQLite. */
export const MIGRATIONS = fileURLToPath(new URL('../migrations/sqlite', import.meta.url));

/**
 * Looks at a file without changing it, also while a core has it.
 *
 * @throws StoreUnavailable if it cannot be read
 */
export function inspectSqlite(path: string): StoreInspection {
  const file = resolve(path);
  // A name that is none would be made a file.
  return lookInto(existsSync(file) ? file : ':memory:', (connection) => {
    const [row] = connection.all('SELECT sqlite_version() AS version', []);
    const made = loadMigrationTimes(connection);
    return {
      kind: 'sqlite',
      version: String(row?.version),
      isSupported: true,
      ...readMigrations(MIGRATIONS, made),
      isCutShort: made.length === 0 && hasTable(connection, 'pushes'),
      isReadOnly: false,
      isDurable: true,
      clockAheadMs: undefined,
      missingPrivileges: undefined,
      freeBytes: findFreeBytes(dirname(file)),
    };
  });
}

/**
 * Asks a file something, and closes it.
 *
 * @throws StoreUnavailable if it cannot be read
 */
export function lookInto<T>(file: string, ask: (connection: SqliteConnection) => T): T {
  let connection: SqliteConnection | undefined;
  try {
    connection = openConnection(file);
    return ask(connection);
  } catch (error) {
    const code = codeOf(error);
    throw code === undefined ? error : new StoreUnavailable(code, `${file} cannot be read`);
  } finally {
    connection?.close();
  }
}

/** Loads the times that Drizzle wrote down of the migrations that were made: none where there is no store. */
export function loadMigrationTimes(connection: SqliteConnection): number[] {
  const isThere = hasTable(connection, '__drizzle_migrations');
  const made = isThere ? connection.all('SELECT created_at AS made FROM __drizzle_migrations', []) : [];
  return made.map((row) => Number(row.made));
}

/** Returns true if there is a table of this name. */
export function hasTable(connection: SqliteConnection, name: string): boolean {
  return connection.all('SELECT 1 FROM sqlite_master WHERE name = ?', [name]).length > 0;
}

/** Finds the bytes that are free in a folder, or where it is to be made; undefined: the system does not say. */
function findFreeBytes(folder: string): number | undefined {
  if (!existsSync(folder)) return folder === dirname(folder) ? undefined : findFreeBytes(dirname(folder));
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}
