import { mkdirSync } from 'node:fs';
import { type FileHandle, open as openFile } from 'node:fs/promises';
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
import { createSqlStore } from './sql-store.js';
import { type Store, StoreUnavailable } from './store.js';

const MIGRATIONS = fileURLToPath(new URL('./migrations/sqlite', import.meta.url));

/** How the one connection is set that writes. */
const WRITER = [
  'journal_mode = WAL',
  // SQLite itself does not wait for the disk at a commit; the driver does, without holding up the process.
  'synchronous = NORMAL',
  // 16 MB: what is written again within so much is moved from the log to the file once.
  'wal_autocheckpoint = 4000',
  'busy_timeout = 5000',
];

/** How many rows one INSERT has, the most first. */
const ROWS_PER_INSERT = [64, 16, 4, 1];

/** SQLite's result codes that say "not now" and not "not this". */
const PASSING = /^SQLITE_(BUSY|LOCKED|FULL|IOERR|READONLY|CANTOPEN|NOMEM|PROTOCOL)/;

/** What the driver needs of the file to which commits go. */
export type Log = Pick<FileHandle, 'datasync' | 'close'>;
type OpenLog = (path: string, flags: string) => Promise<Log>;

/**
 * Opens the embedded store, creating the file and bringing its tables up to date.
 * The file belongs to one core at a time.
 *
 * @param path the database's file
 * @param openLog opens the file to which commits go
 * @throws StoreUnavailable if another process has the file, or it cannot be opened
 */
export async function openSqliteStore(path: string, openLog: OpenLog = openFile): Promise<Store> {
  const file = resolve(path);
  const opened: Libsql.Database[] = [];
  let log: Log | undefined;
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
    for (const pragma of WRITER) writer.pragma(pragma);
    migrate(drizzleOver(writer), { migrationsFolder: MIGRATIONS });
    // Fails now, and not with the first push, where the file is read-only.
    writer.pragma('user_version = 1');
    log = await openLog(`${file}-wal`, 'r+');
    // Look-ups have a connection of their own, so that they never see a transaction that is still under way.
    const reader = open(file);
    reader.pragma('busy_timeout = 5000');
    return createSqlStore(createDriver(writer, reader, log, () => closeAll(opened)));
  } catch (error) {
    closeAll(opened);
    await log?.close();
    const code = codeOf(error);
    if (code?.startsWith('SQLITE_BUSY')) throw new StoreUnavailable('SQLITE_BUSY', `${file} is in use by another core`);
    throw code === undefined ? error : new StoreUnavailable(code, `${file} cannot be opened`);
  }
}

function createDriver(writer: Libsql.Database, reader: Libsql.Database, log: Log, close: () => void): Database {
  const write = runnerOver(writer);
  let failed = false;

  /**
   * What SQLite does with `synchronous = FULL`, but on another thread: all commits so far are on the disk. Once that has failed, it
   * cannot be known any more: the system drops what it could not write.
   */
  async function sync(): Promise<void> {
    await log.datasync().catch(() => {
      failed = true;
    });
    check();
  }

  function check(): void {
    if (failed)
      throw new StoreUnavailable('SQLITE_IOERR_FSYNC', 'the disk does not take what is written: restart the core');
  }

  const inserts = new Map<string, Libsql.Statement>();

  function prepareInsert(into: string, rows: number, width: number, suffix: string): Libsql.Statement {
    const text = `${into} VALUES ${Array(rows).fill(places(width)).join(', ')}${suffix}`;
    const statement = inserts.get(text) ?? writer.prepare(text);
    inserts.set(text, statement);
    return statement;
  }

  const transaction: Transaction = {
    ...write,
    // There is no round trip to be saved.
    async later(sql, values, counted) {
      const changed = await write.run(sql, values);
      counted?.(changed);
    },
    // In parts of few sizes: their statements are prepared once.
    async insertLater(into, rows, suffix, counted) {
      for (let start = 0; start < rows.length; ) {
        const size = ROWS_PER_INSERT.find((rowsOfPart) => rowsOfPart <= rows.length - start) ?? 1;
        const part = rows.slice(start, start + size);
        const { changes } = prepareInsert(into, size, part[0]?.length ?? 0, suffix).run(part.flat());
        counted?.(changes);
        start += size;
      }
    },
  };
  return {
    ...runnerOver(reader),
    // The same names and JavaScript types as MySQL's tables; only the column classes differ.
    tables: sqliteTables as unknown as Tables,
    // The one writer's calls are synchronous: there is nothing to wait for.
    locking: '',
    fencing: { clock: '0', connectionNumber: '0', leaseMs: 0 },
    insertIgnore: 'INSERT OR IGNORE',
    maxValues: 30_000,
    onConflictUpdate(key, assignments) {
      const sets = Object.entries(assignments).map(([column, rule]) =>
        rule === 'new' ? `${column} = excluded.${column}` : `${column} = max(${column}, excluded.${column})`,
      );
      return ` ON CONFLICT (${key.join(', ')}) DO UPDATE SET ${sets.join(', ')}`;
    },
    async transaction(work) {
      check();
      await write.run('BEGIN IMMEDIATE', []);
      let result: Awaited<ReturnType<typeof work>>;
      try {
        result = await work(transaction);
        await write.run('COMMIT', []);
      } catch (error) {
        // A closed database has rolled back, and must not even be asked.
        if (writer.open && writer.inTransaction) await write.run('ROLLBACK', []);
        throw error;
      }
      await sync();
      return result;
    },
    async close() {
      // All is in the file then, and the log is empty: whoever copies the one has it all.
      if (writer.open && !writer.inTransaction) writer.pragma('wal_checkpoint(TRUNCATE)');
      close();
      await log.close();
    },
    cleaned: (error) => (writer.open ? cleaned(error) : new StoreUnavailable('CLOSED')),
  };
}

function runnerOver(database: Libsql.Database): SqlRunner {
  return {
    // The builders of both dialects are used through the methods that they share.
    db: drizzleOver(database) as unknown as Db,
    async all(sql, values) {
      return database.prepare(sql).all(values) as Row[];
    },
    async run(sql, values) {
      const statement = database.prepare(sql);
      if (statement.reader) return statement.all(values).length;
      return statement.run(values).changes;
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
  const code = own instanceof StoreUnavailable ? undefined : codeOf(own);
  if (code === undefined) return own;
  return PASSING.test(code) ? new StoreUnavailable(code) : new StoreFault(code);
}
