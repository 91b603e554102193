import type { QueryOptions } from 'mysql2';

/** The part of a MySQL connection that Drizzle and the store use. */
export interface Queryable {
  /** Runs one statement. Resolves with its rows or its result, and its fields. */
  query(statement: string | QueryOptions, values?: readonly unknown[]): Promise<[unknown, unknown]>;
}
