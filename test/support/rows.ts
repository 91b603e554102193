import Database from 'libsql';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';

type Value = string | number | null;

/** Rows of a database, for what has no look-up. The statement must mean the same in both dialects. */
export function readRows(url: string, sql: string, values: readonly Value[] = []): Promise<Record<string, unknown>[]> {
  return onDatabase<Record<string, unknown>[]>(
    url,
    // What both drivers answer to a SELECT.
    (database) => database.prepare(sql).all(...values) as Record<string, unknown>[],
    async (connection) => (await connection.query<RowDataPacket[]>(sql, [...values]))[0],
  );
}

/** Changes rows behind the back of whoever uses the database. */
export function changeRows(url: string, sql: string, values: readonly Value[] = []): Promise<void> {
  return onDatabase<void>(
    url,
    (database) => void database.prepare(sql).run(...values),
    async (connection) => void (await connection.query(sql, [...values])),
  );
}

/** Inserts many rows. `into` names the table and its columns: `t (a, b)`. */
export async function insertMany(url: string, into: string, rows: readonly (readonly Value[])[]): Promise<void> {
  for (let start = 0; start < rows.length; start += 2000) {
    const part = rows.slice(start, start + 2000);
    const places = part.map((row) => `(${row.map(() => '?').join(', ')})`);
    await changeRows(url, `INSERT INTO ${into} VALUES ${places.join(', ')}`, part.flat());
  }
}

/** How the deliveries of a push have ended, as the numbers that the tables keep, in order. */
export async function endingsOf(url: string, requestId: string): Promise<number[]> {
  const rows = await readRows(url, 'SELECT ending FROM receipts WHERE push_id = ? ORDER BY ending', [
    Number(requestId),
  ]);
  return rows.map((row) => Number(row.ending));
}

/** How deliveries end, as the tables have it. */
export const ENDING = {
  delivered: 1,
  confirmed: 2,
  expired: 3,
  evicted: 4,
  discarded: 5,
  recalled: 6,
  cleared: 8,
} as const;

/** Runs something on a connection of its own. */
async function onDatabase<T>(
  url: string,
  onSqlite: (database: Database.Database) => T,
  onMysql: (connection: Connection) => Promise<T>,
): Promise<T> {
  if (url.startsWith('sqlite:')) {
    const database = new Database(url.slice('sqlite:'.length));
    try {
      database.pragma('busy_timeout = 5000');
      return onSqlite(database);
    } finally {
      database.close();
    }
  }
  const connection = await createConnection(url);
  try {
    return await onMysql(connection);
  } finally {
    connection.destroy();
  }
}
