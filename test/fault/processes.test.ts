import { afterEach, describe, expect, it } from 'vitest';
import { connectDevice } from '../support/device.js';
import { eventually } from '../support/eventually.js';
import { type RunningProcess, startProcess } from '../support/process.js';
import { send } from '../support/rest.js';
import { readRows } from '../support/rows.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { freshDatabase, storeKinds } from '../support/stores.js';
import { newDevice, sendPush, uniqueName } from '../support/users.js';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function stackOn(store: 'sqlite' | 'mysql'): Promise<Stack> {
  const stack = await startStack({ store });
  cleanups.push(() => stack.stop());
  return stack;
}

describe.each(storeKinds())('processes that go away, on %s', (store) => {
  it('keeps sockets open while the core is gone, answers 503, and goes on when it is back', async () => {
    const stack = await stackOn(store);
    const alias = uniqueName();
    const device = connectDevice(stack.wsUrl, await newDevice(stack.httpUrl, alias));
    await device.opened;
    const first = await sendPush(stack.httpUrl, { audiences: [alias] });
    await device.waitForCount(1);

    await stack.core.kill();
    const refused = await eventually(async () => {
      const answer = await send(stack.httpUrl, { ...TEST_APP, audiences: [alias], alert: 'refused' });
      return answer.status === 503 && answer;
    });
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(refused.body.code).toBe(50301);

    await stack.restartCore();
    await stack.waitUntilReady();
    const second = await sendPush(stack.httpUrl, { audiences: [alias] });
    const everyone = await sendPush(stack.httpUrl, { audiences: 'ALL' });
    await device.waitForCount(3);
    expect(device.messages.map((message) => message.id)).toEqual([first, second, everyone]);
    await device.close();
  });

  it('loses nothing that was accepted when the core is killed while it is sent to', async () => {
    const stack = await stackOn(store);
    const alias = uniqueName();
    const device = connectDevice(stack.wsUrl, await newDevice(stack.httpUrl, alias));
    await device.opened;
    const accepted = new Set<string>();
    let sending = true;
    const senders = Promise.all(
      Array.from({ length: 8 }, async () => {
        while (sending) {
          const everyone = accepted.size % 4 === 0;
          const answer = await send(stack.httpUrl, { ...TEST_APP, audiences: everyone ? 'ALL' : [alias], alert: 'x' });
          if (answer.status === 200) accepted.add(answer.body.requestId);
        }
      }),
    );
    try {
      for (let round = 0; round < 3; round++) {
        const before = accepted.size;
        await eventually(() => accepted.size > before + 50);
        await stack.core.kill();
        await stack.restartCore();
        await stack.waitUntilReady();
      }
    } finally {
      sending = false;
      await senders;
    }
    await stack.waitUntilReady();
    const last = await sendPush(stack.httpUrl, { audiences: [alias] });
    await device.waitForMessage((message) => message.id === last);
    const received = device.messages.map((message) => Number(message.id));
    expect([...accepted].filter((id) => !received.includes(Number(id)))).toEqual([]);
    // The socket survived: what it was handed is known to the edge, so nothing is repeated and all is in order.
    expect(received).toEqual([...new Set(received)].toSorted((a, b) => a - b));
    await device.close();
  });

  it('loses nothing that was accepted when the edge is killed', async () => {
    const stack = await stackOn(store);
    const alias = uniqueName();
    const deviceId = await newDevice(stack.httpUrl, alias);
    const first = connectDevice(stack.wsUrl, deviceId);
    await first.opened;
    const sent = await Promise.all(Array.from({ length: 30 }, () => sendPush(stack.httpUrl, { audiences: [alias] })));
    await stack.edge.kill();
    await first.closed;
    await stack.restartEdge();
    const second = connectDevice(stack.wsUrl, deviceId);
    const last = await sendPush(stack.httpUrl, { audiences: [alias] });
    await second.waitForMessage((message) => message.id === last);
    const received = new Set([...first.messages, ...second.messages].map((message) => message.id));
    expect([...sent, last].filter((id) => !received.has(id))).toEqual([]);
    await second.close();
  });

  it('counts a confirmation that was sent while the core was gone', async () => {
    const stack = await stackOn(store);
    const alias = uniqueName();
    const deviceId = await newDevice(stack.httpUrl, alias);
    const device = connectDevice(stack.wsUrl, deviceId);
    const [first, second] = [
      await sendPush(stack.httpUrl, { audiences: [alias], needConfirm: true }),
      await sendPush(stack.httpUrl, { audiences: 'ALL', needConfirm: true }),
    ];
    await device.waitForCount(2);
    await stack.core.kill();
    device.send(`CFM:${first}`);
    device.send(`CFM:${second}`);
    device.send('HBT');
    await device.waitForFrame((frame) => frame === 'ACK1');
    await device.close();
    await stack.restartCore();
    await stack.waitUntilReady();
    const again = connectDevice(stack.wsUrl, deviceId);
    const last = await sendPush(stack.httpUrl, { audiences: [alias] });
    await again.waitForMessage((message) => message.id === last);
    expect(again.messages.map((message) => message.id)).toEqual([last]);
    await again.close();
  });

  it.each(['while the core is gone', 'when the core that was told is gone'])(
    'remembers what a socket was handed that closes %s',
    async (when) => {
      const stack = await stackOn(store);
      const alias = uniqueName();
      const deviceId = await newDevice(stack.httpUrl, alias);
      const device = connectDevice(stack.wsUrl, deviceId);
      await device.opened;
      const everyone = await sendPush(stack.httpUrl, { audiences: 'ALL' });
      await device.waitForCount(1);
      if (when === 'while the core is gone') {
        await stack.core.kill();
        // What it closes without having acknowledged comes again.
        await device.acknowledged();
        await device.close();
      } else {
        stack.core.child.kill('SIGSTOP');
        await device.acknowledged();
        await device.close();
        await stack.core.kill();
      }
      await stack.restartCore();
      await stack.waitUntilReady();
      const again = connectDevice(stack.wsUrl, deviceId);
      const last = await sendPush(stack.httpUrl, { audiences: [alias] });
      await again.waitForMessage((message) => message.id === last);
      expect(
        again.messages.map((message) => message.id),
        `not ${everyone} again`,
      ).toEqual([last]);
      await again.close();
    },
  );

  it('does not repeat what was pushed to everyone when both are killed, once it is written how far sessions are', async () => {
    const stack = await stackOn(store);
    const alias = uniqueName();
    const deviceId = await newDevice(stack.httpUrl, alias);
    const device = connectDevice(stack.wsUrl, deviceId);
    await device.opened;
    const everyone = await sendPush(stack.httpUrl, { audiences: 'ALL' });
    await device.waitForCount(1);
    const isWritten = async () =>
      (await readRows(stack.databaseUrl, 'SELECT push_id FROM cursors WHERE push_id >= ?', [Number(everyone)])).length >
      0;
    await eventually(isWritten, { timeoutMs: 30_000, message: 'the position of the open session to be written' });
    await Promise.all([stack.edge.kill(), stack.core.kill()]);
    await device.closed;
    await stack.restartCore();
    await stack.restartEdge();
    const again = connectDevice(stack.wsUrl, deviceId);
    const last = await sendPush(stack.httpUrl, { audiences: [alias] });
    await again.waitForMessage((message) => message.id === last);
    expect(again.messages.map((message) => message.id)).toEqual([last]);
    await again.close();
  });

  it('counts every confirmation that the edge passed to a core that died with them, however many', async () => {
    const stack = await stackOn(store);
    const alias = uniqueName();
    const deviceId = await newDevice(stack.httpUrl, alias);
    const device = connectDevice(stack.wsUrl, deviceId);
    const push = { audiences: [alias], needConfirm: true };
    await Promise.all(Array.from({ length: 150 }, () => sendPush(stack.httpUrl, push)));
    await device.waitForCount(150);
    stack.core.child.kill('SIGSTOP');
    for (const { id } of device.messages) device.send(`CFM:${id}`);
    device.send('HBT');
    await device.waitForFrame((frame) => frame === 'ACK1');
    await stack.core.kill();
    await stack.restartCore();
    await stack.waitUntilReady();
    await device.close();
    const again = connectDevice(stack.wsUrl, deviceId);
    const last = await sendPush(stack.httpUrl, { audiences: [alias] });
    await again.waitForMessage((message) => message.id === last);
    expect(again.messages.map((message) => message.id)).toEqual([last]);
    await again.close();
  });
});

describe('starting and stopping', () => {
  async function start(name: 'core' | 'edge', env: Record<string, string>): Promise<RunningProcess> {
    const started = await startProcess(name, env);
    cleanups.push(() => started.kill());
    return started;
  }

  it('starts an edge without a core: healthy, not ready, 503 until the core is there', async () => {
    const database = await freshDatabase('sqlite');
    cleanups.push(() => database.drop());
    const coreEnv = {
      ONEPUSH_DATABASE_URL: database.url,
      ONEPUSH_BOOTSTRAP_APP: 'testapp1:dkdka',
      ONEPUSH_CONNECT_LISTEN: '127.0.0.1:0',
    };
    const taken = await start('core', { ...coreEnv, ONEPUSH_GRPC_LISTEN: '127.0.0.1:0' });
    const { grpc = '' } = taken.ready;
    await taken.stop();

    const edge = await start('edge', { ONEPUSH_HTTP_LISTEN: '127.0.0.1:0', ONEPUSH_CORE_ADDRS: grpc });
    const url = `http://${edge.ready.http}`;
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    expect((await send(url, { ...TEST_APP, audiences: ['x'], alert: 'x' })).status).toBe(503);
    const waiting = connectDevice(`ws://${edge.ready.http}/msgpush.ws`, 'f'.repeat(32));
    await waiting.opened;

    await start('core', { ...coreEnv, ONEPUSH_GRPC_LISTEN: grpc });
    await eventually(async () => (await fetch(`${url}/readyz`)).status === 200);
    expect((await send(url, { ...TEST_APP, audiences: ['x'], alert: 'x' })).status).toBe(200);
    expect(await waiting.closed).toMatchObject({ code: 4404 });
  });

  it('closes sessions with 1012 and a hint when the edge is stopped, and exits with 0', async () => {
    const stack = await stackOn('sqlite');
    const device = connectDevice(stack.wsUrl, await newDevice(stack.httpUrl, uniqueName()));
    await device.opened;
    expect(await stack.edge.stop()).toBe(0);
    const { code, reason } = await device.closed;
    expect(code).toBe(1012);
    expect(reason).toMatch(/^reconnect after \d+ ms$/);
    await stack.restartEdge();
  });

  it('remembers what an edge handed over before it was stopped in order', async () => {
    const stack = await stackOn('sqlite');
    const alias = uniqueName();
    const deviceId = await newDevice(stack.httpUrl, alias);
    const device = connectDevice(stack.wsUrl, deviceId);
    await device.opened;
    await sendPush(stack.httpUrl, { audiences: [alias] });
    await sendPush(stack.httpUrl, { audiences: 'ALL' });
    await device.waitForCount(2);
    await stack.edge.stop();
    await stack.restartEdge();
    const again = connectDevice(stack.wsUrl, deviceId);
    const last = await sendPush(stack.httpUrl, { audiences: [alias] });
    await again.waitForMessage((message) => message.id === last);
    expect(again.messages).toHaveLength(1);
    await again.close();
  });

  it('answers every send that is under way when the core is stopped, and exits with 0', async () => {
    const stack = await stackOn('sqlite');
    const sends = Array.from({ length: 200 }, () => send(stack.httpUrl, { ...TEST_APP, audiences: ['x'], alert: 'x' }));
    expect(await stack.core.stop()).toBe(0);
    for (const { status } of await Promise.all(sends)) expect([200, 503]).toContain(status);
    await stack.restartCore();
  });

  it('refuses wrong settings all at once, and never shows their values', async () => {
    const env = {
      ONEPUSH_DATABASE_URL: 'postgres://secret',
      ONEPUSH_OFFLINE_TTL: 'soon',
      ONEPUSH_LINK_TOKEN: 'two secrets',
    };
    const failure: unknown = await startProcess('core', env).catch((error: unknown) => error);
    const text = String(failure);
    for (const name of ['ONEPUSH_DATABASE_URL', 'ONEPUSH_OFFLINE_TTL', 'ONEPUSH_LINK_TOKEN'])
      expect(text).toContain(name);
    expect(text).not.toContain('secret');
  });
});
