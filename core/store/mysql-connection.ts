import type { Pool, PoolConnection, QueryOptions } from 'mysql2';
import { StoreFault } from './driver.js';
import { StoreUnavailable } from './store.js';

/**
 * How long the server may take for one statement, in milliseconds. Beyond it the server counts as gone: a machine that stops
 * answering without closing its connections would otherwise hold the write cycle for many minutes.
 */
export const ANSWER_WITHIN = 15_000;

/** The server's error codes that another attempt may not meet again. */
const PASSING = new Set([
  'ER_LOCK_DEADLOCK',
  'ER_LOCK_WAIT_TIMEOUT',
  'ER_LOCK_TABLE_FULL',
  'ER_CHECKREAD',
  'ER_CON_COUNT_ERROR',
  'ER_SERVER_SHUTDOWN',
  'ER_NORMAL_SHUTDOWN',
  'ER_QUERY_INTERRUPTED',
  'ER_QUERY_TIMEOUT',
  'ER_CLIENT_INTERACTION_TIMEOUT',
  'ER_OPTION_PREVENTS_STATEMENT',
  'ER_READ_ONLY_MODE',
  'ER_UNKNOWN_COM_ERROR', // Galera: this node is not ready
  'ER_DISK_FULL',
  'ER_RECORD_FILE_FULL',
  'ER_OUT_OF_RESOURCES',
  'ER_OUTOFMEMORY',
  'ER_1927', // MariaDB: the connection was killed
  'ER_1969', // MariaDB: max_statement_time
]);

/** The part of a connection that Drizzle and the store use. */
export interface Queryable {
  query(statement: string | QueryOptions, values?: readonly unknown[]): Promise<[unknown, unknown]>;
}

/**
 * Statements on a connection. They reject with StoreUnavailable or StoreFault, or with an error of the program.
 *
 * @param answerWithin see `ANSWER_WITHIN`; absent: no limit
 */
export function onConnection(connection: PoolConnection, answerWithin?: number): Queryable {
  return {
    query(statement, values = []) {
      const options = typeof statement === 'string' ? { sql: statement } : statement;
      // Not the driver's promises: they note the stack of each call.
      return new Promise((resolve, reject) => {
        connection.query({ ...options, timeout: answerWithin }, [...values], (error, results, fields) => {
          if (error === null) resolve([results, fields]);
          else reject(toStoreError(error));
        });
      });
    },
  };
}

/** Statements on any connection of a pool. */
export function onPool(pool: Pool, answerWithin: number): Queryable {
  return {
    query: (statement, values) =>
      withConnection(pool, (connection) => onConnection(connection, answerWithin).query(statement, values)),
  };
}

/**
 * Runs `work` on a connection of its own, which goes back to the pool if all went well. Otherwise it is dropped: the server
 * rolls back what is under way on it, whatever state it is in.
 */
export async function withConnection<T>(pool: Pool, work: (connection: PoolConnection) => Promise<T>): Promise<T> {
  const connection = await new Promise<PoolConnection>((resolve, reject) => {
    pool.getConnection((error, got) => {
      if (error === null) resolve(got);
      else reject(new StoreUnavailable(codeOf(error) ?? 'NO_CONNECTION'));
    });
  });
  let done = false;
  try {
    const result = await work(connection);
    done = true;
    return result;
  } finally {
    if (done) connection.release();
    else connection.destroy();
  }
}

/** What a rejected statement is to callers: only the server's own word on it, and not a passing one, is a fault. */
function toStoreError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const code = codeOf(error);
  const fatal = 'fatal' in error && error.fatal === true;
  if (code === undefined) return fatal ? new StoreUnavailable('CONNECTION_CLOSED') : error;
  const refused = 'sqlState' in error && !fatal && !PASSING.has(code);
  return refused ? new StoreFault(code) : new StoreUnavailable(code);
}

/** A name for the error; some of MariaDB's have but a number. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return 'errno' in error && typeof error.errno === 'number' ? `ER_${error.errno}` : undefined;
}
