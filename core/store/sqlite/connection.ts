import { setTimeout as sleep } from 'node:timers/promises';
import { drizzle, type SqliteRemoteDatabase } from 'drizzle-orm/sqlite-proxy';
import Libsql from 'libsql';
import type { Db, Row, SqlRunner, SqlValue } from '../sql/driver.js';

/** Time that a call waits for a lock that another process has on the file, in milliseconds. */
export const LOCK_WAIT_MS = 2000;
/** The longest pause between two attempts to get a lock, in milliseconds. */
const LONGEST_PAUSE_MS = 50;

/**
 * One connection to a file of SQLite. Its calls are synchronous and do not wait for a lock: see `whenUnlocked`.
 *
 * Guarantee: a statement that fails for a lock is not left in progress. SQLite leaves it so, and libsql ends it only
 * when it is collected: until then no COMMIT of the connection succeeds, and its look-ups see the file as it was.
 */
export interface SqliteConnection {
  /** Runs a statement without values or rows: BEGIN, COMMIT, and what changes tables. */
  exec(sql: string): void;
  /** Returns the rows of a statement as objects. */
  all(sql: string, values: readonly SqlValue[]): Row[];
  /** Returns the rows of a statement as lists of values. */
  allRaw(sql: string, values: readonly SqlValue[]): SqlValue[][];
  /**
   * Runs a statement of a transaction that has the lock, and returns how many rows it inserted, changed, deleted or
   * answered.
   */
  run(sql: string, values: readonly SqlValue[]): number;
  /** Returns a function that does the same with a statement without rows that is prepared once. */
  prepare(sql: string): (values: readonly SqlValue[]) => number;
  /** Returns true until it is closed. */
  isOpen(): boolean;
  /** Ends the transaction that is open, if one is. */
  rollBack(): void;
  /** Rolls back and closes. Twice is fine. */
  close(): void;
}

/** @throws an error with SQLite's `code` if the file cannot be opened */
export function openConnection(file: string): SqliteConnection {
  const database = new Libsql(file);

  function rowsOf(statement: Libsql.Statement<unknown[]>, values: readonly SqlValue[]): unknown[] {
    const rows = statement.iterate(values);
    try {
      return [...rows];
    } catch (error) {
      // Every other error has ended it.
      if (isBusy(error)) end(rows);
      throw error;
    }
  }

  /** Ends a statement: the step after an interrupt does, if it is in progress; else it runs once more, to its end. */
  function end(rows: Iterator<unknown>): void {
    try {
      // Missing in libsql's types.
      (database as Libsql.Database & { interrupt(): void }).interrupt();
      while (rows.next().done !== true);
    } catch {
      // Interrupted, or still busy.
    }
  }

  function rollBack(): void {
    // Of a closed database libsql must not even ask.
    if (database.open && database.inTransaction) database.exec('ROLLBACK');
  }

  return {
    // Finalizes its statement before it returns.
    exec(sql) {
      database.exec(sql);
    },
    all: (sql, values) =>
      // Objects are what a statement answers unless it is told otherwise.
      rowsOf(database.prepare(sql), values) as Row[],
    allRaw: (sql, values) =>
      // Lists of the values that SQLite has are what `raw` is for; no column is a blob.
      rowsOf(database.prepare(sql).raw(), values) as SqlValue[][],
    run(sql, values) {
      const statement = database.prepare(sql);
      return statement.reader ? rowsOf(statement, values).length : statement.run(values).changes;
    },
    prepare(sql) {
      const statement = database.prepare(sql);
      return (values) => statement.run(values).changes;
    },
    isOpen: () => database.open,
    rollBack,
    close() {
      if (!database.open) return;
      try {
        rollBack();
      } finally {
        database.close();
      }
    },
  };
}

/** Makes a connection run Drizzle's queries too. `attempt` runs each of its calls. */
export function runnerOver(
  connection: SqliteConnection,
  attempt: <T>(call: () => T) => T | Promise<T> = (call) => call(),
): SqlRunner {
  return {
    // The builders of both dialects are used through the methods that they share.
    db: drizzleOver(connection, attempt) as unknown as Db,
    all: async (sql, values) => attempt(() => connection.all(sql, values)),
    run: async (sql, values) => attempt(() => connection.run(sql, values)),
  };
}

/** Returns Drizzle's builder over a connection: for lists of rows, and not for the one row of `get`. */
export function drizzleOver(
  connection: SqliteConnection,
  attempt: <T>(call: () => T) => T | Promise<T> = (call) => call(),
): SqliteRemoteDatabase {
  return drizzle(async (sql, values: SqlValue[], method) => {
    if (method === 'run') return { rows: [await attempt(() => connection.run(sql, values))] };
    return { rows: await attempt(() => connection.allRaw(sql, values)) };
  });
}

/**
 * Makes a call that needs a lock of the file, again and again while another process has it. Between the attempts the
 * process goes on: SQLite's own `busy_timeout` would hold up everything.
 *
 * @param until the time of the last attempt, as `performance.now()` has it
 * @throws what the last attempt threw
 */
export async function whenUnlocked<T>(call: () => T, until = performance.now() + LOCK_WAIT_MS): Promise<T> {
  for (let pause = 1; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    try {
      return call();
    } catch (error) {
      if (!isBusy(error) || performance.now() >= until) throw error;
    }
    await sleep(pause);
  }
}

/** Returns SQLite's code of an error, undefined if it is not SQLite's. */
export function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && code.startsWith('SQLITE') ? code : undefined;
}

/** Returns whether an error says that another has a lock of the file. */
export function isBusy(error: unknown): boolean {
  return codeOf(error)?.startsWith('SQLITE_BUSY') ?? false;
}
