import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createDevice, type Device, eventsTransport, pollTransport, webSocketTransport } from '../../device/index.js';
import { eventually } from '../support/eventually.js';
import { startProxy, type TcpProxy } from '../support/proxy.js';
import { send } from '../support/rest.js';
import { seeded } from '../support/seeded.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { uniqueName } from '../support/users.js';

const isShort = process.env.FAULT === 'short';
const TRANSPORTS = {
  WebSockets: () => webSocketTransport(WebSocket),
  'Server-Sent Events': () => eventsTransport(),
  'long poll': () => pollTransport(),
};
/** The transport, the number of faults, and the seed. */
const RUNS = (
  isShort
    ? [
        ['WebSockets', 40, 1],
        ['Server-Sent Events', 12, 1],
        ['long poll', 12, 1],
      ]
    : (['WebSockets', 'Server-Sent Events', 'long poll'] as const).flatMap((name) => [
        [name, 100, 1],
        [name, 100, 2],
      ])
) as [keyof typeof TRANSPORTS, number, number][];
/** One push in so many comes with a fault. */
const PUSHES_PER_FAULT = 10;

let stack: Stack;
let proxy: TcpProxy;
beforeAll(async () => {
  stack = await startStack();
  proxy = await startProxy(new URL(stack.httpUrl).host);
});
let device: Device | undefined;
beforeEach(() => stack.revive());
afterEach(async () => {
  proxy.delay(0);
  await device?.close();
});
afterAll(async () => {
  await proxy?.stop();
  await stack?.stop();
});

/** Sends until the service has accepted it: with a key, so that a repetition is no second push. */
async function push(alias: string, needConfirm: boolean): Promise<string> {
  const body = { ...TEST_APP, audiences: [alias], alert: 'x'.repeat(200), needConfirm };
  const headers = { 'Idempotency-Key': uniqueName() };
  const accepted = await eventually(
    async () => {
      const { status, body: answer } = await send(stack.httpUrl, body, headers);
      return status === 200 && answer.requestId;
    },
    { timeoutMs: 60_000, message: 'the service to accept a push' },
  );
  return accepted;
}

describe('a device of the package', () => {
  it.each(RUNS)(
    'shows every push once and in order, by %s, through %i faults, seed %i',
    async (name, faultCount, seed) => {
      const random = seeded(seed);
      const alias = uniqueName();
      const own = createDevice({
        url: `http://${proxy.address}`,
        appId: TEST_APP.appId,
        alias,
        platform: 'ANDROID',
        transport: TRANSPORTS[name](),
        backoff: { firstMs: 20, mostMs: 200 },
        heartbeat: { everyMs: 200, answerWithinMs: 300 },
      });
      device = own;
      const shown: string[] = [];
      // Slow now and then, as an app is.
      own.on('message', async ({ id }) => {
        shown.push(id);
        if (random() < 0.02) await new Promise((resolve) => setTimeout(resolve, 20));
      });
      own.connect();
      await eventually(() => own.state.name === 'open', { message: 'the device to connect' });

      const faults: (() => unknown)[] = [
        () => proxy.reset(),
        () => proxy.reset(),
        () => proxy.strand('everything'),
        () => proxy.strand('answers'),
        () => proxy.delay(random() < 0.5 ? 0 : 30),
        () => {
          own.pause();
          own.resume();
        },
      ];
      const sent: string[] = [];
      for (let count = 0; count < faultCount; count++) {
        if (count === faultCount / 4) await stack.restartEdge();
        else if (count === faultCount / 2) await stack.restartCore();
        else faults[Math.floor(random() * faults.length)]?.();
        for (let n = 0; n < PUSHES_PER_FAULT; n++) sent.push(await push(alias, random() < 0.5));
      }
      proxy.delay(0);
      await eventually(() => shown.length >= sent.length, { timeoutMs: 120_000, message: `${sent.length} messages` });
      expect(shown).toEqual(sent);
    },
  );
});
