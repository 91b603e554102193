import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createOnePushClient, type OnePushClient, Platform, to } from '../../client/index.js';
import { connectDevice } from '../support/device.js';
import { ROOT } from '../support/dist.js';
import { guard } from '../support/guard.js';
import { readRows } from '../support/rows.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { newDevice, uniqueName } from '../support/users.js';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ coreEnv: { ONEPUSH_INBOX_LIMIT: '20000' } });
});
afterAll(() => stack?.stop());

describe.each(['gRPC', 'Connect'])('the client over %s', (protocol) => {
  let client: OnePushClient;
  const place = () => (protocol === 'gRPC' ? { address: stack.grpcAddr } : { baseUrl: stack.connectUrl });
  beforeEach(async () => {
    await stack.revive();
    client = createOnePushClient({ ...place(), ...TEST_APP, adminToken: stack.adminToken });
  });
  afterEach(() => client.close());

  it('registers, pushes, and knows what a push was refused for', async () => {
    const alias = uniqueName();
    const registration = { appId: TEST_APP.appId, alias, platform: Platform.WEB, nativeToken: uniqueName() };
    const device = connectDevice(stack.wsUrl, (await client.registerDevice(registration)).deviceId);
    await device.opened;
    const { requestId } = await client.sendPush({ audience: to.aliases(alias), alert: 'hello' });
    await device.waitForMessage(({ id }) => id === requestId);
    await expect(client.sendPush({ audience: to.aliases(alias) })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      reason: 'INVALID_FIELDS',
      violations: [{ field: 'alert' }],
    });
    await device.close();
  });

  it('uses the admin token where it is needed', async () => {
    const { id } = await client.createApp({ name: 'Billing' });
    expect(await client.getApp({ id })).toMatchObject({ name: 'Billing' });
  });

  it('has a deadline for every call, and says that it could not reach the service', async () => {
    const lost = createOnePushClient({ ...nowhere(protocol), ...TEST_APP, timeoutMs: 300 });
    await expect(lost.sendPush({ audience: to.everyone(), alert: 'x' })).rejects.toMatchObject({ name: 'CallError' });
    await lost.close();
  });

  it('loses and repeats nothing of thousands of sends when the core is killed under them', async () => {
    const alias = uniqueName();
    const register = async () => {
      const registration = { appId: TEST_APP.appId, alias, platform: Platform.WEB, nativeToken: uniqueName() };
      return (await client.registerDevice(registration)).deviceId;
    };
    // Over Connect each send is a request of its own.
    const count = protocol === 'gRPC' ? 5000 : 1500;
    const away = await register();
    const online = connectDevice(stack.wsUrl, await register());
    await online.opened;
    let answered = 0;
    let killed: Promise<void> | undefined;
    const send = async (_: unknown, index: number) => {
      const push = { audience: to.aliases(alias), alert: `${alias} ${index}` };
      const requestId = await client.send(push, { timeoutMs: 60_000 });
      answered++;
      if (answered >= 500) killed ??= stack.core.kill().then(() => stack.restartCore());
      return requestId;
    };
    const ids = (await Promise.all(Array.from({ length: count }, send)).finally(() => killed)).toSorted();
    expect(killed).toBeDefined();
    expect(new Set(ids).size).toBe(count);
    // All that waits for the device that is away, not only what was answered: a push that was made twice shows here.
    const waiting = 'SELECT push_id FROM inbox WHERE device_num IN (SELECT num FROM devices WHERE id = ?)';
    const stored = await readRows(stack.databaseUrl, waiting, [away]);
    expect(stored.map((row) => String(row.push_id)).toSorted()).toEqual(ids);
    await online.waitForCount(count, 60_000);
    await online.close();
    expect(online.messages.map(({ id }) => id).toSorted()).toEqual(ids);
  });
});

/** Where nobody listens. */
function nowhere(protocol: string) {
  return protocol === 'gRPC' ? { address: '127.0.0.1:1' } : { baseUrl: 'http://127.0.0.1:1' };
}

it('a caller that is killed, and sends all again with its keys, has pushed each once', async () => {
  const alias = uniqueName();
  const device = connectDevice(stack.wsUrl, await newDevice(stack.httpUrl, alias));
  await device.opened;
  const count = 4000;
  const program = join(ROOT, 'test/support/caller.mjs');
  const start = (...more: string[]) => {
    const args = [program, stack.grpcAddr, TEST_APP.appId, TEST_APP.appKey, alias, String(count), alias, ...more];
    const caller = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    caller.once('exit', guard(caller.pid));
    return { caller, output: text(caller.stdout) };
  };
  const toAnswers = (output: string) => output.split('\n').slice(0, -1);

  // It cannot have sent all, however late it is killed.
  const first = start(String(count / 2));
  await device.waitForCount(500, 60_000);
  first.caller.kill('SIGKILL');
  const before = toAnswers(await first.output);
  expect(before.length).toBeLessThan(count);
  const second = start();
  const answers = toAnswers(await second.output);
  expect(answers).toHaveLength(count);
  expect(answers).toEqual(expect.arrayContaining(before));

  await device.waitForCount(count, 60_000);
  await device.close();
  const inOrder = (lines: string[]) => lines.toSorted((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
  expect(inOrder(device.messages.map(({ alert, id }) => `${alert} ${id}`))).toEqual(inOrder(answers));
});
