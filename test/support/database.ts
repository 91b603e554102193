import { type Connection, createConnection } from 'mysql2/promise';

async function onServer<T>(serverUrl: string, work: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await createConnection({ uri: serverUrl, connectTimeout: 10_000 });
  try {
    return await work(connection);
  } finally {
    // Not end(): a server that dies meanwhile must not hold the caller.
    connection.destroy();
  }
}

function quoted(name: string): string {
  if (!/^\w{1,64}$/.test(name)) throw new Error(`not a plain database name: ${JSON.stringify(name)}`);
  return `\`${name}\``;
}

/** Whether the server at this URL takes a connection and answers within a second or so. Never rejects. */
export async function ping(serverUrl: string): Promise<boolean> {
  try {
    const connection = await createConnection({ uri: serverUrl, connectTimeout: 1_000 });
    connection.destroy();
    return true;
  } catch {
    return false;
  }
}

/** Creates an empty utf8mb4 database with the server's default collation; rejects when it exists. */
export async function createDatabase(serverUrl: string, name: string): Promise<void> {
  await onServer(serverUrl, (connection) => connection.query(`CREATE DATABASE ${quoted(name)} CHARACTER SET utf8mb4`));
}

/** Drops a database; an unknown one is fine. */
export async function dropDatabase(serverUrl: string, name: string): Promise<void> {
  await onServer(serverUrl, (connection) => connection.query(`DROP DATABASE IF EXISTS ${quoted(name)}`));
}
