import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { onepush } from '../support/command.js';
import { connectDevice } from '../support/device.js';
import { ROOT } from '../support/dist.js';
import { findMariadbd, startMariadb } from '../support/mariadb.js';
import { type Stack, startStack } from '../support/stack.js';
import { newDevice, sendPush } from '../support/users.js';

const operations = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8');
const ALIAS = 'alice';

let folder: string;
let stack: Stack | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'onepush-backup-'));
});
afterEach(async () => {
  await stack?.stop();
  stack = undefined;
  await rm(folder, { recursive: true, force: true });
});

/** The commands that stand behind a mark in docs/operations.md. */
function commandsOf(mark: string): string {
  const block = new RegExp(`<!-- backup: ${mark} -->\n+\`\`\`\\w+\n([\\s\\S]*?)\`\`\``).exec(operations)?.[1];
  if (block === undefined) throw new Error(`docs/operations.md has no commands marked ${mark}`);
  return block;
}

/** Types them into a shell in the folder of the installation. */
function run(mark: string): void {
  const env = { PATH: process.env.PATH, HOME: folder };
  execFileSync('/bin/sh', ['-ec', commandsOf(mark)], { cwd: folder, env, stdio: 'pipe', timeout: 60_000 });
}

/** Returns true where a program of the system is missing, which a warning says then. */
function lacks(program: string): boolean {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return false;
  } catch {
    console.warn(`backup.test.ts is skipped in part: install ${program} to cover it.`);
    return true;
  }
}

/** Backs up what a running core has, lets it go on, and goes back. */
async function goBack(databaseUrl: string, store: string): Promise<void> {
  stack = await startStack({ databaseUrl });
  const id = await newDevice(stack.httpUrl, ALIAS);
  await sendPush(stack.httpUrl, { audiences: [ALIAS], alert: 'before the backup' });
  run(store);
  await sendPush(stack.httpUrl, { audiences: [ALIAS], alert: 'after the backup' });
  await stack.stop();
  run(`${store}, go back`);
  const sums = await onepush(['verify', '--json'], { ONEPUSH_DATABASE_URL: databaseUrl });
  expect(JSON.parse(sums.stdout)).toEqual({ pushes: 1, deliveries: 1, wrong: [] });
  stack = await startStack({ databaseUrl });
  const device = connectDevice(stack.wsUrl, id);
  await device.waitForCount(1);
  // What comes next is behind all that waited.
  await sendPush(stack.httpUrl, { audiences: [ALIAS], alert: 'after going back' });
  const alerts = (await device.waitForCount(2)).map(({ alert }) => alert);
  expect(alerts).toEqual(['before the backup', 'after going back']);
  await device.close();
}

it.skipIf(lacks('sqlite3'))(
  'a SQLite store goes back to what the documented commands have backed up',
  { timeout: 120_000 },
  async () => {
    await mkdir(join(folder, 'data'));
    await goBack(`sqlite:${join(folder, 'data/onepush.db')}`, 'SQLite');
  },
);

it.skipIf(findMariadbd() === undefined)(
  'a core starts with the documented rights alone, and its database goes back with them',
  async () => {
    const mariadb = await startMariadb();
    try {
      const admin = await createConnection({ uri: mariadb.url(''), multipleStatements: true });
      await admin.query(commandsOf('rights'));
      await admin.end();
      const url = new URL(mariadb.url('onepush'));
      [url.username, url.password] = ['onepush', 'secret'];
      const client = `${commandsOf('client')}port = ${url.port}\n`;
      await writeFile(join(folder, '.my.cnf'), client, { mode: 0o600 });
      if (lacks('mariadb-dump')) stack = await startStack({ databaseUrl: url.href });
      else await goBack(url.href, 'MySQL');
      await stack?.stop();
      stack = undefined;
    } finally {
      await mariadb.stop();
    }
  },
  120_000,
);
