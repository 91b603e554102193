import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { inspectStore } from '../../core/inspect-store.js';
import { openMysqlStore } from '../../core/store/mysql/open.js';
import { type Mariadb, startMariadb } from '../support/mariadb.js';
import { owned } from '../support/owned.js';
import { storeKinds } from '../support/stores.js';
import { eachStore, rejectionOf } from './each-store.js';
import { newApp, nextNumber } from './samples.js';

/**
 * What a migration leaves on MySQL when its core dies before the end: its tables are changed, and it is not noted as
 * made.
 */
describe.runIf(storeKinds().includes('mysql'))('a migration that was interrupted on MySQL', () => {
  let server: Mariadb;
  let url: string;

  beforeAll(async () => {
    server = await startMariadb();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    const name = `migrated${nextNumber()}`;
    await server.createDatabase(name);
    url = server.url(name);
    await (await openMysqlStore(url)).close();
  });

  async function query(sql: string): Promise<RowDataPacket[]> {
    const connection = await createConnection({ uri: url, multipleStatements: true });
    const [rows] = await connection.query<RowDataPacket[]>(sql);
    await connection.end();
    return rows;
  }

  const columns = () =>
    query(
      `SELECT table_name, column_name, column_type FROM information_schema.columns WHERE table_schema = DATABASE()
       ORDER BY 1, 2`,
    );
  const indexes = () =>
    query(
      `SELECT table_name, index_name, column_name FROM information_schema.statistics WHERE table_schema = DATABASE()
       ORDER BY 1, 2, 3`,
    );

  it.each([1, 2, 3])('goes on with the last %i of them', async (count) => {
    const before = [await columns(), await indexes()];
    const last = `SELECT id FROM (SELECT id FROM __drizzle_migrations ORDER BY id DESC LIMIT ${count}) AS last`;
    await query(`DELETE FROM __drizzle_migrations WHERE id IN (${last})`);
    const store = await owned(await openMysqlStore(url));
    await newApp(store);
    await store.close();
    expect([await columns(), await indexes()]).toEqual(before);
  });

  it('does not take a table that has rows for one of its own', async () => {
    const store = await owned(await openMysqlStore(url));
    await newApp(store);
    await store.close();
    await query('DELETE FROM __drizzle_migrations');
    expect(await inspectStore(url)).toMatchObject({ isCutShort: true, isReadOnly: false, isDurable: true });
    await expect(openMysqlStore(url)).rejects.toMatchObject({
      code: 'TABLES_DIFFER',
      message: expect.stringContaining('ER_TABLE_EXISTS_ERROR'),
    });
  });
});

eachStore('tables of a newer release', (opened) => {
  it('are left alone, in words that say what to do', async () => {
    await opened.change('INSERT INTO __drizzle_migrations (hash, created_at) VALUES (?, ?)', ['later', 4e12]);
    const refused = await rejectionOf(opened.reopen());
    expect(refused).toMatchObject({ code: 'NEWER_TABLES' });
    expect(refused.message).toMatch(/newer release than this one .*: use that release, or a backup/);
    await opened.change('DELETE FROM __drizzle_migrations WHERE hash = ?', ['later']);
    await opened.reopen();
  });
});
