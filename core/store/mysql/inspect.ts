import { fileURLToPath } from 'node:url';
import { toMysqlTarget } from '../sql/database-url.js';
import { readMigrations, type StoreInspection } from '../sql/inspection.js';
import { connect } from './connection.js';
import { findMissingPrivileges, writesAnyway } from './privileges.js';
import type { Queryable } from './queryable.js';

/** Folder of the migrations of MySQL. */
export const MIGRATIONS = fileURLToPath(new URL('../migrations/mysql', import.meta.url));
/** Oldest versions that a core works with. */
const OLDEST = { mariadb: [10, 6], mysql: [8, 0] } as const;
/** Time that a question may take, in milliseconds. */
const ANSWER_WITHIN = 5000;

/**
 * Looks at a database without changing it.
 *
 * @throws StoreUnavailable if the server cannot be reached, or does not let the user in
 */
export async function inspectMysql(url: string): Promise<StoreInspection> {
  const target = toMysqlTarget(url);
  const connection = await connect(target, { answerWithin: ANSWER_WITHIN, readWithin: 0 });
  try {
    const asked = Date.now();
    const [row] = await rowsOf(connection, 'SELECT VERSION() AS version, UNIX_TIMESTAMP(NOW(3)) * 1000 AS now');
    const answered = Date.now();
    const version = String(row?.version);
    const made = await loadMigrationTimes(connection);
    const grants = (await rowsOf(connection, 'SHOW GRANTS')).map((grant) => String(Object.values(grant)[0]));
    const server = await loadServerSettings(connection);
    return {
      kind: 'mysql',
      version,
      isSupported: isSupported(version),
      ...readMigrations(MIGRATIONS, made),
      clockAheadMs: Math.round(Number(row?.now) - (asked + answered) / 2),
      isCutShort: made.length === 0 && (await rowsOf(connection, "SHOW TABLES LIKE 'pushes'")).length > 0,
      isReadOnly: server.read_only !== undefined && server.read_only !== 'OFF' && !grants.some(writesAnyway),
      isDurable: (server.innodb_flush_log_at_trx_commit ?? '1') === '1',
      missingPrivileges: findMissingPrivileges(grants, target.database),
      freeBytes: undefined,
    };
  } finally {
    await connection.close();
  }
}

/** Loads settings of the server by their names; those that it does not have are absent. */
async function loadServerSettings(connection: Queryable): Promise<Readonly<Record<string, string>>> {
  const names = "'read_only', 'innodb_flush_log_at_trx_commit'";
  const rows = await rowsOf(connection, `SHOW GLOBAL VARIABLES WHERE Variable_name IN (${names})`);
  return Object.fromEntries(rows.map((row) => [String(row.Variable_name), String(row.Value)]));
}

/** Loads the times that Drizzle wrote down of the migrations that were made: none where there is no store. */
export async function loadMigrationTimes(connection: Queryable): Promise<number[]> {
  const isThere = (await rowsOf(connection, "SHOW TABLES LIKE '\\_\\_drizzle\\_migrations'")).length > 0;
  const made = isThere ? await rowsOf(connection, 'SELECT created_at AS made FROM `__drizzle_migrations`') : [];
  return made.map((row) => Number(row.made));
}

/** Returns true for a version such as `10.11.6-MariaDB` or `8.0.36` that is new enough. */
export function isSupported(version: string): boolean {
  const [, major, minor] = /^(?:5\.5\.5-)?(\d+)\.(\d+)/.exec(version) ?? [];
  const [oldest, least] = /mariadb/i.test(version) ? OLDEST.mariadb : OLDEST.mysql;
  return Number(major) > oldest || (Number(major) === oldest && Number(minor) >= least);
}

async function rowsOf(connection: Queryable, sql: string): Promise<Record<string, unknown>[]> {
  const [rows] = await connection.query(sql);
  // What the driver answers to a question.
  return rows as Record<string, unknown>[];
}
