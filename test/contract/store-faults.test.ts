import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, open, stat, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../core/store/sqlite/open.js';
import { type Store, StoreUnavailable } from '../../core/store/store.js';
import { guard } from '../support/guard.js';
import { owned } from '../support/owned.js';
import { type FreshDatabase, freshDatabase, storeKinds } from '../support/stores.js';
import { eachStore, must, openStore, rejectionOf, textOf } from './each-store.js';
import { batch, directed, NOW, newApp, newDevices, push, register, registration } from './samples.js';

/** One call of each kind. */
function callsOf(store: Store): (() => Promise<unknown>)[] {
  return [
    () => store.commitNothing(),
    () => store.loadHighestIds(),
    () => store.findApps(['secret']),
    () => store.findDevicesById(['secret']),
    () => store.findDevicesByAlias([{ appNum: 1, alias: 'secret' }]),
    () => store.findSubscribers(['secret']),
    () => store.findTopics([{ appNum: 1, tag: 'secret' }]),
    () => store.findCursors([1]),
    () => store.readInbox([{ deviceNum: 1, after: 0 }], 1, 1, 1),
    () => store.readTimelines([{ topicNum: 1, after: 0 }], 1, 1, 1),
    () => store.readConfirmable([{ topicNum: 1, after: 0 }], 1, 1, 1),
    () => store.findConfirmed([1], [1]),
    () => store.findPushes([1]),
    () => store.commitApps([{ id: 'secret', name: 'secret', keyHash: 'secret', now: NOW }]),
    () => store.commitUnregistrations(['secret'], NOW),
    () => store.commitDeliveries(batch({ delivered: [1] })),
  ];
}

const TELLTALE = /secret|SELECT|INSERT|UPDATE|DELETE|VALUES|insert into|update [`"]|select [`"]|params/;

describe.each(storeKinds())('a closed %s store', (kind) => {
  it('is not available, for any call, and says nothing of the call', async () => {
    const database = await freshDatabase(kind);
    const store = await openStore(database.url);
    await newApp(store);
    await store.close();
    for (const call of callsOf(store)) {
      const error = await rejectionOf(call());
      expect(error).toBeInstanceOf(StoreUnavailable);
      expect(textOf(error).replaceAll(/^ +at .*/gm, '')).not.toMatch(TELLTALE);
    }
    await database.drop();
  });

  it('does not keep what was under way', async () => {
    const database = await freshDatabase(kind);
    const store = await openStore(database.url);
    const app = await newApp(store);
    const commit = rejectionOf(store.commitApps([{ id: 'late', name: '', keyHash: 'k', now: NOW }]));
    const closed = store.close();
    // Either it was quicker or it is not available.
    await Promise.race([commit.then((error) => expect(error).toBeInstanceOf(StoreUnavailable)), closed]).catch(
      () => {},
    );
    await closed;
    const again = await openStore(database.url);
    expect(await again.findApps([app.id])).toHaveLength(1);
    await again.close();
    await database.drop();
  });
});

eachStore('an error of a store', (opened) => {
  it('is none of the passing kind for data that cannot be, and says neither SQL nor values', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const { device } = must((await newDevices(store, app, 1))[0]);
    const { made } = directed(app, [device.num], { content: { alert: 'secret' }, tenantCode: 'secret' });
    await store.commitDeliveries(batch({ pushes: [made] }));
    const refused = [
      store.commitDeliveries(batch({ pushes: [made] })),
      store.commitRegistrations([registration(app, { newId: device.id, alias: 'secret', nativeToken: 'secret' })]),
    ];
    for (const outcome of refused) {
      const error = await rejectionOf(outcome);
      expect(error).not.toBeInstanceOf(StoreUnavailable);
      expect(textOf(error).replaceAll(/^ +at .*/gm, '')).not.toMatch(TELLTALE);
    }
    await store.commitNothing();
  });

  it('does not repeat content that it cannot read', async () => {
    const { store } = opened;
    const app = await newApp(store);
    for (const kept of ['secret', '{"alert":"secret"', '{"secret":1}', 'null']) {
      const made = push(app, { tenantCode: kept });
      await store.commitDeliveries(batch({ pushes: [{ push: made, target: { kind: 'topics', topicNums: [] } }] }));
      await opened.change('UPDATE pushes SET content = tenant_code WHERE id = ?', [made.id]);
      const error = await rejectionOf(store.findPushes([made.id]));
      expect(error.name).toBe('StoreFault');
      expect(textOf(error).replaceAll(/^ +at .*/gm, '')).not.toMatch(TELLTALE);
    }
  });
});

describe('the file of a SQLite store', () => {
  let database: FreshDatabase;
  let path: string;
  beforeAll(async () => {
    database = await freshDatabase('sqlite');
    path = database.url.slice('sqlite:'.length);
  });
  afterAll(() => database.drop());

  it('belongs to one store at a time', async () => {
    const store = await owned(await openSqliteStore(path));
    const app = await newApp(store);
    const wanted = registration(app);
    await expect(openSqliteStore(path)).rejects.toBeInstanceOf(StoreUnavailable);
    // The one that has it goes on.
    const { device } = await register(store, wanted);
    await store.close();
    await store.close();
    const again = await openSqliteStore(path);
    expect(await again.findDevicesById([device.id])).toEqual([device]);
    await again.close();
  });

  it('is not available while another process has it, and is once that is killed', async () => {
    // What a core does first, in a process of its own.
    const script = `
      const Database = require('libsql');
      new Database(process.argv[1]).exec('BEGIN EXCLUSIVE');
      console.log('held');
      setInterval(() => {}, 1000);`;
    const other = spawn(process.execPath, ['-e', script, `${path}.lock`], { stdio: ['ignore', 'pipe', 'inherit'] });
    other.once('exit', guard(other.pid));
    await once(other.stdout, 'data');
    const error = await rejectionOf(openSqliteStore(path));
    expect(error).toBeInstanceOf(StoreUnavailable);
    expect(error.message).toContain('in use');
    other.kill('SIGKILL');
    await once(other, 'close');
    await (await openSqliteStore(path)).close();
  });

  it('is not taken for a database if it is none', async () => {
    const other = `${path}.txt`;
    await writeFile(
      other,
      'a text that is longer than the header of a database would be, so that it is looked at'.repeat(20),
    );
    await expect(openSqliteStore(other)).rejects.toBeInstanceOf(StoreUnavailable);
  });

  it('takes nothing any more once the disk has failed to take a commit', async () => {
    let fails = false;
    const store = await openSqliteStore(`${path}.failing`, async (file, flags) => {
      const log = await open(file, flags);
      return {
        close: () => log.close(),
        datasync: () => (fails ? Promise.reject(new Error('EIO')) : log.datasync()),
      };
    });
    await owned(store);
    const app = await newApp(store);
    await register(store, registration(app));
    fails = true;
    await expect(register(store, registration(app))).rejects.toBeInstanceOf(StoreUnavailable);
    fails = false;
    await expect(register(store, registration(app))).rejects.toMatchObject({
      details: { hint: expect.stringContaining('restart the core') },
    });
    await expect(store.commitNothing()).rejects.toBeInstanceOf(StoreUnavailable);
    await store.close();
    const again = await owned(await openSqliteStore(`${path}.failing`));
    await register(again, registration(app));
    await again.close();
  });

  it('has everything in itself once it is closed', async () => {
    const store = await owned(await openSqliteStore(`${path}.whole`));
    const { device } = await register(store, registration(await newApp(store)));
    await store.close();
    expect((await stat(`${path}.whole-wal`)).size).toBe(0);
    await copyFile(`${path}.whole`, `${path}.copy`);
    const copy = await openSqliteStore(`${path}.copy`);
    expect(await copy.findDevicesById([device.id])).toEqual([device]);
    await copy.close();
  });

  it('is made with its folders', async () => {
    const store = await owned(await openSqliteStore(`${path}.d/deeper/one.db`));
    await store.commitNothing();
    await store.close();
  });
});
