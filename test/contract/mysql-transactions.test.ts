import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openMysqlDatabase, openMysqlStore } from '../../core/store/mysql/open.js';
import { type Database, StoreFault, type Transaction } from '../../core/store/sql/driver.js';
import { createEndedCounts } from '../../core/store/sql/ended-counts.js';
import { CommitInDoubt, StoreUnavailable } from '../../core/store/store.js';
import { type DatabaseProxy, startDatabaseProxy } from '../support/database-proxy.js';
import { eventually } from '../support/eventually.js';
import { type FreshDatabase, freshDatabase, storeKinds } from '../support/stores.js';
import { must, rejectionOf } from './each-store.js';
import { nextNumber } from './samples.js';

describe.runIf(storeKinds().includes('mysql'))('a transaction on MySQL', () => {
  let fresh: FreshDatabase;
  let proxy: DatabaseProxy;
  let database: Database;
  const others: Connection[] = [];

  beforeAll(async () => {
    fresh = await freshDatabase('mysql');
    await (await openMysqlStore(fresh.url)).close();
  });
  afterAll(() => fresh.drop());
  beforeEach(async () => {
    proxy = await startDatabaseProxy(fresh.url);
    database = openMysqlDatabase(proxy.url);
  });
  afterEach(async () => {
    for (const other of others.splice(0)) other.destroy();
    await database.close();
    await proxy.stop();
  });

  /** Gives a device a cursor, in the next round trip. */
  function insert(tx: Transaction, device: number): Promise<void> {
    return tx.enqueue('INSERT INTO cursors (device_num, push_id) VALUES (?, 1)', [device]);
  }

  /** How many of these devices have a cursor. */
  async function found(...devices: number[]): Promise<number> {
    const [row] = await database.all(`SELECT COUNT(*) AS count FROM cursors WHERE device_num IN (${devices})`, []);
    return Number(must(row).count);
  }

  async function begin(): Promise<Connection> {
    const other = await createConnection(fresh.url);
    other.on('error', () => {});
    others.push(other);
    await other.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED');
    await other.query('START TRANSACTION');
    return other;
  }

  describe('whose COMMIT was sent', () => {
    it.each([
      ['the answer is lost with the connection', 'lose' as const, 1],
      ['no answer comes in time', 'silence' as const, 1],
      ['the connection breaks', 'stop' as const, 0],
    ])('is in doubt, and says what it comes to, if %s', async (_what, trouble, committed) => {
      const impatient = openMysqlDatabase(proxy.url, 1000);
      const device = nextNumber();
      await impatient.transaction((tx) => insert(tx, nextNumber()));
      proxy.harm('COMMIT', trouble);
      const error = await rejectionOf(
        impatient.transaction(async (tx) => {
          await insert(tx, device);
          return 'its result';
        }),
      );
      expect(error).toBeInstanceOf(CommitInDoubt);
      expect(error).toBeInstanceOf(StoreUnavailable);
      expect(error).toMatchObject({ result: 'its result' });
      await eventually(async () => (await found(device)) === committed);
      // The connection is replaced.
      await impatient.transaction((tx) => insert(tx, nextNumber()));
      await impatient.close();
    });

    it('is surely not committed if a statement before it was refused', async () => {
      const [first, second] = [nextNumber(), nextNumber()];
      const error = await rejectionOf(
        database.transaction(async (tx) => {
          await insert(tx, first);
          await insert(tx, first);
          await insert(tx, second);
        }),
      );
      expect(error).toEqual(new StoreFault('ER_DUP_ENTRY'));
      expect(await found(first, second)).toBe(0);
    });

    it('is surely not committed if the server gave up a statement before it', async () => {
      const device = nextNumber();
      const other = await begin();
      await other.query('INSERT INTO cursors (device_num, push_id) VALUES (?, 1)', [device]);
      const failed = rejectionOf(database.transaction((tx) => insert(tx, device)));
      await other.query(`KILL QUERY ${await waiting(other)}`);
      const error = await failed;
      expect(error).toBeInstanceOf(StoreUnavailable);
      expect(error).not.toBeInstanceOf(CommitInDoubt);
    });
  });

  it('is surely not committed if the connection breaks before COMMIT is sent', async () => {
    const device = nextNumber();
    proxy.harm('SELECT 1 AS one', 'lose');
    const error = await rejectionOf(
      database.transaction(async (tx) => {
        await insert(tx, device);
        await tx.all('SELECT 1 AS one', []);
      }),
    );
    expect(error).toBeInstanceOf(StoreUnavailable);
    expect(error).not.toBeInstanceOf(CommitInDoubt);
    expect(await found(device)).toBe(0);
  });

  it('is not committed if a statement of it failed and nobody minded', async () => {
    const device = nextNumber();
    const error = await rejectionOf(
      database.transaction(async (tx) => {
        await insert(tx, device);
        await tx.run('INSERT INTO cursors (device_num, push_id) VALUES (NULL, 1)', []).catch(() => 0);
      }),
    );
    expect(error).toEqual(new StoreFault('ER_BAD_NULL_ERROR'));
    expect(await found(device)).toBe(0);
  });

  it('keeps its connection if it was refused for what it is', async () => {
    await database.transaction((tx) => insert(tx, nextNumber()));
    const id = must(database.connectionId?.());
    await rejectionOf(database.transaction((tx) => tx.run('INSERT INTO cursors (push_id) VALUES (1)', [])));
    await rejectionOf(database.transaction(() => Promise.reject(new Error('of the program'))));
    await database.transaction((tx) => insert(tx, nextNumber()));
    expect(database.connectionId?.()).toBe(id);
  });

  it('is run again if it deadlocks, and counts only what it ended at last', async () => {
    const [left, right] = [nextNumber(), nextNumber()];
    const many = Array.from({ length: 20 }, () => nextNumber());
    await database.transaction(async (tx) => {
      for (const device of [left, right]) await insert(tx, device);
    });
    const other = await begin();
    const lock = (device: number) => other.query('UPDATE cursors SET push_id = 2 WHERE device_num = ?', [device]);
    // The server gives up the one that has changed less.
    await other.query(`INSERT INTO cursors (device_num, push_id) VALUES ${many.map((n) => `(${n}, 1)`)}`);
    await lock(left);
    const ended = createEndedCounts(database);
    let attempts = 0;
    const result = await ended.transaction(async (tx) => {
      attempts++;
      ended.ended(tx, 'delivered', 1);
      await tx.run('UPDATE cursors SET push_id = 3 WHERE device_num = ?', [right]);
      if (attempts === 1) {
        const locked = lock(right).then(() => other.query('COMMIT'));
        locked.catch(() => {});
        await waiting(must(await begin()));
      }
      await tx.run('UPDATE cursors SET push_id = 3 WHERE device_num = ?', [left]);
      return attempts;
    });
    expect(result).toBe(2);
    expect(ended.counts.delivered).toBe(1);
    const rows = await database.all(`SELECT push_id FROM cursors WHERE device_num IN (${[left, right]})`, []);
    expect(rows.map((row) => Number(row.push_id))).toEqual([3, 3]);
  });

  it('is not available after three attempts, none of which is committed', async () => {
    const device = nextNumber();
    let attempts = 0;
    const error = await rejectionOf(
      database.transaction(async (tx) => {
        attempts++;
        await insert(tx, device);
        await tx.run("SIGNAL SQLSTATE '40001'", []);
      }),
    );
    expect(attempts).toBe(3);
    expect(error).toBeInstanceOf(StoreUnavailable);
    expect(error).not.toBeInstanceOf(CommitInDoubt);
    expect(await found(device)).toBe(0);
  });

  it('waits for the one before it', async () => {
    const order: string[] = [];
    const transactions = ['first', 'second'].map((name) =>
      database.transaction(async (tx) => {
        order.push(`${name} begins`);
        await tx.all('SELECT 1', []);
        order.push(`${name} ends`);
      }),
    );
    await Promise.all(transactions);
    expect(order).toEqual(['first begins', 'first ends', 'second begins', 'second ends']);
  });

  it('runs on a connection whose number is known, and that can be ended from outside', async () => {
    const device = nextNumber();
    let id: number | undefined;
    const error = await rejectionOf(
      database.transaction(async (tx) => {
        await insert(tx, device);
        const [row] = await tx.all('SELECT CONNECTION_ID() AS id', []);
        id = database.connectionId?.();
        expect(Number(must(row).id)).toBe(id);
        await database.terminate?.(must(id));
        await tx.all('SELECT 1', []);
      }),
    );
    expect(error).toBeInstanceOf(StoreUnavailable);
    await eventually(async () => (await found(device)) === 0);
    await database.transaction((tx) => insert(tx, device));
    expect(database.connectionId?.()).not.toBe(id);
    expect(await found(device)).toBe(1);
    // It has ended already.
    await database.terminate?.(must(id));
  });

  /** Resolves once a transaction waits for a lock: to the number of its connection. */
  async function waiting(other: Connection): Promise<number> {
    const find = async () => {
      const [rows] = await other.query<RowDataPacket[]>(
        `SELECT t.trx_mysql_thread_id AS id FROM information_schema.innodb_trx t
         JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id
         WHERE t.trx_state = 'LOCK WAIT' AND p.db = DATABASE()`,
      );
      return Number(rows[0]?.id ?? 0);
    };
    return eventually(find, { intervalMs: 150, message: 'a transaction to wait for a lock' });
  }
});
