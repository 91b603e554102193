import { StoreFault } from '../sql/driver.js';
import type { Queryable } from './queryable.js';

/** The server's errors for a change that has been made already: of a column, of an index, of an index that is to go. */
const DONE = new Set(['ER_DUP_FIELDNAME', 'ER_DUP_KEYNAME', 'ER_CANT_DROP_FIELD_OR_KEY']);

/**
 * MySQL commits each change of a table by itself, so a migration that was interrupted is there in part, and is begun
 * anew: what was done is passed by. A table that exists is passed by only if it is empty: otherwise it is not what a
 * migration left.
 */
export function resumedMigration(connection: Queryable): Queryable {
  return {
    async query(statement, values) {
      try {
        return await connection.query(statement, values);
      } catch (error) {
        if (!(error instanceof StoreFault) || !(await isDone(error.message, statement))) throw error;
        return [[], []];
      }
    },
  };

  async function isDone(code: string, statement: Parameters<Queryable['query']>[0]): Promise<boolean> {
    if (DONE.has(code)) return true;
    const text = typeof statement === 'string' ? statement : statement.sql;
    const [, table] = /^\s*CREATE TABLE (`\w+`)/.exec(text) ?? [];
    if (code !== 'ER_TABLE_EXISTS_ERROR' || table === undefined) return false;
    const [rows] = await connection.query(`SELECT 1 FROM ${table} LIMIT 1`);
    return Array.isArray(rows) && rows.length === 0;
  }
}
