import { existsSync, mkdirSync } from 'node:fs';
import { open as openFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { migrate } from 'drizzle-orm/sqlite-proxy/migrator';
import { systemReason } from '../../../common/system-reason.js';
import { unwrapped } from '../sql/driver.js';
import { refuseNewerTables } from '../sql/inspection.js';
import { createSqlStore } from '../sql/sql-store.js';
import { type Store, StoreUnavailable } from '../store.js';
import { codeOf, drizzleOver, isBusy, openConnection, type SqliteConnection, whenUnlocked } from './connection.js';
import { checkpoint, createDriver, type Log, TOUCH } from './driver.js';
import { watchFiles } from './files.js';
import { hasTable, loadMigrationTimes, lookInto, MIGRATIONS } from './inspect.js';

/** Settings of the one connection that writes. */
const WRITER = [
  'journal_mode = WAL',
  // SQLite itself does not wait for the disk at a commit; the driver does, without holding up the process.
  'synchronous = NORMAL',
  // 16 MB: what is written again within so much is moved from the log to the file once.
  'wal_autocheckpoint = 4000',
  // 32 MB: what a large transaction, or somebody who reads for long, has made of the log is given back.
  'journal_size_limit = 33554432',
];

type OpenLog = (path: string, flags: string) => Promise<Log>;

/**
 * Opens the embedded store, creating the file and bringing its tables up to date.
 * The file belongs to one core at a time.
 *
 * @param path the database's file
 * @param openLog opens the file to which commits go
 * @throws StoreUnavailable if another process has the file, it cannot be opened, or its tables are of a newer release
 */
export async function openSqliteStore(path: string, openLog: OpenLog = openFile): Promise<Store> {
  const file = resolve(path);
  const opened: SqliteConnection[] = [];
  let log: Log | undefined;
  let holder = 'core';
  const open = (name: string): SqliteConnection => {
    const connection = openConnection(name);
    opened.push(connection);
    return connection;
  };
  try {
    mkdirSync(dirname(file), { recursive: true });
    // Held until the process ends, however it ends: the operating system drops the lock with the process.
    open(`${file}.lock`).exec('BEGIN EXCLUSIVE');
    holder = 'process';
    const writer = open(file);
    for (const pragma of WRITER) await whenUnlocked(() => writer.all(`PRAGMA ${pragma}`, []));
    await bringUpToDate(writer);
    // What an earlier core left in the log may be on no disk: where its last fsync failed, the system will not write it
    // any more, and what was appended would be lost with it. So it is moved, on the disk, to the file.
    await whenUnlocked(() => checkpoint(writer));
    log = await openLog(`${file}-wal`, 'r+');
    const parts = {
      writer,
      reader: open(file),
      log,
      checkFiles: await watchFiles([file, `${file}-wal`, `${file}.lock`]),
      closeAll: () => closeAll(opened),
    };
    return createSqlStore(createDriver(parts));
  } catch (error) {
    closeAll(opened);
    await log?.close();
    const own = unwrapped(error);
    if (isBusy(own)) throw new StoreUnavailable('SQLITE_BUSY', `${file} is in use by another ${holder}`);
    const code = codeOf(own);
    if (code !== undefined) throw new StoreUnavailable(code, `${file} cannot be opened`);
    const reason = systemReason(own);
    throw reason === undefined ? own : new StoreUnavailable(reason, `${file} cannot be opened: ${reason}`);
  }
}

/**
 * Returns true if a file has tables of a store. Changes nothing, and makes no file.
 *
 * @throws StoreUnavailable if it cannot be read
 */
export function holdsSqliteStore(path: string): boolean {
  return existsSync(path) && lookInto(resolve(path), (connection) => hasTable(connection, 'pushes'));
}

/** In one transaction, which also fails now, and not with the first push, where the file is read-only. */
async function bringUpToDate(writer: SqliteConnection): Promise<void> {
  await whenUnlocked(() => writer.exec('BEGIN IMMEDIATE'));
  refuseNewerTables(MIGRATIONS, loadMigrationTimes(writer));
  const run = async (statements: string[]): Promise<void> => {
    for (const statement of statements) writer.exec(statement);
  };
  await migrate(drizzleOver(writer), run, { migrationsFolder: MIGRATIONS });
  writer.exec(TOUCH);
  writer.exec('COMMIT');
}

/** The lock was taken first and goes last. One that fails to close keeps no other from it. */
function closeAll(connections: readonly SqliteConnection[]): void {
  for (const connection of connections.toReversed()) {
    try {
      connection.close();
    } catch {
      // Nothing more can be done: the process is about to end, and what it holds goes with it.
    }
  }
}
