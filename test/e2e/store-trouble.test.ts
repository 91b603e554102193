import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
  it('answers 503 while the disk is full, loses nothing that was accepted, and goes on when there is room', {
    timeout: 60_000,
  }, async () => {
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
    await device.waitForMessage((message) => message.id === last, 10_000);
    const received = device.messages.map((message) => message.id);
    expect(received.filter((id) => accepted.includes(id))).toEqual(accepted);
    await device.close();
  });

  it('does not start on a read-only disk, and says why', async () => {
    const { stack, mount } = await stackOnSmallDisk();
    await stack.edge.stop();
    await stack.core.stop();
    execFileSync('mount', ['-o', 'remount,ro', mount]);
    const failure: unknown = await stack.restartCore().catch((error: unknown) => error);
    expect(String(failure)).toContain('onepush.db cannot be opened');
    execFileSync('mount', ['-o', 'remount,rw', mount]);
    await stack.restartCore();
    await stack.restartEdge();
    await sendPush(stack.httpUrl, { audiences: [uniqueName()] });
  });
});
