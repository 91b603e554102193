import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { drizzle, type MySql2Database } from 'drizzle-orm/mysql2';
import { migrate } from 'drizzle-orm/mysql2/migrator';
import { createPool, type Pool, type PoolConnection, type ResultSetHeader } from 'mysql2';
import type { Connection } from 'mysql2/promise';
import { type Database, type Row, type SqlRunner, type SqlValue, unwrapped } from './driver.js';
import { gathering } from './gathering.js';
import { ANSWER_WITHIN, onConnection, onPool, type Queryable, withConnection } from './mysql-connection.js';
import { resumedMigration } from './resumed-migration.js';
import * as mysqlTables from './schema.mysql.js';
import { createSqlStore } from './sql-store.js';
import { type Store, StoreUnavailable } from './store.js';

const MIGRATIONS = fileURLToPath(new URL('./migrations/mysql', import.meta.url));
const MIGRATION_LOCK_SECONDS = 60;
const LEASE_MS = 10_000;

/**
 * Opens a MySQL 8 or MariaDB 10.6+ store, bringing its tables up to date under a lock that all cores share.
 *
 * @param url `mysql://user:pass@host:3306/database`; the database must exist
 * @param answerWithin see `ANSWER_WITHIN`
 * @throws StoreUnavailable if the server cannot be reached
 */
export async function openMysqlStore(url: string, answerWithin = ANSWER_WITHIN): Promise<Store> {
  const pool = createPool({
    uri: url,
    connectionLimit: 8,
    queueLimit: 10_000,
    connectTimeout: 3000,
    enableKeepAlive: true,
    charset: 'utf8mb4',
    // The statements of one round trip, see `gathering`.
    multipleStatements: true,
  });
  // Runs before anything else on a new connection. READ COMMITTED has no gap locks; strict mode refuses what does not fit;
  // the mode is set whole since another one could change what a backslash means.
  pool.on('connection', (connection) => {
    connection.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED', () => {});
    connection.query(
      "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', innodb_lock_wait_timeout = 5",
      () => {},
    );
  });
  try {
    await withConnection(pool, migrateUnderLock);
    return createSqlStore(createDriver(pool, answerWithin));
  } catch (error) {
    await end(pool);
    throw unwrapped(error);
  }
}

function end(pool: Pool): Promise<void> {
  return promisify(pool.end).call(pool);
}

async function migrateUnderLock(pooled: PoolConnection): Promise<void> {
  // Without a limit of time: a change of a large table takes as long as it takes.
  const connection = onConnection(pooled);
  // Named after the database: the lock is the server's. It goes with the connection, whatever happens.
  const lock = "CONCAT('onepush-migrate:', LEFT(DATABASE(), 40))";
  const [row] = await rowsOf(connection, `SELECT GET_LOCK(${lock}, ?) AS held`, [MIGRATION_LOCK_SECONDS]);
  if (row?.held !== 1)
    throw new StoreUnavailable('ER_LOCK_WAIT_TIMEOUT', 'another core is still migrating the database');
  const { query } = resumedMigration(connection);
  // Drizzle's migrator prepares one of its statements.
  const migrated = { query, execute: query };
  await migrate(drizzleOver(migrated), { migrationsFolder: MIGRATIONS });
  await connection.query(`SELECT RELEASE_LOCK(${lock})`);
}

function createDriver(pool: Pool, answerWithin: number): Database {
  return {
    ...runnerOver(onPool(pool, answerWithin)),
    tables: mysqlTables,
    locking: ' LOCK IN SHARE MODE',
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
      withConnection(pool, async (pooled) => {
        const connection = gathering(onConnection(pooled, answerWithin));
        await connection.later('START TRANSACTION', []);
        const result = await work({
          ...runnerOver(connection),
          later: connection.later,
          insertLater: connection.insertLater,
        });
        await connection.query('COMMIT');
        return result;
      }),
    close: () => end(pool),
    cleaned: unwrapped,
  };
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
