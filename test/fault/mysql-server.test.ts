import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openMysqlDatabase, openMysqlStore } from '../../core/store/mysql/open.js';
import { type Database, StoreFault } from '../../core/store/sql/driver.js';
import { CommitInDoubt, type Store, StoreUnavailable } from '../../core/store/store.js';
import { must, rejectionOf } from '../contract/each-store.js';
import { batch, directed, newApp, newDevices, nextNumber, push, registration } from '../contract/samples.js';
import { eventually } from '../support/eventually.js';
import { type Mariadb, startMariadb } from '../support/mariadb.js';
import { owned } from '../support/owned.js';
import { startProxy } from '../support/proxy.js';
import { storeKinds } from '../support/stores.js';

/** What another server, or an operator of it, does to a store. */
describe.runIf(storeKinds().includes('mysql'))('a MySQL server', () => {
  let server: Mariadb;
  let admin: Connection;
  let name: string;
  const closings: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    server = await startMariadb();
    admin = await createConnection(server.url(''));
  });
  afterAll(async () => {
    await admin?.end();
    await server?.stop();
  });
  beforeEach(async () => {
    name = `db${nextNumber()}`;
    await server.createDatabase(name);
  });
  afterEach(async () => {
    for (const close of closings.splice(0).reverse()) await close();
  });

  async function openStore(url: string): Promise<Store> {
    const store = await owned(await openMysqlStore(url));
    closings.push(() => store.close());
    return store;
  }

  /** A database with its tables. */
  async function openDatabase(url: string, within?: number): Promise<Database> {
    await (await openMysqlStore(url)).close();
    const database = openMysqlDatabase(url, within);
    closings.push(() => database.close());
    return database;
  }

  /** A user of its own, with ordinary rights. */
  async function newUser(limits = ''): Promise<string> {
    const user = `user${nextNumber()}`;
    await admin.query(`CREATE USER '${user}'@'%' ${limits}`);
    await admin.query(`GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX ON ${name}.* TO '${user}'@'%'`);
    return server.url(name).replace('root', user);
  }

  /** Changes a setting of the server until the test ends. */
  async function setGlobal(setting: string, value: number): Promise<void> {
    const [rows] = await admin.query<RowDataPacket[]>(`SELECT @@GLOBAL.${setting} AS value`);
    const before = Number(rows[0]?.value);
    closings.push(() => admin.query(`SET GLOBAL ${setting} = ${before}`));
    await admin.query(`SET GLOBAL ${setting} = ${value}`);
  }

  const idOf = async (database: Database) =>
    Number(must((await database.all('SELECT CONNECTION_ID() AS id', []))[0]).id);
  const write = (database: Database) =>
    database.transaction((tx) => tx.enqueue('INSERT INTO cursors (device_num, push_id) VALUES (?, 1)', [nextNumber()]));

  /** Resolves when the writer's connection has ended. */
  async function cutOff(database: Database): Promise<void> {
    await database.terminate?.(must(database.connectionId?.()));
    await eventually(() => database.connectionId?.() === undefined);
  }

  it('that refuses a statement for what it is, says so by a fault', async () => {
    const database = await openDatabase(server.url(name));
    await database.transaction((tx) => tx.run('CREATE TABLE long_key (a varchar(10), CHECK (a <> "no"))', []));
    const refused = [
      'INSERT INTO cursors (device_num, push_id) VALUES (99999999999, 1)',
      'INSERT INTO cursors (device_num, push_id) VALUES (1, 99999999999999999999)',
      "INSERT INTO cursors (device_num, push_id) VALUES ('text', 1)",
      'INSERT INTO cursors (device_num, push_id) VALUES (1, NULL)',
      'INSERT INTO cursors (device_num) VALUES (1)',
      "INSERT INTO long_key (a) VALUES ('longer than it is')",
      "INSERT INTO long_key (a) VALUES ('no')",
      'INSERT INTO cursors VALUES (1)',
      'SELECT nonsense (',
      'INSERT INTO cursors VALUES ((SELECT 1 UNION SELECT 2), 0, 1)',
    ];
    for (const sql of refused) {
      const error = await rejectionOf(database.transaction((tx) => tx.enqueue(sql, [])));
      expect([sql, error]).toEqual([sql, expect.any(StoreFault)]);
    }
  });

  it('whose operator has taken rights or tables away, is not available', async () => {
    const url = await newUser();
    const database = await openDatabase(url);
    const [user] = /user\d+/.exec(url) ?? [];
    await write(database);
    await admin.query(`REVOKE INSERT ON ${name}.* FROM '${user}'@'%'`);
    await admin.query(`RENAME TABLE ${name}.receipts TO ${name}.elsewhere`);
    // Rights are those of when a connection began.
    await cutOff(database);
    expect(await rejectionOf(write(database))).toMatchObject({ code: 'ER_TABLEACCESS_DENIED_ERROR' });
    const gone = database.transaction((tx) => tx.enqueue('UPDATE receipts SET seq = 1', []));
    expect(await rejectionOf(gone)).toMatchObject({ code: 'ER_NO_SUCH_TABLE' });
    await admin.query(`GRANT INSERT ON ${name}.* TO '${user}'@'%'`);
    await write(database);
  });

  it('that has become read only, is not available for writing, and keeps no connection of then', async () => {
    const database = await openDatabase(await newUser());
    await write(database);
    const [writing, reading] = [database.connectionId?.(), await idOf(database)];
    await setGlobal('read_only', 1);
    const error = await rejectionOf(write(database));
    expect(error).toMatchObject({ name: 'StoreUnavailable', code: 'ER_OPTION_PREVENTS_STATEMENT' });
    expect(error).not.toBeInstanceOf(CommitInDoubt);
    await admin.query('SET GLOBAL read_only = 0');
    await write(database);
    expect(database.connectionId?.()).not.toBe(writing);
    expect(await idOf(database)).not.toBe(reading);
  });

  it('that is asked slow questions, commits meanwhile', async () => {
    const database = await openDatabase(server.url(name));
    const done: string[] = [];
    // However long they take: they wait for a lock.
    await admin.query("SELECT GET_LOCK('slow', 0)");
    closings.push(() => admin.query("SELECT RELEASE_LOCK('slow')"));
    const questions = Array.from({ length: 8 }, () =>
      database.all("SELECT GET_LOCK('slow', 60), RELEASE_LOCK('slow')", []).then(() => done.push('question')),
    );
    await eventually(async () => (await threads('GET_LOCK')) > 0);
    await write(database).then(() => done.push('commit'));
    await admin.query("SELECT RELEASE_LOCK('slow')");
    await Promise.all(questions);
    expect(done[0]).toBe('commit');
  });

  it('ends a question that takes too long, and no statement of a transaction', async () => {
    const database = await openDatabase(server.url(name), 3000);
    const ending = rejectionOf(database.all('SELECT SLEEP(20) AS asked', []));
    expect(await ending).toBeInstanceOf(StoreUnavailable);
    await eventually(async () => (await threads('asked')) === 0);
    const [limit] = await database.all('SELECT @@max_statement_time AS seconds', []);
    expect(Number(must(limit).seconds)).toBe(3);
    const [none] = await database.transaction((tx) => tx.all('SELECT @@max_statement_time AS seconds', []));
    expect(Number(must(none).seconds)).toBe(0);
  });

  it('that closes connections which are idle, is available', async () => {
    await setGlobal('wait_timeout', 1);
    const database = await openDatabase(server.url(name));
    await write(database);
    await database.all('SELECT 1', []);
    await eventually(async () => (await threads('', name)) === 0);
    await eventually(() => database.connectionId?.() === undefined);
    await write(database);
    await database.all('SELECT 1', []);
  });

  describe.each([2, 3])('that takes %i connections of its user', (count) => {
    it('is available for writing while many ask', async () => {
      const url = await newUser(`WITH MAX_USER_CONNECTIONS ${count}`);
      const store = await openStore(url);
      const app = await newApp(store);
      const asked = Array.from({ length: 20 }, () => store.findApps([app.id]));
      await Promise.all([...asked, store.commitRegistrations([registration(app)])]);
      // The other way round: the questions have taken all connections before anything is written.
      const database = openMysqlDatabase(url);
      await store.close();
      await Promise.all(Array.from({ length: 20 }, () => database.all('SELECT SLEEP(0.01)', [])));
      await write(database);
      await Promise.all([write(database), database.all('SELECT 1', []), database.all('SELECT 1', [])]);
      // A connection that was lost is replaced.
      await cutOff(database);
      await write(database);
      await database.close();
    });
  });

  it('that lets a later connection in before the first, is asked over the later one', async () => {
    const url = new URL(await newUser('WITH MAX_USER_CONNECTIONS 2'));
    await openDatabase(url.href);
    const proxy = await startProxy(url.host);
    closings.push(() => proxy.stop());
    const held = proxy.strandAt((piece) => piece.includes(url.username), 'requests');
    const database = openMysqlDatabase(url.href.replace(url.host, proxy.address));
    closings.push(() => database.close());
    const [first, ...others] = Array.from({ length: 4 }, () => database.all('SELECT 1 AS one', []));
    const letIn = await held;
    await Promise.all(others);
    letIn();
    expect(await first).toEqual([{ one: 1 }]);
  });

  it('that has no room for another connection at once, is waited for', async () => {
    const url = await newUser('WITH MAX_USER_CONNECTIONS 2');
    const database = await openDatabase(url);
    const [first, second] = await Promise.all([createConnection(url), createConnection(url)]);
    for (const [other, call] of [
      [first, () => database.all('SELECT 1', [])],
      [second, () => write(database)],
    ] as const) {
      const before = await refusals();
      const answer = call();
      await eventually(async () => (await refusals()) > before);
      await other.end();
      await answer;
    }
  });

  describe('that takes statements of 1 MiB', () => {
    beforeEach(() => setGlobal('max_allowed_packet', 1024 * 1024));

    it('takes a batch of much text, of any characters, and many long keys', async () => {
      const store = await openStore(server.url(name));
      const app = await newApp(store);
      const texts = ['a', '"\\', '中', '🚀'].flatMap((text) => Array(12).fill(text.repeat(60_000 / text.length)));
      const pushes = texts.map((alert) => push(app, { content: { alert } }));
      await store.commitDeliveries(
        batch({ pushes: pushes.map((one) => ({ push: one, target: { kind: 'topics', topicNums: [] } })) }),
      );
      for (const one of pushes) expect(await store.findPushes([one.id])).toEqual([one]);
      const aliases = Array.from({ length: 900 }, (_, index) => `${index}${'中'.repeat(250)}`);
      await store.commitRegistrations(aliases.map((alias) => registration(app, { alias, tags: [alias] })));
      const pairs = aliases.map((alias) => ({ appNum: app.num, alias }));
      expect(await store.findDevicesByAlias(pairs)).toHaveLength(900);
    });

    it('refuses a push that is too large alone and for good, and stays available', async () => {
      const store = await openStore(server.url(name));
      const app = await newApp(store);
      const { device } = must((await newDevices(store, app, 1))[0]);
      const large = directed(app, [device.num], {
        content: { alert: '', extra: JSON.stringify('x'.repeat(1_048_000)) },
      });
      const small = directed(app, [device.num]);
      const error = await rejectionOf(store.commitDeliveries(batch({ pushes: [large.made, small.made] })));
      expect(error).toEqual(new StoreFault('STATEMENT_TOO_LONG'));
      expect(await rejectionOf(store.commitDeliveries(batch({ pushes: [large.made] })))).toEqual(error);
      await store.commitDeliveries(batch({ pushes: [small.made] }));
      expect(await store.findPushes([large.id, small.id])).toEqual([small.made.push]);
      expect((await store.counts()).unavailable).toBe(0);
    });
  });

  it('that takes no statement of 1 MiB, is not available, and the error says why', async () => {
    await setGlobal('max_allowed_packet', 512 * 1024);
    expect(await rejectionOf(openMysqlStore(server.url(name)))).toMatchObject({ code: 'MAX_ALLOWED_PACKET' });
  });

  /** How many connections the server has refused. */
  async function refusals(): Promise<number> {
    const [rows] = await admin.query<RowDataPacket[]>("SHOW GLOBAL STATUS LIKE 'Aborted_connects'");
    return Number(rows[0]?.Value);
  }

  /** How many connections run a statement with this text, or use this database. */
  async function threads(text: string, database?: string): Promise<number> {
    const [rows] = await admin.query<RowDataPacket[]>(
      `SELECT COUNT(*) AS count FROM information_schema.processlist
       WHERE id <> CONNECTION_ID() AND ${database === undefined ? 'INSTR(info, ?)' : 'db = ?'}`,
      [database ?? text],
    );
    return Number(rows[0]?.count);
  }
});
