import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { afterEach, describe, expect, it } from 'vitest';
import { connectDevice } from '../support/device.js';
import { eventually } from '../support/eventually.js';
import { send } from '../support/rest.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { newDevice, sendPush, uniqueName } from '../support/users.js';

/** A file system of its own needs root: elsewhere this is not covered. */
const canMount = process.getuid?.() === 0 && process.platform === 'linux';
if (!canMount) console.warn('Not covered: a full and a read-only disk. Run the tests as root on Linux to cover them.');

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A stack whose SQLite file is on a small file system. */
async function stackOnSmallDisk(): Promise<{ stack: Stack; mount: string }> {
  const mount = mkdtempSync(join(tmpdir(), 'onepush-disk-'));
  cleanups.push(() => rmSync(mount, { recursive: true, force: true }));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', mount]);
  cleanups.push(() => execFileSync('umount', ['-l', mount]));
  const stack = await startStack({ databaseUrl: `sqlite:${join(mount, 'onepush.db')}` });
  cleanups.push(() => stack.stop());
  return { stack, mount };
}

describe.skipIf(!canMount)('an embedded store in trouble', () => {
  it('answers 503 while the disk is full, loses nothing that was accepted, and goes on when there is room', async () => {
    const { stack, mount } = await stackOnSmallDisk();
    const alias = uniqueName();
    const deviceId = await newDevice(stack.httpUrl, alias);
    const accepted: string[] = [];
    const refused = await eventually(
      async () => {
        const answer = await send(stack.httpUrl, { ...TEST_APP, audiences: [alias], alert: 'x'.repeat(50_000) });
        if (answer.status === 200) accepted.push(answer.body.requestId);
        return answer.status !== 200 && answer;
      },
      { timeoutMs: 30_000 },
    );
    expect(refused.status).toBe(503);
    expect(refused.body.code).toBe(50302);
    expect(accepted.length).toBeGreaterThan(10);
    execFileSync('mount', ['-o', 'remount,size=64m', mount]);
    const last = await eventually(async () => {
      const answer = await send(stack.httpUrl, { ...TEST_APP, audiences: [alias], alert: 'room' });
      return answer.status === 200 && answer.body.requestId;
    });
    const device = connectDevice(stack.wsUrl, deviceId);
    await device.waitForMessage((message) => message.id === last);
    const received = device.messages.map((message) => message.id);
    expect(received.filter((id) => accepted.includes(id))).toEqual(accepted);
    await device.close();
  });

  it('stops in order while the disk is full', async () => {
    const { stack, mount } = await stackOnSmallDisk();
    execFileSync('sh', ['-c', `cat /dev/zero > ${mount}/filler 2>/dev/null || true`]);
    // What its file has had written and needs no more takes a little.
    const body = { ...TEST_APP, audiences: [uniqueName()], alert: 'x' };
    await eventually(async () => (await send(stack.httpUrl, body)).status === 503);
    // A look at the store counts for a second.
    await eventually(async () => (await fetch(`http://${stack.core.ready.ops}/readyz`)).status === 503);
    expect(await stack.core.stop()).toBe(0);
    rmSync(join(mount, 'filler'));
    await stack.restartCore();
    await stack.waitUntilReady();
    await sendPush(stack.httpUrl, { audiences: [uniqueName()] });
  });

  it('does not start on a read-only disk, and says why', async () => {
    const { stack, mount } = await stackOnSmallDisk();
    await stack.edge.stop();
    await stack.core.stop();
    execFileSync('mount', ['-o', 'remount,ro', mount]);
    const failure: unknown = await stack.restartCore().catch((error: unknown) => error);
    expect(String(failure)).toContain('onepush.db: it cannot be written to: the file system is read-only (EROFS)');
    execFileSync('mount', ['-o', 'remount,rw', mount]);
    await stack.restartCore();
    await stack.restartEdge();
    await sendPush(stack.httpUrl, { audiences: [uniqueName()] });
  });
});

describe('an embedded store that another process has locked', () => {
  it('holds up nothing, answers 503, says so, and goes on by itself when the lock is gone', async () => {
    const stack = await startStack();
    cleanups.push(() => stack.stop());
    const ops = `http://${stack.core.ready.ops}`;
    const alias = uniqueName();
    await newDevice(stack.httpUrl, alias);
    const holder = lock(stack);
    const refused = send(stack.httpUrl, { ...TEST_APP, audiences: [alias], alert: 'refused' });
    let answered = false;
    void refused.then(() => {
      answered = true;
    });
    for (let asked = 0; asked < 3 || !answered; asked++) {
      const begun = performance.now();
      expect((await fetch(`${ops}/healthz`)).status).toBe(200);
      // SQLite itself would wait for 5 s.
      expect(performance.now() - begun).toBeLessThan(4500);
    }
    expect((await refused).body.code).toBe(50302);
    expect((await fetch(`${ops}/readyz`)).status).toBe(503);
    holder.close();
    await eventually(async () => (await fetch(`${ops}/readyz`)).status === 200);
    for (let sent = 0; sent < 3; sent++) await sendPush(stack.httpUrl, { audiences: [alias] });
  });

  it('stops in order', async () => {
    const stack = await startStack();
    cleanups.push(() => stack.stop());
    const holder = lock(stack);
    cleanups.push(() => holder.close());
    expect((await send(stack.httpUrl, { ...TEST_APP, audiences: [uniqueName()], alert: 'refused' })).status).toBe(503);
    expect(await stack.core.stop()).toBe(0);
  });

  /** Locks the database of a stack until it is closed. */
  function lock(stack: Stack): Database.Database {
    const holder = new Database(stack.databaseUrl.slice('sqlite:'.length));
    holder.exec('BEGIN IMMEDIATE');
    return holder;
  }
});
