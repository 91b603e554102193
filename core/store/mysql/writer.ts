import { sleep } from '../../../common/timers.js';
import type { MysqlTarget } from '../sql/database-url.js';
import { unwrapped } from '../sql/driver.js';
import { createStatementBatch, type StatementBatch } from '../sql/statement-batch.js';
import { StoreUnavailable } from '../store.js';
import { connect, type ServerConnection, untilThereIsRoom } from './connection.js';
import { RolledBack } from './errors.js';

/** Number of attempts at a transaction that the server gives up for another. */
const ATTEMPTS = 3;
/** Longest pause before the second attempt, in milliseconds; before the third it is twice as long. */
const PAUSE = 40;

/**
 * Transactions, one after the other, on a connection that nothing else uses. It is opened when it is needed and kept.
 */
export interface Writer {
  /** See `Database.transaction`. */
  transaction<T>(work: (transaction: StatementBatch) => Promise<T>): Promise<T>;
  /** See `Database.connectionId`. */
  connectionId(): number | undefined;
  /** Resolves when the transaction under way is done and the connection closed. */
  close(): Promise<void>;
}

/** The server, its limits, and whoever is told of its failures. */
export interface WriterOptions {
  /** The server, and the user. */
  target: MysqlTarget;
  /** Time that the server may take for one statement, in milliseconds. */
  answerWithin: number;
  /** Called when the server has no room for the connection: somebody may have one to spare. */
  makeRoom: () => void;
  /** Told that the server, or the connection to it, was not what it should be. */
  failed: () => void;
}

/** Returns a writer that opens its connection when it is needed. */
export function createWriter({ target, answerWithin, makeRoom, failed }: WriterOptions): Writer {
  let connection: ServerConnection | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let closed = false;

  async function current(): Promise<ServerConnection> {
    if (connection?.broken) drop();
    connection ??= await untilThereIsRoom(
      () => connect(target, { answerWithin, readWithin: 0 }),
      () => {
        makeRoom();
        return true;
      },
    );
    return connection;
  }

  function drop(): void {
    void connection?.close();
    connection = undefined;
  }

  async function retrying<T>(work: (transaction: StatementBatch) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await once(work);
      } catch (error) {
        if (!(error instanceof RolledBack) || attempt === ATTEMPTS) throw error;
      }
      const pause = PAUSE * attempt * (0.5 + Math.random() / 2);
      await sleep(pause);
    }
  }

  async function once<T>(work: (transaction: StatementBatch) => Promise<T>): Promise<T> {
    if (closed) throw new StoreUnavailable('CLOSED');
    const used = await current();
    const transaction = createStatementBatch(used);
    try {
      await transaction.enqueue('START TRANSACTION', []);
      const result = await work(transaction);
      await transaction.commit(result);
      return result;
    } catch (error) {
      // What is wrong with the data is no fault of the connection.
      if (!used.broken) await used.attempt('ROLLBACK');
      if (used.broken) {
        drop();
        failed();
      }
      throw unwrapped(error);
    }
  }

  return {
    transaction(work) {
      const done = last.then(() => retrying(work));
      last = done.catch(() => {});
      return done;
    },
    connectionId: () => (connection?.broken ? undefined : connection?.id),
    async close() {
      closed = true;
      await last;
      await connection?.close();
      connection = undefined;
    },
  };
}
