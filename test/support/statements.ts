import Libsql from 'libsql';
import mysql from 'mysql2';
import { eventually } from './eventually.js';

/** A statement, or several that were sent together, as the store gave them to its database. */
export interface Statement {
  sql: string;
  /** How many rows the server looked at; undefined on SQLite. */
  examined: number | undefined;
}

export interface StatementWatch {
  /** Returns what was noted since it was last asked. */
  take(): Promise<Statement[]>;
  stop(): void;
}

/** What is used of a connection of mysql2: its typed form has overloads that a stand-in cannot have. */
interface Queries {
  query(...args: unknown[]): unknown;
}

/**
 * Notes every statement of this process until it is stopped. On a server each is measured, by the counters of its
 * session, which are set back before it.
 */
export function watchStatements(): StatementWatch {
  const seen: Statement[] = [];
  let uncounted = 0;
  // What both libraries' connections inherit from; a method is put back as it was.
  const connection = (mysql as unknown as { Connection: { prototype: Queries } }).Connection.prototype;
  const database = Libsql.prototype as { prepare(sql: string): unknown };
  const { query } = connection;
  const { prepare } = database;

  connection.query = function (this: Queries, ...args: unknown[]) {
    const [given] = args;
    const sql = typeof given === 'string' ? given : String((given as { sql: unknown }).sql);
    query.call(this, 'FLUSH STATUS', () => {});
    const answer = query.apply(this, args);
    uncounted++;
    query.call(this, "SHOW SESSION STATUS LIKE 'Handler_read%'", (_error: unknown, rows: unknown) => {
      uncounted--;
      const counters = (rows ?? []) as { Value: string }[];
      seen.push({ sql, examined: counters.reduce((sum, { Value }) => sum + Number(Value), 0) });
    });
    return answer;
  };
  database.prepare = function (this: unknown, sql: string) {
    seen.push({ sql, examined: undefined });
    return prepare.call(this, sql);
  };
  return {
    async take() {
      await eventually(() => uncounted === 0);
      return seen.splice(0);
    },
    stop() {
      connection.query = query;
      database.prepare = prepare;
    },
  };
}
