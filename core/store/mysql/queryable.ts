import type { QueryOptions } from 'mysql2';

/** The part of a MySQL connection that Drizzle and the store use. */
export interface Queryable {
  query(statement: string | QueryOptions, values?: readonly unknown[]): Promise<[unknown, unknown]>;
}
