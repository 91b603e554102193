import { afterEach, beforeEach, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import {
  createDevice,
  type Device,
  eventsTransport,
  fallbackTransport,
  pollTransport,
  type Transport,
  webSocketTransport,
} from '../../device/index.js';
import { eventually } from '../support/eventually.js';
import { startProxy, type TcpProxy } from '../support/proxy.js';
import { send } from '../support/rest.js';
import { seeded } from '../support/seeded.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { uniqueName } from '../support/users.js';

const isShort = process.env.FAULT === 'short';
/** Messages are pushes times devices: 100,000, or 4,000. */
const DEVICES = 20;
const PUSHES = isShort ? 200 : 5_000;
const CUTS = isShort ? 20 : 100;
/** Pushes that are under way at a time. */
const LANES = 4;
/** Part of the time in which a device's line is late, and by how much, in milliseconds. */
const LATE_SHARE = 0.05;
const LATE_MS = 2_000;
/** An hour, by which the clock of the devices steps. */
const STEP_MS = 3_600_000;

const TRANSPORTS: (() => Transport)[] = [
  () => webSocketTransport(WebSocket),
  () => eventsTransport(),
  () => pollTransport(),
  () => fallbackTransport([webSocketTransport(WebSocket), eventsTransport(), pollTransport()]),
];

let stack: Stack;
const proxies: TcpProxy[] = [];
const devices: Device[] = [];
const realNow = Date.now;
beforeEach(async () => {
  // What waits for a device whose line is dead is more than the thousand that may wait by default.
  stack = await startStack({ coreEnv: { ONEPUSH_INBOX_LIMIT: String(PUSHES) } });
  for (let n = 0; n < DEVICES; n++) proxies.push(await startProxy(new URL(stack.httpUrl).host));
});
afterEach(async () => {
  Date.now = realNow;
  await Promise.all(devices.splice(0).map((device) => device.close()));
  await Promise.all(proxies.splice(0).map((proxy) => proxy.stop()));
  await stack?.stop();
});

/** One device, on a line of its own, and what it has shown. */
interface Member {
  readonly proxy: TcpProxy;
  readonly shown: string[];
}

function join(proxy: TcpProxy, index: number, alias: string): Member {
  const shown: string[] = [];
  const device = createDevice({
    url: `http://${proxy.address}`,
    appId: TEST_APP.appId,
    alias,
    platform: 'ANDROID',
    nativeToken: uniqueName(),
    transport: (TRANSPORTS[index % TRANSPORTS.length] ?? pollTransport)(),
    backoff: { firstMs: 50, mostMs: 1_000 },
    // More than come in the ten seconds after which a message comes again whose confirmation was lost.
    remember: PUSHES,
  });
  device.on('message', ({ id }) => shown.push(id));
  device.connect();
  devices.push(device);
  return { proxy, shown };
}

it(`${PUSHES * DEVICES} messages to ${DEVICES} devices are shown once and in order, through ${CUTS} cuts, late lines and steps of the clock`, {
  timeout: 900_000,
}, async () => {
  const random = seeded(7);
  const alias = uniqueName();
  const members = proxies.map((proxy, index) => join(proxy, index, alias));
  await eventually(() => devices.every(({ state }) => state.name === 'open'), { message: 'all devices to connect' });

  const sent: string[] = [];
  let next = 0;
  let cuts = 0;
  let late: Member | undefined;
  /** Before each push: what happens to the lines. */
  function disturb(count: number): void {
    const member = members[Math.floor(random() * members.length)];
    if (count * CUTS >= cuts * PUSHES) {
      cuts++;
      if (random() < 0.5) member?.proxy.reset();
      else member?.proxy.strand(random() < 0.5 ? 'everything' : 'answers');
    }
    if (count % 50 === 0) {
      late?.proxy.delay(0);
      late = random() < LATE_SHARE * DEVICES ? member : undefined;
      late?.proxy.delay(LATE_MS);
    }
    if (count % 500 === 250) {
      const step = random() < 0.5 ? STEP_MS : -STEP_MS;
      Date.now = () => realNow() + step;
    }
  }
  async function lane(): Promise<void> {
    for (let count = next++; count < PUSHES; count = next++) {
      disturb(count);
      const body = { ...TEST_APP, audiences: [alias], alert: `message ${count}`, needConfirm: random() < 0.5 };
      const { status, body: answer } = await send(stack.httpUrl, body);
      expect(status).toBe(200);
      sent.push(answer.requestId);
    }
  }
  const begun = performance.now();
  await Promise.all(Array.from({ length: LANES }, lane));
  for (const { proxy } of members) proxy.delay(0);
  await eventually(() => members.every(({ shown }) => shown.length >= PUSHES), {
    timeoutMs: 300_000,
    intervalMs: 200,
    message: 'all devices to have all messages',
  });
  const seconds = (performance.now() - begun) / 1000;
  console.log(`${PUSHES * DEVICES} messages in ${seconds.toFixed(0)} s, ${cuts} cuts`);
  const inOrder = sent.toSorted((one, other) => Number(BigInt(one) - BigInt(other)));
  for (const { shown } of members) expect(shown).toEqual(inOrder);
});
