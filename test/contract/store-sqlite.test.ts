import { execFileSync } from 'node:child_process';
import { rename, stat } from 'node:fs/promises';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openConnection, type SqliteConnection } from '../../core/store/sqlite/connection.js';
import { openSqliteStore } from '../../core/store/sqlite/open.js';
import { type Store, StoreUnavailable } from '../../core/store/store.js';
import { eventually } from '../support/eventually.js';
import { owned } from '../support/owned.js';
import { readRows } from '../support/rows.js';
import { type FreshDatabase, freshDatabase } from '../support/stores.js';
import { rejectionOf } from './each-store.js';
import { batch, directed, newApp, newDevices, register, registration } from './samples.js';

/**
 * The longest that anything may hold up the process, in milliseconds: far above what it does, far below the 5 s that
 * SQLite would wait.
 */
const HELD_UP_MS = 2500;

let database: FreshDatabase;
let path: string;
let store: Store;
beforeEach(async () => {
  database = await freshDatabase('sqlite');
  path = database.url.slice('sqlite:'.length);
  store = await owned(await openSqliteStore(path));
});
afterEach(async () => {
  await store.close();
  await database.drop();
});

/** Has the write lock, or what else `sql` takes, until it is closed. */
function holdLock(sql = 'BEGIN IMMEDIATE'): SqliteConnection {
  const holder = openConnection(path);
  holder.exec(sql);
  return holder;
}

/** The longest time, in milliseconds, between two turns of the event loop until this settles. */
async function longestTurn(outcome: Promise<unknown>): Promise<number> {
  let settled = false;
  const end = (): void => {
    settled = true;
  };
  void outcome.then(end, end);
  let longest = 0;
  for (let last = performance.now(); !settled; last = performance.now()) {
    await turn();
    longest = Math.max(longest, performance.now() - last);
  }
  return longest;
}

describe('while another process has the lock of a SQLite file', () => {
  it('a commit waits for it, and takes place when it is free', async () => {
    const app = await newApp(store);
    const holder = holdLock();
    let settled = false;
    const commit = register(store, registration(app)).finally(() => {
      settled = true;
    });
    for (let turns = 0; turns < 100; turns++) await turn();
    expect(settled).toBe(false);
    holder.close();
    const { device } = await commit;
    expect(await store.findDevicesById([device.id])).toHaveLength(1);
  });

  it('a commit gives up, holds up nothing, and the next works once it is free', async () => {
    const app = await newApp(store);
    const { device } = await register(store, registration(app));
    const holder = holdLock();
    const refused = rejectionOf(register(store, registration(app)));
    const [longest, found] = await Promise.all([longestTurn(refused), store.findDevicesById([device.id])]);
    expect(await refused).toBeInstanceOf(StoreUnavailable);
    expect(await refused).toMatchObject({ code: 'SQLITE_BUSY' });
    expect(longest).toBeLessThan(HELD_UP_MS);
    expect(found).toEqual([device]);
    holder.close();
    await register(store, registration(app));
    await register(store, registration(app));
    await store.commitNothing();
  });

  it('says that it is not ready, as a commit would', async () => {
    const holder = holdLock();
    expect(await rejectionOf(store.commitNothing())).toMatchObject({ code: 'SQLITE_BUSY' });
    holder.close();
    await store.commitNothing();
  });

  it('is closed, and so are the calls that wait', async () => {
    const app = await newApp(store);
    const holder = holdLock();
    const waiting = [rejectionOf(register(store, registration(app))), rejectionOf(store.commitNothing())];
    await turn();
    await store.close();
    for (const error of await Promise.all(waiting)) expect(error).toMatchObject({ code: 'CLOSED' });
    holder.close();
    store = await owned(await openSqliteStore(path));
    expect(await store.findApps([app.id])).toHaveLength(1);
  });

  it('opening waits for it, and says who has it', async () => {
    await store.close();
    const holder = holdLock();
    const refused = rejectionOf(openSqliteStore(path));
    expect(await longestTurn(refused)).toBeLessThan(HELD_UP_MS);
    expect((await refused).message).toContain('in use by another process');
    const opening = openSqliteStore(path);
    await turn();
    holder.close();
    store = await owned(await opening);
    await store.commitNothing();
  });
});

describe('a SQLite store', () => {
  it('carries out commits one after the other, whoever makes them', async () => {
    const app = await newApp(store);
    const registered = await Promise.all([newDevices(store, app, 2), store.commitNothing(), newDevices(store, app, 2)]);
    const ids = [...registered[0], ...registered[2]].map(({ device }) => device.id);
    expect(await store.findDevicesById(ids)).toHaveLength(4);
  });

  it('gives back what a large transaction has made of its log', async () => {
    const app = await newApp(store);
    const [first] = await newDevices(store, app, 1);
    const logBytes = async (): Promise<number> => (await stat(`${path}-wal`)).size;
    const pushes = Array.from(
      { length: 28 },
      () => directed(app, [first?.device.num ?? 0], { content: { alert: 'x'.repeat(1_500_000) } }).made,
    );
    await store.commitDeliveries(batch({ pushes }));
    expect(await logBytes()).toBeGreaterThan(40_000_000);
    await register(store, registration(app));
    await register(store, registration(app));
    expect(await logBytes()).toBeLessThan(33_600_000);
  });

  it('does not commit to a file that was moved away, and does again when it is back', async () => {
    const app = await newApp(store);
    for (const suffix of ['', '-wal', '.lock']) {
      await rename(`${path}${suffix}`, `${path}.away`);
      const error = await eventually(() =>
        store.commitNothing().then(
          () => false as const,
          (reason: unknown) => reason,
        ),
      );
      expect(error).toMatchObject({ code: 'SQLITE_READONLY_DBMOVED' });
      await expect(register(store, registration(app))).rejects.toBeInstanceOf(StoreUnavailable);
      await rename(`${path}.away`, `${path}${suffix}`);
      await register(store, registration(app));
    }
  });
});

describe('the log that a SQLite store left when it was killed', () => {
  let copy: string;
  beforeEach(async () => {
    copy = `${path}.copy`;
  });

  /** As a kill leaves the files. By another process: closing a file would drop this one's locks of it. */
  function copyFiles(...suffixes: string[]): void {
    for (const suffix of suffixes) execFileSync('cp', [`${path}${suffix}`, `${copy}${suffix}`]);
  }

  it('is in the file, and empty, before anything is committed behind it', async () => {
    const app = await newApp(store);
    copyFiles('', '-wal');
    expect((await stat(`${copy}-wal`)).size).toBeGreaterThan(0);
    const opened = await openSqliteStore(copy);
    expect((await stat(`${copy}-wal`)).size).toBe(0);
    execFileSync('cp', [copy, `${copy}.alone`]);
    expect(await readRows(`sqlite:${copy}.alone`, 'SELECT id FROM apps')).toEqual([{ id: app.id }]);
    await opened.close();
  });

  it('keeps another from starting while somebody reads it', async () => {
    await newApp(store);
    copyFiles('', '-wal');
    const other = openConnection(copy);
    other.exec('BEGIN');
    other.all('SELECT * FROM apps', []);
    expect((await rejectionOf(openSqliteStore(copy))).message).toContain('in use by another process');
    other.close();
    await (await openSqliteStore(copy)).close();
  });
});
