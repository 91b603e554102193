import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import {
  createDevice,
  type Device,
  type DeviceOptions,
  eventsTransport,
  memoryStorage,
  pollTransport,
  readHistory,
  webSocketTransport,
} from '../../device/index.js';
import { fileStorage } from '../../device/node.js';
import { eventually } from '../support/eventually.js';
import { expectError } from '../support/expect-error.js';
import { scrape } from '../support/metrics.js';
import { startProxy, type TcpProxy, through } from '../support/proxy.js';
import { request, unregister } from '../support/rest.js';
import { seeded } from '../support/seeded.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { newDevice, sendPush, uniqueName } from '../support/users.js';

let stack: Stack;
let proxy: TcpProxy;
const folder = mkdtempSync(join(tmpdir(), 'onepush-device-'));
const devices: Device[] = [];
beforeAll(async () => {
  stack = await startStack();
  proxy = await startProxy(new URL(stack.httpUrl).host);
});
afterEach(async () => {
  await Promise.all(devices.splice(0).map((device) => device.close()));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await proxy?.stop();
  await stack?.stop();
});

/** A device that comes back quickly, and what it has shown. */
function start(options: Partial<DeviceOptions> & { alias: string }) {
  const device = createDevice({
    url: stack.httpUrl,
    appId: TEST_APP.appId,
    platform: 'PC',
    WebSocket,
    backoff: { firstMs: 10, mostMs: 100 },
    ...options,
  });
  devices.push(device);
  const shown: string[] = [];
  const states: string[] = [];
  device.on('state', ({ name }) => states.push(name));
  device.on('message', ({ id }) => {
    shown.push(id);
  });
  device.connect();
  const isIn = (name: string) => eventually(() => device.state.name === name, { message: name });
  const has = (count: number) => eventually(() => shown.length >= count, { message: `${count} messages` });
  return { device, shown, states, isIn, has };
}

/** Asks the service what has become of a push. */
async function isConfirmed(requestId: string): Promise<boolean> {
  const authorization = `Basic ${Buffer.from(`${TEST_APP.appId}:${TEST_APP.appKey}`).toString('base64')}`;
  const headers = { 'content-type': 'application/json', authorization };
  const url = `${stack.connectUrl}/onepush.v1.PushCore/ListDeliveries`;
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ requestId }) });
  const { deliveries = [] } = (await response.json()) as { deliveries?: { state: string }[] };
  return deliveries.length === 1 && deliveries[0]?.state === 'DELIVERY_STATE_CONFIRMED';
}

describe('a device of the package', () => {
  it.each([
    ['WebSockets', 30, webSocketTransport(WebSocket)],
    ['Server-Sent Events', 8, eventsTransport()],
    ['long poll', 8, pollTransport()],
  ] as const)('shows every push once and in order, by %s that are cut %i times', async (_, most, transport) => {
    const alias = uniqueName();
    const random = seeded(17);
    const url = through(stack.httpUrl, proxy.address).replace(/\/$/, '');
    const { shown, isIn, has } = start({ alias, url, transport });
    await isIn('open');
    const sent: string[] = [];
    for (let cuts = 0; cuts < most; ) {
      sent.push(await sendPush(stack.httpUrl, { audiences: [alias], needConfirm: random() < 0.5, duration: 600 }));
      if (random() < 0.2) {
        proxy.reset();
        cuts++;
      }
    }
    await has(sent.length);
    expect(shown).toEqual(sent);
    const last = await sendPush(stack.httpUrl, { audiences: [alias], needConfirm: true });
    await eventually(() => isConfirmed(last), { message: 'the confirmation' });
    expect(shown).toEqual([...sent, last]);
  });

  it('falls back to Server-Sent Events where WebSockets do not get through', async () => {
    const alias = uniqueName();
    class Blocked extends WebSocket {
      constructor() {
        super('ws://127.0.0.1:1');
      }
    }
    const { isIn, has, device } = start({ alias, WebSocket: Blocked });
    await isIn('open');
    const id = await sendPush(stack.httpUrl, { audiences: [alias], needConfirm: true });
    await has(1);
    await eventually(() => isConfirmed(id), { message: 'the confirmation' });
    const readers = async () => (await scrape(stack.edge)).get('onepush_transport_sessions{transport="events"}');
    await eventually(async () => (await readers()) === 1, { message: 'one reader of events, those of before gone' });
    await device.close();
  });

  it('goes on after a restart where it was, with its file', async () => {
    const alias = uniqueName();
    const path = join(folder, 'new', 'device.json');
    const first = start({ alias, storage: fileStorage(path), confirm: 'manual' });
    await first.isIn('open');
    const one = await sendPush(stack.httpUrl, { audiences: [alias], needConfirm: true });
    await first.has(1);
    const { id } = first.device;
    await first.device.close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const two = await sendPush(stack.httpUrl, { audiences: [alias] });
    const second = start({ alias, storage: fileStorage(path) });
    await second.has(2);
    // The app had not confirmed it.
    expect(second.shown).toEqual([one, two]);
    expect(second.device.id).toBe(id);
    await eventually(() => isConfirmed(one), { message: 'the confirmation' });
  });

  it('is found dead when nothing comes through any more, and comes back', async () => {
    const alias = uniqueName();
    const heartbeat = { everyMs: 100, answerWithinMs: 100 };
    const url = through(stack.httpUrl, proxy.address).replace(/\/$/, '');
    const { isIn, has, states, device } = start({ alias, url, heartbeat });
    await isIn('open');
    const release = proxy.strand('everything');
    await eventually(() => states.includes('waiting'), { message: 'the end of the connection' });
    await isIn('open');
    await sendPush(stack.httpUrl, { audiences: [alias] });
    await has(1);
    release();
    expect(device.state.name).toBe('open');
  });

  it('is another user when it is told so, and unregisters', async () => {
    const [alice, bob] = [uniqueName(), uniqueName()];
    const { device, shown, isIn, has } = start({ alias: alice });
    await isIn('open');
    device.update({ alias: bob });
    await isIn('open');
    await sendPush(stack.httpUrl, { audiences: [alice] });
    const id = await sendPush(stack.httpUrl, { audiences: [bob] });
    await has(1);
    expect(shown).toEqual([id]);
    await device.unregister();
    // The connection's end, with its code, may come before the answer.
    expect(device.state).toMatchObject({ name: 'closed', reason: 'unregistered' });
  });

  it('ends when another connection takes its place, or another program unregisters it', async () => {
    const nativeToken = uniqueName();
    const alias = uniqueName();
    const first = start({ alias, nativeToken });
    await first.isIn('open');
    const second = start({ alias, nativeToken });
    await first.isIn('closed');
    expect(first.device.state).toEqual({ name: 'closed', reason: 'replaced', code: 4409 });
    await fetch(`${stack.httpUrl}/msgpush/unregister/${second.device.id}`, { method: 'POST' });
    await second.isIn('closed');
    expect(second.device.state).toEqual({ name: 'closed', reason: 'unregistered', code: 4410 });
  });
});

describe('the history of a device', () => {
  const ask = (id: string, query = '') =>
    request<{ messages: { id: string; alert: string; time: string }[]; before?: string }>(
      stack.httpUrl,
      `/msgpush/history${query}`,
      { headers: { authorization: `Bearer ${id}` } },
    );

  it('is for an app that has lost its storage, page by page, as long as it has the user', async () => {
    const alias = uniqueName();
    const nativeToken = uniqueName();
    const { device, has, isIn } = start({ alias, nativeToken });
    await isIn('open');
    const sent: string[] = [];
    for (let number = 0; number < 3; number++) {
      sent.push(await sendPush(stack.httpUrl, { audiences: [alias], alert: `number ${number}` }));
    }
    await has(3);
    const { id = '' } = device;
    await device.close();
    const again = start({ alias, nativeToken, storage: memoryStorage() });
    await again.isIn('open');
    const read = (bounds: { hours?: number; limit?: number }) =>
      readHistory({ url: stack.httpUrl, deviceId: again.device.id ?? '', ...bounds });
    const history = await read({ hours: 1 });
    expect(history.map((message) => message.id)).toEqual(sent.toReversed());
    expect(history[0]).toMatchObject({ alert: 'number 2', needConfirm: false });
    expect(Date.now() - Date.parse(history[0]?.time ?? '')).toBeLessThan(3_600_000);
    expect((await read({ limit: 2 })).map((message) => message.id)).toEqual(sent.slice(1).reverse());
    const first = (await ask(id, '?limit=2')).body;
    expect(first.messages.map((message) => message.id)).toEqual(sent.slice(1).reverse());
    const rest = (await ask(id, `?before=${first.before}`)).body;
    expect(rest).toMatchObject({ messages: [{ id: sent[0] }] });
    expect(rest.before).toBeUndefined();
    // Another user has the device, and its id, now.
    expect(await newDevice(stack.httpUrl, uniqueName(), { nativeToken, platform: 'PC' })).toBe(id);
    expect((await ask(id)).body).toEqual({ messages: [] });
    await unregister(stack.httpUrl, id);
    expectError(await ask(id), 40403);
  });

  it('is bounded, and asked for a few times a second', async () => {
    const id = await newDevice(stack.httpUrl, uniqueName());
    expectError(await ask(id, '?limit=101&hours=73&before=0'), 40001, 'before');
    expectError(await ask('f'.repeat(32)), 40403);
    expectError(await ask('nobody'), 40403);
    const answers = await Promise.all(Array.from({ length: 60 }, () => ask(id)));
    const refused = answers.find(({ status }) => status === 429);
    expect(refused?.body).toMatchObject({ code: 42904, limit: 'device.history' });
    expect(refused?.headers.get('retry-after')).toMatch(/^[1-9]/);
  });
});
