import { drizzle, type MySql2Database } from 'drizzle-orm/mysql2';
import { migrate } from 'drizzle-orm/mysql2/migrator';
import type { ResultSetHeader } from 'mysql2';
import type { Connection } from 'mysql2/promise';
import * as mysqlTables from '../schema/mysql.js';
import { toMysqlTarget } from '../sql/database-url.js';
import { type Database, type Row, type SqlRunner, type SqlValue, StoreFault, unwrapped } from '../sql/driver.js';
import { refuseNewerTables } from '../sql/inspection.js';
import { createSqlStore } from '../sql/sql-store.js';
import { type Store, StoreUnavailable } from '../store.js';
import { connect, untilThereIsRoom } from './connection.js';
import { loadMigrationTimes, MIGRATIONS } from './inspect.js';
import type { Queryable } from './queryable.js';
import { createQuestions, type Questions } from './questions.js';
import { resumedMigration } from './resumed-migration.js';
import { createWriter, type Writer } from './writer.js';

const MIGRATION_LOCK_SECONDS = 60;
const LEASE_MS = 10_000;

/**
 * Time that the server may take for one statement of a transaction, in milliseconds. Beyond it the server counts as
 * gone: a machine that stops answering without closing its connections would otherwise hold the write cycle for many
 * minutes.
 */
const ANSWER_WITHIN = 15_000;

/**
 * Opens a MySQL 8 or MariaDB 10.6+ store, bringing its tables up to date under a lock that all cores share.
 *
 * @param url `mysql://user:pass@host:3306/database`; the database must exist
 * @param answerWithin how long the server may take for a statement, in milliseconds
 * @throws StoreUnavailable if the server cannot be reached, or the tables are of a newer release
 */
export async function openMysqlStore(url: string, answerWithin = ANSWER_WITHIN): Promise<Store> {
  await migrateUnderLock(url);
  return createSqlStore(openMysqlDatabase(url, answerWithin));
}

/**
 * Returns true if a database has tables of a store. Changes nothing.
 *
 * @throws StoreUnavailable if the server cannot be reached
 */
export async function holdsMysqlStore(url: string): Promise<boolean> {
  const connection = await connect(toMysqlTarget(url), { readWithin: 0 });
  try {
    return (await rowsOf(connection, "SHOW TABLES LIKE 'pushes'", [])).length > 0;
  } finally {
    await connection.close();
  }
}

/**
 * Opens a database whose tables are up to date. Asks nothing of it yet.
 *
 * @param answerWithin how long the server may take for a statement, in milliseconds
 */
export function openMysqlDatabase(url: string, answerWithin = ANSWER_WITHIN): Database {
  const target = toMysqlTarget(url);
  const questions = createQuestions(target, answerWithin);
  const writer = createWriter({ target, answerWithin, makeRoom: questions.makeRoom, failed: questions.renew });
  return createDriver(questions, writer);
}

async function migrateUnderLock(url: string): Promise<void> {
  const target = toMysqlTarget(url);
  // Without a limit of time: a change of a large table takes as long as it takes.
  const connection = await untilThereIsRoom(() => connect(target, { readWithin: 0 }));
  try {
    // Named after the database: the lock is the server's. It goes with the connection, whatever happens.
    const lock = "CONCAT('onepush-migrate:', LEFT(DATABASE(), 40))";
    const [row] = await rowsOf(connection, `SELECT GET_LOCK(${lock}, ?) AS held`, [MIGRATION_LOCK_SECONDS]);
    if (row?.held !== 1)
      throw new StoreUnavailable('ER_LOCK_WAIT_TIMEOUT', 'another core is still migrating the database');
    refuseNewerTables(MIGRATIONS, await loadMigrationTimes(connection));
    const { query } = resumedMigration(connection);
    // Drizzle's migrator prepares one of its statements.
    const migrated = { query, execute: query };
    await migrate(drizzleOver(migrated), { migrationsFolder: MIGRATIONS });
    await connection.query(`SELECT RELEASE_LOCK(${lock})`);
  } catch (error) {
    const cause = unwrapped(error);
    if (!(cause instanceof StoreFault)) throw cause;
    // No caller's statement: it is the tables that are wrong.
    const hint = `its tables are not those that a release left (${cause.message}): go back to a backup`;
    throw new StoreUnavailable('TABLES_DIFFER', hint);
  } finally {
    await connection.close();
  }
}

function createDriver(questions: Questions, writer: Writer): Database {
  return {
    ...runnerOver(questions),
    tables: mysqlTables,
    blocking: false,
    locking: ' LOCK IN SHARE MODE',
    forceIndex: (name) => ` FORCE INDEX (${name})`,
    fencing: { clock: 'FLOOR(UNIX_TIMESTAMP(NOW(3)) * 1000)', connectionNumber: 'CONNECTION_ID()', leaseMs: LEASE_MS },
    insertIgnore: 'INSERT IGNORE',
    maxValues: 60_000,
    onConflictUpdate(_key, assignments) {
      const sets = Object.entries(assignments).map(([column, rule]) =>
        rule === 'new' ? `${column} = VALUES(${column})` : `${column} = GREATEST(${column}, VALUES(${column}))`,
      );
      return ` ON DUPLICATE KEY UPDATE ${sets.join(', ')}`;
    },
    transaction: (work) =>
      writer.transaction((gathered) =>
        work({ ...runnerOver(gathered), enqueue: gathered.enqueue, enqueueInsert: gathered.enqueueInsert }),
      ),
    connectionId: writer.connectionId,
    async terminate(connectionId) {
      const thread = Math.trunc(connectionId);
      await questions.query(`KILL CONNECTION ${thread}`).catch((error: unknown) => {
        if (!isNoSuchThread(error)) throw error;
      });
    },
    async close() {
      await Promise.all([questions.close(), writer.close()]);
    },
    cleaned: unwrapped,
  };
}

function isNoSuchThread(error: unknown): boolean {
  return error instanceof StoreUnavailable && error.code === 'ER_NO_SUCH_THREAD';
}

function runnerOver(connection: Queryable): SqlRunner {
  return {
    db: drizzleOver(connection),
    all: (sql, values) => rowsOf(connection, sql, values),
    async run(sql, values) {
      const [result] = await connection.query(sql, values);
      // What the driver answers to all but a SELECT.
      return (result as ResultSetHeader).affectedRows;
    },
  };
}

async function rowsOf(connection: Queryable, sql: string, values: readonly SqlValue[]): Promise<Row[]> {
  const [rows] = await connection.query(sql, values);
  // What the driver answers to a SELECT.
  return rows as Row[];
}

function drizzleOver(connection: Queryable): MySql2Database {
  // Of a connection Drizzle uses `query` alone, unless it is asked for streams.
  return drizzle(connection as unknown as Connection);
}
