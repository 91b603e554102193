import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import {
  createDevice,
  type Device,
  eventsTransport,
  type Message,
  pollTransport,
  webSocketTransport,
} from '../../device/index.js';
import { connectDevice, type TestDevice } from '../support/device.js';
import { eventually } from '../support/eventually.js';
import { request, send } from '../support/rest.js';
import { ENDING, endingsOf } from '../support/rows.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { newDevice, sendPush, uniqueName } from '../support/users.js';

describe('a push that is cleared where it is read', () => {
  let stack: Stack;
  const open: TestDevice[] = [];
  beforeAll(async () => {
    stack = await startStack({ edgeEnv: { ONEPUSH_CONFIRM_INTERVAL: '100' } });
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((device) => device.close()));
  });
  afterAll(() => stack?.stop());

  async function connect(deviceId: string, control: boolean): Promise<TestDevice> {
    const device = connectDevice(stack.wsUrl, deviceId, { control });
    open.push(device);
    await device.opened;
    return device;
  }

  async function listen(alias: string, control = true): Promise<TestDevice> {
    return connect(await newDevice(stack.httpUrl, alias), control);
  }

  /** Resolves when a device has all that was pushed to it before. */
  async function caughtUp(device: TestDevice, alias: string): Promise<void> {
    const id = await sendPush(stack.httpUrl, { audiences: [alias] });
    await device.waitForMessage((message) => message.id === id);
  }

  const times = (device: TestDevice, id: string): number =>
    device.messages.filter((message) => message.id === id).length;

  it.each([true, false])('ends on the other devices, with needConfirm %s', async (needConfirm) => {
    const alias = uniqueName();
    const offlineId = await newDevice(stack.httpUrl, alias);
    const [reader, other, old] = [await listen(alias), await listen(alias), await listen(alias, false)];
    const stranger = await listen(uniqueName());
    const id = await sendPush(stack.httpUrl, { audiences: [alias], needConfirm, clearOnRead: true });
    for (const device of [reader, other, old]) {
      expect(await device.waitForMessage((message) => message.id === id)).toMatchObject({ clearOnRead: true });
      if (!needConfirm) await device.acknowledged();
    }
    reader.send(`CFM:${id}`);
    await other.waitForFrame((frame) => frame === `CLR:${id}`);
    await eventually(async () => (await endingsOf(stack.databaseUrl, id)).length === 4);
    const { confirmed, delivered, cleared } = ENDING;
    const ended = needConfirm ? [confirmed, cleared, cleared, cleared] : [delivered, delivered, delivered, cleared];
    expect(await endingsOf(stack.databaseUrl, id)).toEqual(ended);
    // Nothing of it comes any more: not to who was offline, not again, and no frame to who did not ask for it.
    const offline = await connect(offlineId, true);
    for (const device of [reader, other, old, offline]) await caughtUp(device, alias);
    expect(times(offline, id)).toBe(0);
    const before = times(other, id);
    const clock = await sendPush(stack.httpUrl, { audiences: [alias], needConfirm: true });
    await other.waitForFrame(() => times(other, clock) === 3);
    expect(times(other, id)).toBe(before);
    for (const device of [reader, old, offline, stranger]) {
      expect(device.frames.filter((frame) => frame.startsWith('CLR'))).toEqual([]);
    }
    expect(other.frames.filter((frame) => frame.startsWith('CLR'))).toEqual([`CLR:${id}`]);
  });

  it('is reported as such', async () => {
    const alias = uniqueName();
    await newDevice(stack.httpUrl, alias);
    const reader = await listen(alias);
    const id = await sendPush(stack.httpUrl, { audiences: [alias], needConfirm: true, clearOnRead: true });
    await reader.waitForMessage((message) => message.id === id);
    reader.send(`CFM:${id}`);
    await eventually(async () => (await endingsOf(stack.databaseUrl, id)).length === 2);
    const key = Buffer.from(`${TEST_APP.appId}:${TEST_APP.appKey}`).toString('base64');
    const ask = async (path: string) =>
      (await request(stack.httpUrl, path, { headers: { authorization: `Basic ${key}` } })).body;
    expect(await ask(`/msgpush/push/${id}`)).toMatchObject({
      clearOnRead: true,
      deliveries: { targeted: 2, pending: 0, confirmed: 1, cleared: 1 },
    });
    expect(await ask(`/msgpush/push/${id}/deliveries?state=cleared`)).toMatchObject({
      deliveries: [{ state: 'CLEARED' }],
    });
  });

  it('is for devices and users: topics are refused', async () => {
    for (const to of [{ audiences: 'ALL' as const }, { audienceType: 'TAG' as const, audiences: ['t'] }]) {
      const { status, body } = await send(stack.httpUrl, { ...TEST_APP, alert: 'a', clearOnRead: true, ...to });
      expect(status).toBe(400);
      expect(body).toMatchObject({ code: 40001, field: 'clearOnRead' });
    }
  });

  it.each([
    ['WebSockets', () => webSocketTransport(WebSocket)],
    ['Server-Sent Events', () => eventsTransport()],
    ['long poll', () => pollTransport()],
  ])('is taken away by devices of the package, by %s', async (_, transport) => {
    const alias = uniqueName();
    const devices: Device[] = [];
    const start = async () => {
      const options = { url: stack.httpUrl, appId: TEST_APP.appId, alias, platform: 'PC' } as const;
      const device = createDevice({ ...options, transport: transport() });
      devices.push(device);
      const [shown, cleared]: [Message[], string[]] = [[], []];
      device.on('message', (message) => shown.push(message));
      device.on('cleared', ({ id }) => cleared.push(id));
      device.connect();
      await eventually(() => device.state.name === 'open');
      return { shown, cleared };
    };
    try {
      const [one, other] = [await start(), await start()];
      const id = await sendPush(stack.httpUrl, { audiences: [alias], clearOnRead: true });
      await eventually(() => one.shown.length === 1 && other.shown.length === 1);
      expect([...one.cleared, ...other.cleared]).toEqual([]);
      await one.shown[0]?.confirm();
      await eventually(() => other.cleared.length === 1);
      expect(other.cleared).toEqual([id]);
      expect(one.cleared).toEqual([]);
    } finally {
      await Promise.all(devices.map((device) => device.close()));
    }
  });
});
