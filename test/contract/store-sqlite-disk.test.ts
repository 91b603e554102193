import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../core/store/sqlite/open.js';
import type { Store } from '../../core/store/store.js';
import { guard } from '../support/guard.js';
import { owned } from '../support/owned.js';
import { type FreshDatabase, freshDatabase } from '../support/stores.js';
import { rejectionOf } from './each-store.js';
import { newApp, register, registration } from './samples.js';

/** A disk that takes nothing for a while. */
interface Trouble {
  name: string;
  /** What a commit fails with. */
  code: string;
  possible: boolean;
  /** Before the store is opened in this folder. */
  prepare(folder: string): void;
  /** After the store is closed. */
  remove(folder: string): void;
  /** From here on, no file of the store can grow. */
  begin(path: string): void;
  end(path: string): void;
}

const runs = (program: string): boolean => spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;
const isLinux = process.platform === 'linux';
const fillerOf = (path: string): string => join(dirname(path), 'filler');

const FULL: Trouble = {
  name: 'a full disk',
  code: 'SQLITE_FULL',
  // A file system of its own needs root.
  possible: isLinux && process.getuid?.() === 0,
  prepare(folder) {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', folder]);
  },
  remove(folder) {
    execFileSync('umount', ['-l', folder]);
  },
  begin(path) {
    const filler = openSync(fillerOf(path), 'w');
    try {
      for (;;) writeSync(filler, Buffer.alloc(4096));
    } catch {
      // Full.
    }
    closeSync(filler);
  },
  end: (path) => rmSync(fillerOf(path)),
};

function limitFileSize(bytes: number | 'unlimited'): void {
  execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:`]);
}

const REFUSING: Trouble = {
  name: 'a disk that refuses writes',
  code: 'SQLITE_IOERR_WRITE',
  possible: isLinux && runs('prlimit'),
  prepare() {},
  remove() {},
  begin: (path) => limitFileSize(statSync(`${path}-wal`).size),
  end: () => limitFileSize('unlimited'),
};

/** Without a listener, the system ends the process that writes beyond its limit. */
const ignore = (): void => {};

describe.each([FULL, REFUSING])('a SQLite store on $name', ({ name, code, possible, prepare, remove, begin, end }) => {
  if (!possible) console.warn(`Not covered: a SQLite store on ${name}.`);
  let database: FreshDatabase;
  let path: string;
  let store: Store;
  beforeEach(async () => {
    process.on('SIGXFSZ', ignore);
    database = await freshDatabase('sqlite');
    path = database.url.slice('sqlite:'.length);
    if (possible) prepare(dirname(path));
    store = await owned(await openSqliteStore(path));
  });
  afterEach(async () => {
    await store.close();
    if (possible) remove(dirname(path));
    await database.drop();
    process.off('SIGXFSZ', ignore);
  });

  it.runIf(possible)('refuses commits, answers look-ups, is not ready, and goes on by itself', async () => {
    const app = await newApp(store);
    const { device } = await register(store, registration(app));
    begin(path);
    try {
      for (let attempt = 0; attempt < 3; attempt++) {
        expect(await rejectionOf(register(store, registration(app)))).toMatchObject({ code });
        expect(await rejectionOf(store.commitNothing())).toMatchObject({ code });
      }
      expect(await store.findDevicesById([device.id])).toEqual([device]);
    } finally {
      end(path);
    }
    await store.commitNothing();
    const later = await register(store, registration(app));
    expect(await store.findDevicesById([later.device.id])).toEqual([later.device]);
  });

  it.runIf(possible)('is closed, keeps what was committed, and leaves the file to the next', async () => {
    const app = await newApp(store);
    const { device } = await register(store, registration(app));
    begin(path);
    try {
      await rejectionOf(register(store, registration(app)));
      await store.close();
    } finally {
      end(path);
    }
    store = await owned(await openSqliteStore(path));
    expect(await store.findDevicesById([device.id])).toEqual([device]);
    await register(store, registration(app));
  });
});

/** Has the locks and leaves the traces of a process that repairs the index of the log, until its input ends. */
const REPAIRING = `
import fcntl, sys
with open(sys.argv[1], 'r+b', buffering=0) as index:
    for lock in (122, 120):
        fcntl.lockf(index, fcntl.LOCK_EX, 1, lock)
    index.seek(8)
    was = index.read(4)
    index.seek(8)
    index.write(bytes(255 - byte for byte in was))
    print('held', flush=True)
    sys.stdin.read()
    index.seek(8)
    index.write(was)
`;

describe.runIf(isLinux && runs('python3'))('a look-up that failed because another process repairs the index', () => {
  it('leaves nothing behind: the next see what is committed, and the log is emptied', async () => {
    const database = await freshDatabase('sqlite');
    const path = database.url.slice('sqlite:'.length);
    const store = await owned(await openSqliteStore(path));
    const app = await newApp(store);
    const other = spawn('python3', ['-c', REPAIRING, `${path}-shm`], { stdio: ['pipe', 'pipe', 'inherit'] });
    other.once('exit', guard(other.pid));
    await once(other.stdout, 'data');
    expect(await rejectionOf(store.findApps([app.id]))).toMatchObject({ code: 'SQLITE_BUSY_RECOVERY' });
    other.stdin.end();
    await once(other, 'close');
    expect(await store.findApps([app.id])).toEqual([app]);
    const { device } = await register(store, registration(app));
    expect(await store.findDevicesById([device.id])).toEqual([device]);
    await store.close();
    expect((await stat(`${path}-wal`)).size).toBe(0);
    await database.drop();
  });
});
