import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { scrape } from '../support/metrics.js';
import { type Nginx, skipWithoutNginx, startNginx } from '../support/nginx.js';
import { type Stack, startStack } from '../support/stack.js';
import { confirm, poll, readEvents, type StreamEvent, TRANSPORTS } from '../support/transports.js';
import { newDevice, sendPush, uniqueName } from '../support/users.js';

/** Milliseconds: nginx' patience, and a slow machine. */
const WITHIN_MS = 60_000;
/** Seconds: streams live by their beats, which come before nginx gives up. */
const NGINX_TIMEOUT = 6;
/** Seconds: enough for a client on a busy machine, which does not connect again. */
const PONG_TIMEOUT = 4;
let stack: Stack;
const proxies = new Map<string, Nginx>();
const cuts: (() => void)[] = [];
const withoutNginx = skipWithoutNginx('test/hostile/transports.test.ts');
beforeAll(async () => {
  stack = await startStack({ edgeEnv: { ONEPUSH_PONG_TIMEOUT: `${PONG_TIMEOUT}`, ONEPUSH_PING_INTERVAL: '4' } });
  if (withoutNginx) return;
  const options = { edgeUrl: stack.httpUrl, readTimeout: `${NGINX_TIMEOUT}s` };
  proxies.set('as documented', await startNginx(options));
  proxies.set('that buffers whatever it is told', await startNginx({ ...options, more: BUFFERS }));
});
afterEach(() => {
  for (const cut of cuts.splice(0)) cut();
});
afterAll(async () => {
  for (const nginx of proxies.values()) await nginx.stop();
  await stack?.stop();
});

const BUFFERS = 'proxy_buffering on; proxy_ignore_headers X-Accel-Buffering;';
const { 'Server-Sent Events': stream } = TRANSPORTS;

async function newUser() {
  const alias = uniqueName();
  const deviceId = await newDevice(stack.httpUrl, alias);
  return { alias, deviceId, push: (more = {}) => sendPush(stack.httpUrl, { audiences: [alias], ...more }) };
}

describe.skipIf(withoutNginx).each([
  ['as documented', 'WebSocket'],
  ['as documented', 'Server-Sent Events'],
  ['as documented', 'long poll'],
  ['that buffers whatever it is told', 'long poll'],
] as const)('through an nginx %s, a device by %s', (proxy, transport) => {
  it(
    'has everything once and in order, also after a silence that is longer than nginx waits',
    async () => {
      const url = proxies.get(proxy)?.httpUrl ?? '';
      const { deviceId, push } = await newUser();
      const sent = [await push(), await push({ needConfirm: true })];
      const device = await TRANSPORTS[transport](url, deviceId, { wait: NGINX_TIMEOUT - 2 });
      cuts.push(device.cut);
      await device.ids(2);
      await device.confirm(sent[1] ?? '');
      // A poll is answered by then.
      await Promise.race([device.closed, new Promise((resolve) => setTimeout(resolve, (NGINX_TIMEOUT + 3) * 1000))]);
      for (let count = 0; count < 20; count++) sent.push(await push(count % 2 === 0 ? {} : { audiences: 'ALL' }));
      expect(await device.ids(22)).toEqual(sent);
    },
    WITHIN_MS,
  );
});

describe('a stream', () => {
  it('of a client that acknowledges by its next request only ends for that, and goes on without a repetition', async () => {
    const { deviceId, push } = await newUser();
    const sent: string[] = [];
    const had: string[] = [];
    let cursor = '';
    for (let round = 0; round < 3; round++) {
      sent.push(await push());
      const device = await stream(stack.httpUrl, deviceId, { cursor, acknowledges: false });
      expect(await device.closed).toMatchObject({ code: 1006 });
      had.push(...device.messages.map(({ id }) => id));
      cursor = device.cursor();
    }
    expect(had).toEqual(sent);
  });

  it('whose reader takes nothing is given up, and slows nobody', async () => {
    const [slow, quick] = [await newUser(), await newUser()];
    const controller = new AbortController();
    cuts.push(() => controller.abort());
    const headers = { authorization: `Bearer ${slow.deviceId}` };
    await fetch(`${stack.httpUrl}/msgpush/events`, { headers, signal: controller.signal });
    const device = await stream(stack.httpUrl, quick.deviceId);
    cuts.push(device.cut);
    const sent: string[] = [];
    for (let count = 0; count < 100; count++) sent.push(await slow.push({ alert: 'x'.repeat(30_000) }));
    const id = await quick.push();
    expect(await device.ids(1)).toEqual([id]);
    expect((await scrape(stack.edge)).get('onepush_unacknowledged_bytes')).toBeLessThan(200_000);
    const reader = await stream(stack.httpUrl, slow.deviceId);
    cuts.push(reader.cut);
    expect(await reader.ids(100)).toEqual(sent);
  });

  it('is told when the server goes away, and when to come back; nothing is lost over that', async () => {
    const polls = async () => (await scrape(stack.edge)).get('onepush_transport_sessions{transport="poll"}') ?? 0;
    // Of others that have gone, some are waited for.
    await eventually(async () => (await polls()) === 0, { timeoutMs: 30_000 });
    const { deviceId, push } = await newUser();
    const events: StreamEvent[] = [];
    const headers = { authorization: `Bearer ${deviceId}` };
    const response = await fetch(`${stack.httpUrl}/msgpush/events`, { headers });
    const ended = readEvents(response, (event) => events.push(event));
    const waiting = poll(stack.httpUrl, (await newUser()).deviceId, '', 50);
    // Where the test ends before it is awaited.
    waiting.catch(() => undefined);
    await eventually(async () => (await polls()) === 1);
    await stack.restartEdge();
    await ended;
    const [, ms] = /^reconnect after (\d+) ms$/.exec(JSON.parse(events.at(-1)?.data ?? '').reason) ?? [];
    expect(events.at(-1)).toMatchObject({ event: 'close', retry: Number(ms) });
    expect((await waiting).close).toMatchObject({ code: 1012 });
    const id = await push();
    const device = await stream(stack.httpUrl, deviceId, { cursor: `${'e'.repeat(16)}.7` });
    cuts.push(device.cut);
    expect(await device.ids(1)).toEqual([id]);
  });

  it('that goes unnoticed leaves what it was sent to wait, and its session ends', async () => {
    const { deviceId, push } = await newUser();
    const device = await stream(stack.httpUrl, deviceId, { acknowledges: false });
    const id = await push({ alert: 'lost' });
    await device.ids(1);
    const before = (await scrape(stack.edge)).get('onepush_sessions_closed_total{code="1006"}') ?? 0;
    device.cut();
    await eventually(
      async () => ((await scrape(stack.edge)).get('onepush_sessions_closed_total{code="1006"}') ?? 0) > before,
      { timeoutMs: 30_000 },
    );
    const { messages, cursor } = await poll(stack.httpUrl, deviceId, '', 20);
    expect(messages.map((message) => message.id)).toEqual([id]);
    await confirm(stack.httpUrl, deviceId, { cursor });
  });
});
