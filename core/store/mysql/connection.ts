import type { Duplex } from 'node:stream';
import { type Connection, createConnection, format, type QueryOptions } from 'mysql2';
import { sleep } from '../../../common/timers.js';
import type { MysqlTarget } from '../sql/database-url.js';
import { StoreFault } from '../sql/driver.js';
import { isFull, RolledBack, toConnectError, toStatementError } from './errors.js';
import type { Queryable } from './queryable.js';
import { setUpSession } from './session.js';

/** Time within which the server must take a connection, in milliseconds. */
const CONNECT_WITHIN = 3000;
/** Time that the server has to close a connection, in milliseconds. */
const CLOSE_WITHIN = 1000;
/** Pause before another attempt where the server has no room for a connection, in milliseconds. */
const ROOM_PAUSE = 25;
/** Room for what is sent with a statement: the command's own byte, START TRANSACTION, COMMIT. */
const SPARE_BYTES = 256;

/** The end of statements that were sent together. */
export type Outcome =
  | { failed: false; results: unknown; fields: unknown }
  | {
      failed: true;
      /** StoreUnavailable, StoreFault, or an error of the program. */
      error: unknown;
      /** Number of statements that the server had answered before. */
      answers: number;
      /** True if it is certain that none of the statements after those was run. */
      definite: boolean;
    };

/**
 * A connection whose session is set up. Its calls reject with StoreUnavailable or StoreFault, or with an error of the
 * program.
 */
export interface ServerConnection extends Queryable {
  /** The server's id of it. */
  readonly id: number;
  /** Maximum number of bytes of a statement, escapes included. */
  readonly maxBytes: number;
  /** True if it is closed, or has had an error that may be its own or its server's: it is not to be used any more. */
  readonly broken: boolean;
  /** Runs statements that are sent together; never rejects. */
  attempt(statement: string | QueryOptions, values?: readonly unknown[]): Promise<Outcome>;
  /** Closes it, and resolves when the server has done so too, or a second later. Nothing may be under way on it. */
  close(): Promise<void>;
}

/** Time that statements of a connection may take. */
export interface TimeLimits {
  /** Without an answer for so long, in milliseconds, the server counts as gone. Absent: no limit. */
  answerWithin?: number | undefined;
  /** The server itself ends a statement that only reads after so long, in milliseconds; 0: never. */
  readWithin: number;
}

/**
 * Opens a connection and sets its session up.
 *
 * @throws StoreUnavailable if there is no connection, or its session cannot be what the store needs
 */
export async function connect(
  target: MysqlTarget,
  { answerWithin, readWithin }: TimeLimits,
): Promise<ServerConnection> {
  const { host, port, user, password, database, tls } = target;
  const connection = createConnection({
    host,
    port,
    user,
    password,
    database,
    ...(tls === undefined ? {} : { ssl: tls }),
    connectTimeout: CONNECT_WITHIN,
    enableKeepAlive: true,
    keepAliveInitialDelay: 10_000,
    charset: 'utf8mb4',
    // The statements of one round trip, see `gathering`.
    multipleStatements: true,
    // All values are filled in before: nothing is looked for in a long text once more.
    queryFormat: (sql) => sql,
  });
  let broken = false;
  const lost = () => {
    broken = true;
  };
  // Also while nobody waits for an answer.
  connection.on('error', lost);
  connection.on('end', lost);
  let maxBytes = Number.POSITIVE_INFINITY;

  function attempt(statement: string | QueryOptions, values: readonly unknown[] = []): Promise<Outcome> {
    const options = typeof statement === 'string' ? { sql: statement } : statement;
    // What the store and Drizzle give are texts, numbers, null and bytes.
    const sql = values.length === 0 ? options.sql : format(options.sql, [...values] as Parameters<typeof format>[1]);
    // The server would close the connection.
    if (exceeds(sql, maxBytes + SPARE_BYTES)) {
      return Promise.resolve({ failed: true, error: new StoreFault('STATEMENT_TOO_LONG'), answers: 0, definite: true });
    }
    // Not the driver's promises: they note the stack of each call.
    return new Promise((resolve) => {
      let answers = 0;
      const query = connection.query({ ...options, sql, timeout: answerWithin }, (error, results, fields) => {
        if (error === null) return resolve({ failed: false, results, fields });
        const { error: cause, definite } = toStatementError(error);
        if (!(cause instanceof StoreFault || cause instanceof RolledBack)) broken = true;
        resolve({ failed: true, error: cause, answers, definite });
      });
      // Once for each answer, rows or none.
      query.on('fields', () => {
        answers++;
      });
    });
  }

  async function query(statement: string | QueryOptions, values?: readonly unknown[]): Promise<[unknown, unknown]> {
    const outcome = await attempt(statement, values);
    if (outcome.failed) throw outcome.error;
    return [outcome.results, outcome.fields];
  }

  async function close(): Promise<void> {
    if (broken) return connection.destroy();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, CLOSE_WITHIN);
      const ended = (): void => {
        clearTimeout(timer);
        resolve();
      };
      connection.once('end', ended);
      // Of a connection with TLS mysql2 does not tell it.
      streamOf(connection).once('end', ended);
      connection.end();
    });
    connection.destroy();
  }

  try {
    await new Promise<void>((resolve, reject) => {
      connection.connect((error) => (error === null ? resolve() : reject(toConnectError(error))));
    });
    const session = await setUpSession({ query }, readWithin);
    maxBytes = session.maxPacket - 2 * SPARE_BYTES;
    return {
      id: session.id,
      maxBytes,
      get broken() {
        return broken;
      },
      attempt,
      query,
      close,
    };
  } catch (error) {
    connection.destroy();
    throw error;
  }
}

/** Returns what the connection talks through: mysql2's types do not name it. */
function streamOf(connection: Connection): Duplex {
  return (connection as Connection & { stream: Duplex }).stream;
}

/**
 * Calls `open` again and again for some seconds while the server has no room for a connection.
 *
 * @param mayWait called before each further attempt, to make room; false: no further attempt is made
 */
export async function untilThereIsRoom<T>(open: () => Promise<T>, mayWait = (): boolean => true): Promise<T> {
  const deadline = performance.now() + CONNECT_WITHIN;
  for (;;) {
    try {
      return await open();
    } catch (error) {
      if (!isFull(error) || performance.now() > deadline || !mayWait()) throw error;
      await sleep(ROOM_PAUSE);
    }
  }
}

/** Returns true if a text has more bytes than this. Hot: most are too short for it, whatever their characters are. */
export function exceeds(text: string, bytes: number): boolean {
  return text.length * 3 > bytes && Buffer.byteLength(text) > bytes;
}
