import { StoreFault } from '../sql/driver.js';
import { StoreUnavailable } from '../store.js';
import type { Queryable } from './queryable.js';

/** The least `max_allowed_packet` of a server, in bytes. The look-ups of many keys are made to fit it. */
const MIN_PACKET = 1024 * 1024;
/**
 * Maximum size of what GROUP_CONCAT answers, in bytes, beyond which the server cuts it: the tags of a device have some
 * 1100.
 */
const LIST_BYTES = 65_536;

/** A session as the server describes it. */
export interface Session {
  /** The server's id of the connection. */
  id: number;
  /** Maximum number of bytes of one statement. */
  maxPacket: number;
}

/**
 * Makes a new connection's session what the store needs, and asks the server whether it is. READ COMMITTED has no gap
 * locks; strict mode refuses what does not fit; the mode is set whole since another one could change what a backslash
 * means.
 *
 * @param readWithin the server ends a statement that only reads after so many milliseconds; 0: never
 * @throws StoreUnavailable if it is not
 */
export async function setUpSession(connection: Queryable, readWithin: number): Promise<Session> {
  const [{ version } = {}] = await rowsOf(connection, 'SELECT VERSION() AS version');
  const mariadb = /mariadb/i.test(String(version));
  // MariaDB counts in seconds, and limits all statements.
  const limit = mariadb
    ? { name: 'max_statement_time', value: readWithin / 1000 }
    : { name: 'max_execution_time', value: readWithin };
  // A server may have been told to ignore what the client says when it connects.
  await setting(connection, 'SET NAMES utf8mb4');
  await setting(connection, 'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED');
  await setting(
    connection,
    `SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', innodb_lock_wait_timeout = 5, autocommit = 1,
       group_concat_max_len = ${LIST_BYTES}, ${limit.name} = ${limit.value}`,
  );
  const [row = {}] = await rowsOf(
    connection,
    `SELECT @@${mariadb ? 'tx_isolation' : 'transaction_isolation'} AS isolation, @@sql_mode AS mode,
       @@character_set_client AS charset, @@innodb_lock_wait_timeout AS lockWait,
        @@autocommit AS autocommit, @@group_concat_max_len AS listBytes, @@${limit.name} AS readWithin,
       @@max_allowed_packet AS maxPacket, CONNECTION_ID() AS id`,
  );
  demand(String(row.isolation).replace('-', ' ') === 'READ COMMITTED', 'the isolation level READ COMMITTED');
  demand(String(row.mode).split(',').includes('STRICT_ALL_TABLES'), 'the SQL mode STRICT_ALL_TABLES');
  demand(row.charset === 'utf8mb4', 'the character set utf8mb4');
  demand(Number(row.lockWait) === 5, 'innodb_lock_wait_timeout = 5');
  demand(Number(row.autocommit) === 1, 'autocommit = 1');
  demand(Number(row.listBytes) === LIST_BYTES, `group_concat_max_len = ${LIST_BYTES}`);
  demand(Math.abs(Number(row.readWithin) - limit.value) < 0.001, `${limit.name} = ${limit.value}`);
  const maxPacket = Number(row.maxPacket);
  if (!(maxPacket >= MIN_PACKET)) {
    throw new StoreUnavailable('MAX_ALLOWED_PACKET', 'max_allowed_packet of the database is below 1 MiB');
  }
  return { id: Number(row.id), maxPacket };
}

function demand(met: boolean, what: string): void {
  if (!met) throw new StoreUnavailable('SESSION_NOT_SET', `a session of the database does not have ${what}`);
}

async function setting(connection: Queryable, statement: string): Promise<void> {
  try {
    await connection.query(statement);
  } catch (error) {
    // Nothing of a caller's is refused here, whatever the server says.
    if (error instanceof StoreFault)
      throw new StoreUnavailable(error.message, 'a session of the database cannot be set up');
    throw error;
  }
}

async function rowsOf(connection: Queryable, sql: string): Promise<Record<string, unknown>[]> {
  const [rows] = await connection.query(sql);
  // What the driver answers to a SELECT.
  return rows as Record<string, unknown>[];
}
