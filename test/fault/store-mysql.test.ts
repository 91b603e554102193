import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openMysqlStore } from '../../core/store/mysql/open.js';
import { type Store, StoreUnavailable } from '../../core/store/store.js';
import { must } from '../contract/each-store.js';
import {
  batch,
  directed,
  NOW,
  newApp,
  newDevices,
  nextNumber,
  register,
  registerAll,
  registration,
} from '../contract/samples.js';
import { ping } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { type Mariadb, startMariadb } from '../support/mariadb.js';
import { owned } from '../support/owned.js';
import { storeKinds } from '../support/stores.js';

describe.runIf(storeKinds().includes('mysql'))('a store on a MySQL server', () => {
  let server: Mariadb;
  let name: string;
  let store: Store;
  const others: Connection[] = [];

  beforeAll(async () => {
    server = await startMariadb();
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    // Where a test before has failed between its end and its return.
    server.thaw();
    if (!(await ping(server.url('')))) await server.restart();
    name = `db${nextNumber()}`;
    await server.createDatabase(name);
    store = await owned(await openMysqlStore(server.url(name)));
  });
  afterEach(async () => {
    for (const other of others.splice(0)) other.destroy();
    await store?.close();
  });

  describe('that goes away', () => {
    it('is not available, and is again when the server is back', async () => {
      const app = await newApp(store);
      const { device } = must((await newDevices(store, app, 1))[0]);
      await server.kill();
      const { made, id } = directed(app, [device.num]);
      const calls = [
        () => store.commitNothing(),
        () => store.findApps([app.id]),
        () => store.readInbox([{ deviceNum: device.num, after: 0 }], 1, 1, 1),
        () => store.commitDeliveries(batch({ pushes: [made] })),
        () => store.commitRegistrations([registration(app)]),
      ];
      for (const call of calls) await expect(call()).rejects.toBeInstanceOf(StoreUnavailable);
      await expect(openMysqlStore(server.url(name))).rejects.toBeInstanceOf(StoreUnavailable);
      await server.restart();
      await store.commitNothing();
      expect(await store.findApps([app.id])).toEqual([app]);
      await store.commitDeliveries(batch({ pushes: [made] }));
      expect((await store.findPushes([id])).map((push) => push.id)).toEqual([id]);
    });

    it('waits for a commit that it was cut off from, to say whether it took place', async () => {
      for (const outcome of ['COMMIT', 'ROLLBACK']) {
        const other = await begin();
        // What every commit of this core does first.
        await other.query('UPDATE cores SET commits = commits + 1');
        const answer = store.resolveDoubt();
        await waitingForLock(other);
        await other.query(outcome);
        expect(await answer).toBe(outcome === 'COMMIT');
      }
    });

    it('keeps nothing of a batch that was under way', async () => {
      const app = await newApp(store);
      const { device } = must((await newDevices(store, app, 1))[0]);
      const { made, id } = directed(app, [device.num]);
      const other = await begin();
      await other.query('INSERT INTO cursors (device_num, push_id) VALUES (?, 1)', [device.num]);
      const cursors = [{ deviceNum: device.num, pushId: 2 }];
      const commit = store.commitDeliveries(batch({ pushes: [made], cursors })).catch((error: unknown) => error);
      await waitingForLock(other);
      await server.kill();
      expect(await commit).toBeInstanceOf(StoreUnavailable);
      await server.restart();
      expect(await store.findPushes([id])).toEqual([]);
      expect(await store.findCursors([device.num])).toEqual(new Map());
    });

    it('is not available while the server does not answer', async () => {
      const impatient = await owned(await openMysqlStore(server.url(name), 2000));
      const app = await newApp(impatient);
      server.freeze();
      try {
        await expect(impatient.commitNothing()).rejects.toBeInstanceOf(StoreUnavailable);
      } finally {
        server.thaw();
      }
      // Its COMMIT may have been sent, and may still be carried out.
      await eventually(() => impatient.resolveDoubt().then(() => true));
      await impatient.commitNothing();
      expect(await impatient.findApps([app.id])).toEqual([app]);
      await impatient.close();
    });

    it('is not available if there is no such database', async () => {
      await expect(openMysqlStore(server.url('nowhere'))).rejects.toBeInstanceOf(StoreUnavailable);
    });
  });

  describe('that several cores share', () => {
    it('is made once by stores that are opened at once', async () => {
      await server.createDatabase(`${name}_many`);
      const stores = await Promise.all([1, 2, 3, 4].map(() => openMysqlStore(server.url(`${name}_many`))));
      const app = { id: 'shared', name: '', keyHash: 'k', now: NOW };
      for (const one of stores) await (await owned(one)).commitApps([app]);
      for (const one of stores) expect(await one.findApps(['shared'])).toHaveLength(1);
      for (const one of stores) await one.close();
    });

    it('takes the app that another core has just created', async () => {
      const other = await begin();
      await other.query("INSERT INTO apps (num, id, name, created_at) VALUES (77, 'shared', 'theirs', 1)");
      await other.query("INSERT INTO app_keys (app_num, key_hash, created_at) VALUES (77, 'theirs', 1)");
      await other.query("INSERT INTO topics (app_num, tag) VALUES (77, '')");
      const created = store.commitApps([{ id: 'shared', name: 'ours', keyHash: 'ours', now: NOW }]);
      await waitingForLock(other);
      await other.query('COMMIT');
      await created;
      expect(await store.findApps(['shared'])).toMatchObject([
        { num: 77, id: 'shared', name: 'theirs', keys: [{ hash: 'theirs', expiresAt: null }], disabled: false },
      ]);
    });

    it('leaves the receipt of a delivery that another core has just ended', async () => {
      const app = await newApp(store);
      const { device } = must((await newDevices(store, app, 1))[0]);
      const { made, id, deliveries } = directed(app, [device.num]);
      await store.commitDeliveries(batch({ pushes: [made] }));
      const other = await begin();
      await other.query('INSERT INTO receipts (push_id, device_num, ending, ended_at) VALUES (?, ?, 5, 1)', [
        id,
        device.num,
      ]);
      await other.query('DELETE FROM inbox WHERE push_id = ?', [id]);
      const cursors = [{ deviceNum: device.num, pushId: 66 }];
      const commit = store.commitDeliveries(batch({ delivered: deliveries, cursors }));
      await waitingForLock(other);
      await other.query('COMMIT');
      await commit;
      const [rows] = await other.query<RowDataPacket[]>('SELECT ending FROM receipts WHERE push_id = ?', [id]);
      expect(rows).toEqual([{ ending: 5 }]);
      expect(await store.findCursors([device.num])).toEqual(new Map([[device.num, 66]]));
    });

    it('is not available for a transaction that the server gave up, and keeps nothing of it', async () => {
      const { device } = await register(store, registration(await newApp(store)));
      const other = await begin();
      await other.query('INSERT INTO cursors (device_num, push_id) VALUES (?, 1)', [device.num]);
      const cursors = [{ deviceNum: device.num, pushId: 2 }];
      const commit = store.commitDeliveries(batch({ cursors })).catch((error: unknown) => error);
      await other.query(`KILL QUERY ${await waitingForLock(other)}`);
      expect(await commit).toBeInstanceOf(StoreUnavailable);
      await other.query('ROLLBACK');
      expect(await store.findCursors([device.num])).toEqual(new Map());
      await store.commitDeliveries(batch({ cursors }));
      expect((await store.findCursors([device.num])).size).toBe(1);
    });
  });

  it('needs no particular character set of the database', async () => {
    const admin = await createConnection(server.url(''));
    await admin.query(`CREATE DATABASE ${name}_old CHARACTER SET latin1 COLLATE latin1_swedish_ci`);
    admin.destroy();
    const old = await owned(await openMysqlStore(server.url(`${name}_old`)));
    await old.commitApps([{ id: 'a', name: '名前 🚀', keyHash: 'k', now: NOW }]);
    const app = must((await old.findApps(['a']))[0]);
    expect(app.name).toBe('名前 🚀');
    const registered = await registerAll(
      old,
      ['é', 'e', 'É', '🚀'].map((alias) => registration(app, { alias, tags: [alias], mobile: '电话' })),
    );
    expect(new Set(registered.flatMap(({ topics }) => topics)).size).toBe(5);
    const content = { alert: '🚀 é 中', extra: '"中"' };
    const { made, id } = directed(app, [must(registered[0]).device.num], { content, tenantCode: '租户' });
    await old.commitDeliveries(batch({ pushes: [made] }));
    expect(await old.findPushes([id])).toEqual([made.push]);
    await old.close();
  });

  /** A transaction of somebody else. */
  async function begin(): Promise<Connection> {
    const other = await createConnection(server.url(name));
    others.push(other);
    // The server may be killed under it.
    other.on('error', () => {});
    await other.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED');
    await other.query('START TRANSACTION');
    return other;
  }

  /** Resolves once the store waits for the other transaction: to the number of its connection. */
  async function waitingForLock(other: Connection): Promise<number> {
    const find = async () => {
      const [rows] = await other.query<RowDataPacket[]>(
        "SELECT trx_mysql_thread_id AS id FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'",
      );
      return Number(rows[0]?.id ?? 0);
    };
    // The server looks again only after nobody has asked for 100 ms.
    return eventually(find, { intervalMs: 150, message: 'the store to wait for a lock' });
  }
});
