import { DrizzleQueryError } from 'drizzle-orm/errors';
import type { MySql2Database } from 'drizzle-orm/mysql2';
import type { FinalState } from '../../domain/receipt.js';
import type * as mysqlTables from '../schema/mysql.js';

/** The tables, as Drizzle knows them. Those of SQLite have the same names and types. */
export type Tables = typeof mysqlTables;

/**
 * Drizzle's query builder. Both dialects' builders have the methods that the store uses (select, insert.values, update,
 * delete, awaited), so SQLite's is handed out under the type of MySQL's.
 */
export type Db = Pick<MySql2Database, 'select' | 'selectDistinct' | 'insert' | 'update' | 'delete'>;

/** A value in a statement. */
export type SqlValue = string | number | null;
/** A row by the names of its columns, as both drivers give it. */
export type Row = Record<string, unknown>;

/** Runs statements. */
export interface SqlRunner {
  /** For the registry: readable, and typed by the schema. */
  db: Db;
  /** For deliveries, where the builder would cost half of the throughput: SQL text that both dialects accept. */
  all(sql: string, values: readonly SqlValue[]): Promise<Row[]>;
  /** Answers how many rows it inserted, changed or deleted. */
  run(sql: string, values: readonly SqlValue[]): Promise<number>;
}

/** Runs statements of one transaction. */
export interface Transaction extends SqlRunner {
  /**
   * Runs a statement before the next one that somebody waits for, or before the commit: without a round trip of its
   * own, where there is a server. What it fails with, that one fails with. Resolves at once, or when what has gathered
   * has become too much.
   *
   * @param counted told how many rows it inserted, changed or deleted
   */
  enqueue(sql: string, values: readonly SqlValue[], counted?: (rows: number) => void): Promise<void>;
  /**
   * The same for rows: `INSERT INTO t (a, b)`, then their values, then `suffix`. As many statements as the rows need by
   * their size, each of which is counted.
   *
   * @throws StoreFault for a row that no statement can hold
   */
  enqueueInsert(
    into: string,
    rows: readonly (readonly SqlValue[])[],
    suffix: string,
    counted?: (rows: number) => void,
  ): Promise<void>;
}

/** A database with what the store keeps in memory. */
export interface SqlDriver extends Database {
  /** A number for receipts that are about to be committed: it grows from call to call, and across restarts. */
  nextReceipt(): number;
  /** So many deliveries ended in this transaction: counted if it is committed. */
  ended(tx: Transaction, ending: FinalState, count: number): void;
}

/** A database of one of the two dialects. */
export interface Database extends SqlRunner {
  /** The schema of the dialect. */
  tables: Tables;
  /**
   * Columns of `table` that are set to the value that an insert would have given them, where the key exists already.
   */
  onConflictUpdate(key: readonly string[], assignments: Record<string, 'new' | 'greatest'>): string;
  /** The dialect's part of the fence. */
  fencing: {
    /** SQL for the time in milliseconds, by the one clock of all who use the database. */
    readonly clock: string;
    /** SQL for the server's number of the connection; 0 where there is no server. */
    readonly connectionNumber: string;
    /**
     * Time for which a core counts as alive after its last commit; 0: a lock keeps others away, whoever holds it is
     * alive.
     */
    readonly leaseMs: number;
  };
  /** True: a statement keeps the process from all else while it runs, since there is no server. */
  readonly blocking: boolean;
  /** Ends a SELECT that waits for transactions that are writing the row, and sees what they came to. */
  locking: string;
  /**
   * Makes a SELECT use an index of the table that it stands behind. MariaDB walks an index backward from its end to
   * where a page begins, unless it is told to look that up.
   */
  forceIndex(name: string): string;
  /** "INSERT" that skips rows whose key exists. */
  insertIgnore: string;
  /** Maximum number of values in one statement. */
  maxValues: number;
  /**
   * Runs `work` as one transaction, committed durably when this resolves and rolled back when `work` rejects. `work` is
   * run again, on a fresh transaction, where the server gave the first one up for another (deadlock, lock wait
   * timeout): what it changes outside of the transaction must be the same however often it runs. Transactions run one
   * after the other.
   *
   * Rejects with StoreFault if a statement was refused for what it is, and with StoreUnavailable if the server or its
   * state is the cause: nothing is committed then. With CommitInDoubt, which has what `work` resolved with, if COMMIT
   * was sent and no definite answer came.
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  /**
   * The server's id of the connection on which transactions run; undefined: there is none now. Absent: there is no
   * server.
   */
  connectionId?(): number | undefined;
  /**
   * Has the server end a connection, whatever runs on it. One that has ended already is fine. It has surely ended only
   * when the locks of its transaction are free. Absent: there is no server.
   */
  terminate?(connectionId: number): Promise<void>;
  /** Closes all connections, or the files. */
  close(): Promise<void>;
  /**
   * Returns the error that callers see of a rejection of any of these: StoreUnavailable or StoreFault, without SQL,
   * values or the server's message. An error that is not the database's stays as it is.
   */
  cleaned(error: unknown): unknown;
}

/**
 * The database refused a statement: a fault of the program or of the data. Says the database's code and nothing else.
 */
export class StoreFault extends Error {
  override name = 'StoreFault';
}

/** The error in Drizzle's own, which repeats the SQL and its values. */
export function unwrapped(error: unknown): unknown {
  let at = error;
  while (at instanceof DrizzleQueryError) at = at.cause;
  return at;
}

/**
 * Number of keys that one statement names: enough to make the round trip cheap, and too few for MariaDB to make a join
 * of the list, which it does from 1000 on and then may read the tables in the wrong order.
 */
export const KEYS_PER_STATEMENT = 900;

/**
 * Maximum number of pairs `(a = ? AND b = ?) OR …`: the optimizers' work grows faster than their number; SQLite takes
 * 1000.
 */
export const PAIRS_PER_STATEMENT = 200;

/**
 * Number of characters of keys that one statement names: each may be six bytes there, and a server need take no more
 * than 1 MiB.
 */
const KEY_CHARACTERS = 100_000;

/** `(?, ?, …)` with `count` places. */
export function places(count: number): string {
  return `(${'?, '.repeat(count - 1)}?)`;
}

/** Slices of at most `size` elements. */
export function* chunks<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}

/** Slices of keys, each of as many as one statement names. */
export function* keyChunks<K>(keys: readonly K[]): Generator<K[]> {
  let chunk: K[] = [];
  let characters = 0;
  for (const key of keys) {
    const length = typeof key === 'string' ? key.length : 0;
    if (chunk.length === KEYS_PER_STATEMENT || (chunk.length > 0 && characters + length > KEY_CHARACTERS)) {
      yield chunk;
      chunk = [];
      characters = 0;
    }
    chunk.push(key);
    characters += length;
  }
  if (chunk.length > 0) yield chunk;
}

/** The rows that `load` finds for keys, each key asked for once and as many at a time as one statement names. */
export async function rowsFor<K, R>(keys: Iterable<K>, load: (chunk: K[]) => PromiseLike<readonly R[]>): Promise<R[]> {
  const found: R[] = [];
  for (const chunk of keyChunks([...new Set(keys)])) {
    for (const row of await load(chunk)) found.push(row);
  }
  return found;
}

/**
 * Inserts rows, many a statement. `suffix` follows the values; `counted` is told how many rows each statement changed.
 */
export async function insertRows(
  tx: Transaction,
  maxValues: number,
  into: string,
  rows: readonly (readonly SqlValue[])[],
  suffix = '',
  counted?: (rows: number) => void,
): Promise<void> {
  const width = rows[0]?.length;
  if (width === undefined) return;
  for (const chunk of chunks(rows, Math.floor(maxValues / width))) {
    await tx.enqueueInsert(into, chunk, suffix, counted);
  }
}
