import { fileURLToPath } from 'node:url';
import { drizzle } from 'drizzle-orm/mysql2';
import { migrate } from 'drizzle-orm/mysql2/migrator';
import mysql, { type Connection, type Pool, type RowDataPacket } from 'mysql2/promise';
import { type Row, type SqlDriver, type SqlRunner, unwrapped } from './driver.js';
import { ANSWER_WITHIN, onConnection, onPool, type Queryable, withConnection } from './mysql-connection.js';
import * as mysqlTables from './schema.mysql.js';
import { createSqlStore } from './sql-store.js';
import { type Store, StoreUnavailable } from './store.js';

const MIGRATIONS = fileURLToPath(new URL('./migrations/mysql', import.meta.url));
const MIGRATION_LOCK_SECONDS = 60;

/**
 * Opens a MySQL 8 or MariaDB 10.6+ store, bringing its tables up to date under a lock that all cores share.
 *
 * @param url `mysql://user:pass@host:3306/database`; the database must exist
 * @param answerWithin see `ANSWER_WITHIN`
 * @throws StoreUnavailable if the server cannot be reached
 */
export async function openMysqlStore(url: string, answerWithin = ANSWER_WITHIN): Promise<Store> {
  const pool = mysql.createPool({
    uri: url,
    connectionLimit: 8,
    queueLimit: 10_000,
    connectTimeout: 3000,
    enableKeepAlive: true,
    charset: 'utf8mb4',
  });
  // Runs before anything else on a new connection. READ COMMITTED has no gap locks; strict mode refuses what does not fit;
  // the mode is set whole since another one could change what a backslash means.
  pool.on('connection', (connection) => {
    const raw = connection as unknown as { query(sql: string, done: () => void): void };
    raw.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED', () => {});
    raw.query(
      "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', innodb_lock_wait_timeout = 5",
      () => {},
    );
  });
  try {
    await withConnection(pool, migrateUnderLock);
    return createSqlStore(createDriver(pool, answerWithin));
  } catch (error) {
    await pool.end();
    throw unwrapped(error);
  }
}

/** As long as it takes: a change of a large table is no sign of a server that is gone. */
async function migrateUnderLock(pooled: PoolConnection): Promise<void> {
  const connection = onConnection(pooled);
  try {
    // Named after the database: the lock is the server's.
    const lock = "CONCAT('onepush-migrate:', LEFT(DATABASE(), 40))";
    const [rows] = await connection.query<RowDataPacket[]>(`SELECT GET_LOCK(${lock}, ?) AS held`, [
      MIGRATION_LOCK_SECONDS,
    ]);
    if (rows[0]?.held !== 1)
      throw new StoreUnavailable('ER_LOCK_WAIT_TIMEOUT', 'another core is still migrating the database');
    await migrate(drizzle(connection), { migrationsFolder: MIGRATIONS });
    await connection.query(`SELECT RELEASE_LOCK(${lock})`);
  } finally {
    connection.destroy();
  }
}

function createDriver(pool: Pool): SqlDriver {
  return {
    ...runnerOver(pool),
    tables: mysqlTables,
    insertIgnore: 'INSERT IGNORE',
    maxValues: 60_000,
    onConflictUpdate(_key, assignments) {
      const sets = Object.entries(assignments).map(([column, rule]) =>
        rule === 'new' ? `${column} = VALUES(${column})` : `${column} = GREATEST(${column}, VALUES(${column}))`,
      );
      return ` ON DUPLICATE KEY UPDATE ${sets.join(', ')}`;
    },
    async transaction(work) {
      const connection = await pool.getConnection();
      let settled = false;
      try {
        await connection.beginTransaction();
        const result = await work(runnerOver(connection));
        await connection.commit();
        settled = true;
        return result;
      } finally {
        // A connection whose transaction did not commit is dropped: the server rolls back, whatever state it is in.
        if (settled) connection.release();
        else connection.destroy();
      }
    },
    async ping() {
      await pool.query('SELECT 1');
    },
    close: () => pool.end(),
    cleaned,
  };
}

function runnerOver(client: Pool | Connection): SqlRunner {
  return {
    db: drizzle(client),
    async all(sql, values) {
      const [rows] = await client.query<RowDataPacket[]>(sql, [...values]);
      return rows;
    },
    async run(sql, values) {
      await client.query(sql, [...values]);
    },
  };
}

function cleaned(error: unknown): unknown {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof StoreUnavailable || at instanceof StoreFault) return at;
    const code = 'code' in at && typeof at.code === 'string' ? at.code : undefined;
    if (code === undefined) continue;
    const passing = PASSING.has(code) || ('fatal' in at && at.fatal === true) || !code.startsWith('ER_');
    return passing ? new StoreUnavailable(code) : new StoreFault(code);
  }
  return error;
}
