import type { FileHandle } from 'node:fs/promises';
import * as sqliteTables from '../schema/sqlite.js';
import { type Database, places, StoreFault, type Tables, type Transaction, unwrapped } from '../sql/driver.js';
import { StoreUnavailable } from '../store.js';
import { codeOf, LOCK_WAIT_MS, runnerOver, type SqliteConnection, whenUnlocked } from './connection.js';

/** Numbers of rows that one INSERT has, the most first. */
const ROWS_PER_INSERT = [64, 16, 4, 1];

/** SQLite's result codes that say "not now" and not "not this". */
const PASSING = /^SQLITE_(BUSY|LOCKED|FULL|IOERR|READONLY|CANTOPEN|NOMEM|PROTOCOL)/;

/** The part of the log's file that the driver uses: commits are on the disk when it is. */
export type Log = Pick<FileHandle, 'datasync' | 'close'>;

/** The open connections and files of one database. */
export interface SqliteParts {
  /** Commits. Nothing else uses it. */
  writer: SqliteConnection;
  /** Answers look-ups: never sees a transaction that is still under way. */
  reader: SqliteConnection;
  /** The file to which commits go. */
  log: Log;
  /** Rejects while commits would go to a file that is not the database any more. */
  checkFiles(): Promise<void>;
  /** Closes the connections, and gives the file free for another core. */
  closeAll(): void;
}

/** SQLite as the store's database. Transactions take turns: they have one connection. */
export function createDriver({ writer, reader, log, checkFiles, closeAll }: SqliteParts): Database {
  let failed = false;
  let closing: Promise<void> | undefined;
  let lastTurn: Promise<unknown> = Promise.resolve();

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = lastTurn.then(work, work);
    lastTurn = turn;
    return turn;
  }

  function check(): void {
    if (closing !== undefined) throw new StoreUnavailable('CLOSED');
    if (failed)
      throw new StoreUnavailable('SQLITE_IOERR_FSYNC', 'the disk does not take what is written: restart the core');
  }

  async function begin(until: number): Promise<void> {
    check();
    await checkFiles();
    await whenUnlocked(() => {
      check();
      // Where not even ROLLBACK could be carried out.
      writer.rollBack();
      writer.exec('BEGIN IMMEDIATE');
    }, until);
  }

  /**
   * Does what SQLite does with `synchronous = FULL`, but on another thread: all commits so far are on the disk. Once
   * that has failed, it cannot be known any more: the system drops what it could not write.
   */
  async function sync(): Promise<void> {
    try {
      await log.datasync();
    } catch {
      failed = true;
      check();
    }
  }

  /** Runs `work` as one transaction. */
  function transact<T>(work: () => T | Promise<T>): Promise<T> {
    const until = performance.now() + LOCK_WAIT_MS;
    return inTurn(async () => {
      await begin(until);
      let result: T;
      try {
        result = await work();
        writer.exec('COMMIT');
      } catch (error) {
        rollBack();
        throw error;
      }
      await sync();
      return result;
    });
  }

  function rollBack(): void {
    try {
      writer.rollBack();
    } catch {
      // The next transaction tries again. What this one failed with says more.
    }
  }

  async function close(): Promise<void> {
    try {
      // All is in the file then, and the log is empty: whoever copies the one has it all. Not what may be on no disk:
      // the next start reads it anew, and checks it.
      if (!failed) await whenUnlocked(() => checkpoint(writer));
    } catch {
      // All is in the log still, for the next start: a full disk must not keep the core from stopping.
    }
    closeAll();
    await log.close();
  }

  const transaction = createTransaction(writer);
  return {
    ...runnerOver(reader, whenUnlocked),
    // The same names and JavaScript types as MySQL's tables; only the column classes differ.
    tables: sqliteTables as unknown as Tables,
    blocking: true,
    // The one writer's calls are synchronous: there is nothing to wait for.
    locking: '',
    forceIndex: (name) => ` INDEXED BY ${name}`,
    fencing: { clock: '0', connectionNumber: '0', leaseMs: 0 },
    insertIgnore: 'INSERT OR IGNORE',
    maxValues: 30_000,
    onConflictUpdate(key, assignments) {
      const sets = Object.entries(assignments).map(([column, rule]) =>
        rule === 'new' ? `${column} = excluded.${column}` : `${column} = max(${column}, excluded.${column})`,
      );
      return ` ON CONFLICT (${key.join(', ')}) DO UPDATE SET ${sets.join(', ')}`;
    },
    transaction: (work) => transact(() => work(transaction)),
    close() {
      closing ??= inTurn(close);
      return closing;
    },
    cleaned: (error) => (writer.isOpen() ? cleaned(error) : new StoreUnavailable('CLOSED')),
  };
}

/** Writes to the file and changes nothing. */
export const TOUCH = 'PRAGMA user_version = 1';

/**
 * Moves all that is committed from the log to the file, on the disk, and empties the log.
 *
 * @throws StoreUnavailable with a code of SQLITE_BUSY while another process reads what is in the log, or writes
 */
export function checkpoint(writer: SqliteConnection): void {
  const [row] = writer.all('PRAGMA wal_checkpoint(TRUNCATE)', []);
  if (row?.busy !== 0) throw new StoreUnavailable('SQLITE_BUSY');
}

function createTransaction(writer: SqliteConnection): Transaction {
  const write = runnerOver(writer);
  /** Few: the callers' statements, each in as many sizes as `ROWS_PER_INSERT` has. */
  const inserts = new Map<string, ReturnType<SqliteConnection['prepare']>>();

  function insertOf(
    into: string,
    rows: number,
    width: number,
    suffix: string,
  ): ReturnType<SqliteConnection['prepare']> {
    const text = `${into} VALUES ${Array(rows).fill(places(width)).join(', ')}${suffix}`;
    const insert = inserts.get(text) ?? writer.prepare(text);
    inserts.set(text, insert);
    return insert;
  }

  return {
    ...write,
    // There is no round trip to be saved.
    async enqueue(sql, values, counted) {
      const changed = await write.run(sql, values);
      counted?.(changed);
    },
    // In parts of few sizes: their statements are prepared once.
    async enqueueInsert(into, rows, suffix, counted) {
      for (let start = 0; start < rows.length; ) {
        const size = ROWS_PER_INSERT.find((rowsOfPart) => rowsOfPart <= rows.length - start) ?? 1;
        const part = rows.slice(start, start + size);
        const changes = insertOf(into, size, part[0]?.length ?? 0, suffix)(part.flat());
        counted?.(changes);
        start += size;
      }
    },
  };
}

/** Returns the error that callers of the store see. */
export function cleaned(error: unknown): unknown {
  const own = unwrapped(error);
  const code = own instanceof StoreUnavailable ? undefined : codeOf(own);
  if (code === undefined) return own;
  return PASSING.test(code) ? new StoreUnavailable(code) : new StoreFault(code);
}
