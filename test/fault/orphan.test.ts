import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { describe, expect, it } from 'vitest';
import { openMysqlStore } from '../../core/store/mysql/open.js';
import { eventually } from '../support/eventually.js';
import { owned } from '../support/owned.js';
import { freshDatabase, storeKinds } from '../support/stores.js';

describe.runIf(storeKinds().includes('mysql'))('a transaction whose connection was cut before its commit', () => {
  it('is ended by its own core, which goes on, though the server does not know that it is gone', async () => {
    const database = await freshDatabase('mysql');
    const store = await owned(await openMysqlStore(database.url));
    const [orphan, admin] = await Promise.all([createConnection(database.url), createConnection(database.url)]);
    try {
      await store.commitNothing();
      // As the server sees it: the core's connection, named in its row, in the middle of a transaction.
      await orphan.query('UPDATE cores SET connection = CONNECTION_ID()');
      await orphan.query('START TRANSACTION');
      await orphan.query('UPDATE cores SET commits = commits');
      orphan.on('error', () => {});
      const [threads] = await admin.query<RowDataPacket[]>(
        `SELECT id FROM information_schema.processlist
         WHERE db = DATABASE() AND id NOT IN (CONNECTION_ID(), ?)`,
        [orphan.threadId],
      );
      for (const { id } of threads) await admin.query(`KILL ${id}`).catch(() => {});
      await eventually(() => store.commitNothing().then(() => true), { timeoutMs: 60_000 });
      await expect(orphan.query('COMMIT')).rejects.toThrow();
    } finally {
      orphan.destroy();
      admin.destroy();
      await store.close();
      await database.drop();
    }
  });
});
