import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { converse } from '../support/conversation.js';
import { connectDevice } from '../support/device.js';
import { GET, type Outcome, ROWS, type Row } from '../support/http-matrix.js';
import { type Nginx, skipWithoutNginx, startNginx } from '../support/nginx.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { newDevice, sendPush, uniqueName } from '../support/users.js';

/** Seconds: the edge's ping comes up to 4 seconds late, and before nginx gives up. */
const PING_INTERVAL = 4;
const NGINX_TIMEOUT = 9;
/** How long uWebSockets waits for the rest of a head, at the most, and some more for a slow machine. */
const SILENCE_MS = 25_000;

/** Resolves to what came back, or to what is wrong with it. */
async function outcomeOf(httpUrl: string, row: Row, expected: Outcome): Promise<Outcome> {
  const count = expected.split(' or ')[0]?.match(/\d+/g)?.length ?? 0;
  const { statuses, closed, text } = await converse(httpUrl, row.packets, {
    ...(expected.endsWith('open') && { answers: count, afterwards: `${GET}\r\n` }),
    halfClose: row.halfClose ?? false,
    timeoutMs: SILENCE_MS,
  });
  if (row.text !== undefined) expect(text).toMatch(row.text);
  const wasOpen = !closed && statuses.pop() === 200;
  return [...statuses, wasOpen ? 'open' : 'closed'].join(' ');
}

let stack: Stack;
let nginx: Nginx | undefined;
const isLinux = process.platform === 'linux';
const withoutNginx = skipWithoutNginx('test/hostile/http-matrix.test.ts');
/** Whether it takes as long as uWebSockets waits for the rest of a head. */
const isSlow = (row: Row): boolean => row.direct === 'closed';
let heard: Promise<{ sent: string; received: string }> | undefined;
const [direct, proxied] = [new Map<Row, Promise<Outcome>>(), new Map<Row, Promise<Outcome>>()];

beforeAll(async () => {
  stack = await startStack({ edgeEnv: { ONEPUSH_PING_INTERVAL: `${PING_INTERVAL}` } });
  if (!withoutNginx) nginx = await startNginx({ edgeUrl: stack.httpUrl, readTimeout: `${NGINX_TIMEOUT}s` });
  heard = nginx && listenLong(nginx.httpUrl);
  for (const row of isLinux ? ROWS.toSorted((one, other) => Number(isSlow(other)) - Number(isSlow(one))) : []) {
    direct.set(row, outcomeOf(stack.httpUrl, row, row.direct).catch(String));
    if (nginx !== undefined) proxied.set(row, outcomeOf(nginx.httpUrl, row, row.nginx).catch(String));
    // An idle connection is closed after 8 seconds, which is not to pass because of the others.
    if (!isSlow(row)) await Promise.all([direct.get(row), proxied.get(row)]);
  }
  await Promise.allSettled([...direct.values(), ...proxied.values(), heard]);
}, 3 * SILENCE_MS);
afterAll(async () => {
  await nginx?.stop();
  await stack?.stop();
});

/** What came of it, once: a test that is tried again asks anew. */
function take(outcomes: Map<Row, Promise<Outcome>>, row: Row, ask: () => Promise<Outcome>): Promise<Outcome> {
  const known = outcomes.get(row);
  outcomes.delete(row);
  return known ?? ask();
}

describe.skipIf(!isLinux)('the edge alone answers', () => {
  it.each(ROWS)('$name: $direct', async (row) => {
    expect(row.direct.split(' or ')).toContain(
      await take(direct, row, () => outcomeOf(stack.httpUrl, row, row.direct)),
    );
  });
});

describe.skipIf(withoutNginx || !isLinux)('through nginx it answers', () => {
  it.each(ROWS)('$name: $nginx', async (row) => {
    expect(row.nginx.split(' or ')).toContain(
      await take(proxied, row, () => outcomeOf(nginx?.httpUrl ?? '', row, row.nginx)),
    );
  });
});

describe('an answer', () => {
  it('says for how long its connection may be idle, or that it ends', async () => {
    const open = await converse(stack.httpUrl, [`${GET}\r\n`], { answers: 1 });
    expect(open.text).toMatch(/\r\nKeep-Alive: timeout=7\r\n/);
    const closed = await converse(stack.httpUrl, ['HEAD / HTTP/1.1\r\nHost: x\r\n\r\n']);
    expect(closed.text).toMatch(/^HTTP\/1\.1 200 OK\r\n.*\r\nConnection: close\r\n.*\r\n\r\n$/s);
  });
});

describe('a body in chunks', () => {
  it('is not carried out where rubbish comes with its end', async () => {
    const alias = uniqueName();
    const device = connectDevice(stack.wsUrl, await newDevice(stack.httpUrl, alias));
    await device.opened;
    const body = JSON.stringify({ ...TEST_APP, audiences: [alias], alert: 'with a trailer' });
    const head =
      'POST /msgpush/send HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n';
    const chunks = `${body.length.toString(16)}\r\n${body}\r\n0\r\nX-Trailer: 1\r\n\r\n`;
    expect((await converse(stack.httpUrl, [`${head}\r\n${chunks}`])).statuses).toEqual([505]);
    const id = await sendPush(stack.httpUrl, { audiences: [alias] });
    expect((await device.waitForCount(1)).map((message) => message.id)).toEqual([id]);
    await device.close();
  });
});

describe('a WebSocket', () => {
  it.skipIf(withoutNginx)(
    'is kept open by pings through nginx, longer than nginx waits, and gets its messages',
    async () => {
      const hearing = heard ?? listenLong(nginx?.httpUrl ?? '');
      heard = undefined;
      const { sent, received } = await hearing;
      expect(received).toBe(sent);
    },
  );

  it.each([
    ['none', [], ''],
    ['one that is not spoken', ['chat'], ''],
    ['onepush.v1', ['onepush.v1'], 'onepush.v1'],
    ['onepush.v1 among others', ['chat', 'onepush.v1'], 'onepush.v1'],
  ])('that asks for this subprotocol is answered only what is spoken: %s', async (_, offered, spoken) => {
    const upgraded = await fetchUpgrade(offered);
    expect(/\r\nsec-websocket-protocol: (.*)\r\n/i.exec(upgraded)?.[1] ?? '').toBe(spoken);
  });
});

/** The head of the answer to a handshake. */
async function fetchUpgrade(protocols: string[]): Promise<string> {
  const offer = protocols.length === 0 ? '' : `Sec-WebSocket-Protocol: ${protocols.join(', ')}\r\n`;
  const key = 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n';
  const head = `GET /msgpush.ws?deviceId=x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${key}`;
  return (await converse(stack.httpUrl, [`${head}${offer}\r\n`], { timeoutMs: SILENCE_MS })).text;
}

/** Connects a device, says nothing until nginx would have closed the connection, and pushes to it then. */
async function listenLong(httpUrl: string): Promise<{ sent: string; received: string }> {
  const alias = uniqueName();
  const deviceId = await newDevice(httpUrl, alias);
  const socket = new WebSocket(`${httpUrl.replace('http', 'ws')}/msgpush.ws?deviceId=${deviceId}`);
  await once(socket, 'open');
  const closed = once(socket, 'close');
  await Promise.race([closed, sleep((NGINX_TIMEOUT + 1) * 1000)]);
  if (socket.readyState !== WebSocket.OPEN) return { sent: 'a message', received: 'none: it was closed' };
  const message = once(socket, 'message');
  const sent = await sendPush(httpUrl, { audiences: [alias] });
  const received = JSON.parse(String((await message)[0])).id;
  socket.close();
  await closed;
  return { sent, received };
}
