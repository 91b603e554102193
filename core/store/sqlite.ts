import { mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import { migrate } from 'drizzle-orm/better-sqlite3/migrator';
import { BetterSQLiteSession } from 'drizzle-orm/better-sqlite3/session';
import { BaseSQLiteDatabase, SQLiteSyncDialect } from 'drizzle-orm/sqlite-core';
import Libsql from 'libsql';
import {
  type Database,
  type Db,
  places,
  type Row,
  type SqlRunner,
  StoreFault,
  type Tables,
  type Transaction,
  unwrapped,
} from './driver.js';
import * as sqliteTables from './schema.sqlite.js';
import { openSqlStore } from './sql-store.js';
import { type Store, StoreUnavailable } from './store.js';

const MIGRATIONS = fileURLToPath(new URL('./migrations/sqlite', import.meta.url));

/** SQLite's result codes that say "not now" and not "not this". */
const PASSING = /^SQLITE_(BUSY|LOCKED|FULL|IOERR|READONLY|CANTOPEN|NOMEM|PROTOCOL)/;

/**
 * Opens the embedded store, creating the file and bringing its tables up to date.
 * The file belongs to one core at a time.
 *
 * @param path the database's file
 * @param core the number of the core that commits
 * @throws StoreUnavailable if another process has the file, or it cannot be opened
 */
export async function openSqliteStore(path: string, core = 0): Promise<Store> {
  const file = resolve(path);
  const opened: Libsql.Database[] = [];
  const open = (name: string): Libsql.Database => {
    const database = new Libsql(name);
    opened.push(database);
    return database;
  };
  try {
    mkdirSync(dirname(file), { recursive: true });
    // Held until the process ends, however it ends: the operating system drops the lock with the process.
    const lock = open(`${file}.lock`);
    lock.exec('BEGIN EXCLUSIVE');
    const writer = open(file);
    // FULL: a commit is on the disk before it is acknowledged.
    for (const pragma of ['journal_mode = WAL', 'synchronous = FULL', 'busy_timeout = 5000']) writer.pragma(pragma);
    migrate(drizzleOver(writer), { migrationsFolder: MIGRATIONS });
    // Fails now, and not with the first push, where the file is read-only.
    writer.pragma('user_version = 1');
    // Look-ups have a connection of their own, so that they never see a transaction that is still under way.
    const reader = open(file);
    reader.pragma('busy_timeout = 5000');
    return await openSqlStore(
      createDriver(writer, reader, () => closeAll(opened)),
      core,
    );
  } catch (error) {
    closeAll(opened);
    const code = codeOf(error);
    if (code?.startsWith('SQLITE_BUSY')) throw new StoreUnavailable('SQLITE_BUSY', `${file} is in use by another core`);
    throw code === undefined ? error : new StoreUnavailable(code, `${file} cannot be opened`);
  }
}

function createDriver(writer: Libsql.Database, reader: Libsql.Database, close: () => void): Database {
  const write = runnerOver(writer);
  const transaction: Transaction = {
    ...write,
    // There is no round trip to be saved.
    async later(sql, values, counted) {
      const changed = await write.run(sql, values);
      counted?.(changed);
    },
    insertLater(into, rows, suffix, counted) {
      const values = Array(rows.length)
        .fill(places(rows[0]?.length ?? 0))
        .join(', ');
      return transaction.later(`${into} VALUES ${values}${suffix}`, rows.flat(), counted);
    },
  };
  return {
    ...runnerOver(reader),
    // The same names and JavaScript types as MySQL's tables; only the column classes differ.
    tables: sqliteTables as unknown as Tables,
    // The one writer's calls are synchronous: there is nothing to wait for.
    locking: '',
    insertIgnore: 'INSERT OR IGNORE',
    maxValues: 30_000,
    onConflictUpdate(key, assignments) {
      const sets = Object.entries(assignments).map(([column, rule]) =>
        rule === 'new' ? `${column} = excluded.${column}` : `${column} = max(${column}, excluded.${column})`,
      );
      return ` ON CONFLICT (${key.join(', ')}) DO UPDATE SET ${sets.join(', ')}`;
    },
    async transaction(work) {
      await write.run('BEGIN IMMEDIATE', []);
      try {
        const result = await work(transaction);
        await write.run('COMMIT', []);
        return result;
      } catch (error) {
        // A closed database has rolled back, and must not even be asked.
        if (writer.open && writer.inTransaction) await write.run('ROLLBACK', []);
        throw error;
      }
    },
    async ping() {
      await write.run('SELECT 1', []);
    },
    async close() {
      close();
    },
    cleaned: (error) => (writer.open ? cleaned(error) : new StoreUnavailable('CLOSED')),
  };
}

function runnerOver(database: Libsql.Database): SqlRunner {
  return {
    // The builders of both dialects are used through the methods that they share.
    db: drizzleOver(database) as unknown as Db,
    async all(sql, values) {
      return database.prepare(sql).all(...values) as Row[];
    },
    async run(sql, values) {
      const statement = database.prepare(sql);
      if (statement.reader) return statement.all(...values).length;
      return statement.run(...values).changes;
    },
  };
}

/**
 * Drizzle's better-sqlite3 driver over libsql, which has the same interface; put together by hand, since the ready-made
 * one imports better-sqlite3.
 */
function drizzleOver(database: Libsql.Database): BetterSQLite3Database {
  const dialect = new SQLiteSyncDialect();
  const session = new BetterSQLiteSession<Record<string, never>, Record<string, never>>(database, dialect, undefined);
  const db = new BaseSQLiteDatabase('sync', dialect, session, undefined);
  // The class that Drizzle's own driver makes is this one under another name.
  return db as unknown as BetterSQLite3Database;
}

/** The lock was taken first and goes last. */
function closeAll(databases: readonly Libsql.Database[]): void {
  for (const database of databases.toReversed()) {
    if (!database.open) continue;
    // Statements that are not collected yet would keep an open transaction, and with it the file.
    if (database.inTransaction) database.exec('ROLLBACK');
    database.close();
  }
}

function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && code.startsWith('SQLITE') ? code : undefined;
}

function cleaned(error: unknown): unknown {
  const own = unwrapped(error);
  const code = codeOf(own);
  if (code === undefined) return own;
  return PASSING.test(code) ? new StoreUnavailable(code) : new StoreFault(code);
}
