import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { converse } from '../support/conversation.js';
import { type Nginx, skipWithoutNginx, startNginx } from '../support/nginx.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { newDevice, sendPush, uniqueName } from '../support/users.js';

/** Seconds: the edge's ping comes up to 4 seconds late, and before nginx gives up. */
const PING_INTERVAL = 4;
const NGINX_TIMEOUT = 9;
/** How long uWebSockets waits for the rest of a head, at the most, and some more for a slow machine. */
const SILENCE_MS = 25_000;

/**
 * What came back: the statuses, and `open` where the connection took another request afterwards, `closed` where the server closed it.
 * `closed` alone: without a word. Two of them with `or`: it depends on what comes first.
 */
type Outcome = string;

interface Row {
  name: string;
  packets: (string | Uint8Array)[];
  direct: Outcome;
  nginx: Outcome;
  /** What the first answer has, both ways. */
  text?: RegExp;
  halfClose?: boolean;
}

const BODY = JSON.stringify({ ...TEST_APP, audiences: ['nobody'], alert: 'a' });
const GET = 'GET /healthz HTTP/1.1\r\nHost: x\r\n';
const POST = 'POST /msgpush/send HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
const LENGTH = `Content-Length: ${BODY.length}\r\n`;
const CHUNKED = 'Transfer-Encoding: chunked\r\n';
const ZIPPED = gzipSync(BODY);

const header = (bytes: number): string => `X-Filler: ${'f'.repeat(bytes - 12)}\r\n`;
const headers = (count: number): string => Array.from({ length: count }, (_, n) => `X-N${n}: v\r\n`).join('');
const chunk = (text: string, extension = ''): string => `${text.length.toString(16)}${extension}\r\n${text}\r\n`;
/** Cut into two packets. */
const cut = (text: string, at: number): string[] => [text.slice(0, at), text.slice(at)];

const ROWS: Row[] = [
  { name: 'a push', packets: [`${POST}${LENGTH}\r\n${BODY}`], direct: '200 open', nginx: '200 open' },
  {
    name: 'a body in a packet of its own',
    packets: [`${POST}${LENGTH}\r\n`, BODY],
    direct: '200 open',
    nginx: '200 open',
  },
  {
    name: 'a body in chunks',
    packets: [`${POST}${CHUNKED}\r\n${chunk(BODY)}0\r\n\r\n`],
    direct: '200 closed',
    nginx: '200 open',
  },
  {
    name: 'chunks in packets',
    packets: [`${POST}${CHUNKED}\r\n`, ...cut(chunk(BODY), 9), '0\r\n\r\n'],
    direct: '200 closed',
    nginx: '200 open',
  },
  // Heads.
  { name: 'a head of 7 KB', packets: [`${GET}${header(7000)}\r\n`], direct: '200 open', nginx: '200 open' },
  {
    name: 'a head of 7 KB in two packets',
    packets: cut(`${GET}${header(7000)}\r\n`, 3000),
    direct: '200 open',
    nginx: '200 open',
  },
  {
    name: 'a head of 15 KB in two packets',
    packets: cut(`${GET}${header(7000)}${header(7000)}\r\n`, 9000),
    direct: '200 open',
    nginx: '200 open',
  },
  {
    name: 'a head of 20 KB',
    packets: [`${GET}${header(7000).repeat(3)}\r\n`],
    direct: '431 closed',
    nginx: '431 open',
    text: /"code":43101/,
  },
  {
    name: 'a head of 20 KB in two packets',
    packets: cut(`${GET}${header(7000).repeat(3)}\r\n`, 9000),
    direct: '431 closed',
    nginx: '431 open',
  },
  { name: 'a request line in two packets', packets: cut(`${GET}\r\n`, 9), direct: '505 closed', nginx: '200 open' },
  { name: 'header by header', packets: [GET, 'X-A: b\r\n', '\r\n'], direct: '200 open', nginx: '200 open' },
  { name: '90 headers', packets: [`${GET}${headers(90)}\r\n`], direct: '200 open', nginx: '200 open' },
  {
    name: 'usual names of headers',
    packets: [`${GET}X-B3-TraceId: 1\r\nsec-ch-ua: "x"\r\nETag: y\r\n\r\n`],
    direct: '200 open',
    nginx: '200 open',
  },
  {
    name: 'bytes beyond ASCII in a header',
    packets: [`${GET}X-A: caf\xe9\r\n\r\n`],
    direct: '200 open',
    nginx: '200 open',
  },
  { name: 'no Host', packets: ['GET /healthz HTTP/1.1\r\nX-A: b\r\n\r\n'], direct: '400 closed', nginx: '400 closed' },
  // In silence until the time is up.
  { name: '150 headers', packets: [`${GET}${headers(150)}\r\n`], direct: 'closed', nginx: '504 open' },
  { name: 'no header at all', packets: ['GET /healthz HTTP/1.1\r\n\r\n'], direct: 'closed', nginx: '400 closed' },
  { name: 'a folded line', packets: [`${GET}X-A: b\r\n c\r\n\r\n`], direct: 'closed', nginx: '400 closed' },
  { name: 'a blank before the colon', packets: [`${GET}X-A : b\r\n\r\n`], direct: 'closed', nginx: '400 closed' },
  { name: 'a name with an underscore', packets: [`${GET}X_Under: b\r\n\r\n`], direct: 'closed', nginx: '200 open' },
  { name: 'a name with a dot', packets: [`${GET}X.Score!: b\r\n\r\n`], direct: 'closed', nginx: '200 open' },
  // What is asked before the body is sent.
  {
    name: 'Expect',
    packets: [`${POST}${LENGTH}Expect: 100-continue\r\n\r\n`, BODY],
    direct: '200 open',
    nginx: '200 open',
    text: /^HTTP\/1\.1 100 /,
  },
  {
    name: 'Expect as Java spells it',
    packets: [`${POST}${LENGTH}Expect: 100-Continue\r\n\r\n`, BODY],
    direct: '200 open',
    nginx: '200 open',
    text: /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/,
  },
  {
    name: 'the same with a wrong body',
    packets: [`${POST}Content-Length: 2\r\nExpect: 100-Continue\r\n\r\n`, '[]'],
    direct: '400 open',
    nginx: '400 open',
    text: /\r\n\r\nHTTP\/1\.1 400 .*"code":40003/s,
  },
  // Bodies.
  {
    name: 'a compressed body',
    packets: [
      Buffer.concat([Buffer.from(`${POST}Content-Encoding: gzip\r\nContent-Length: ${ZIPPED.length}\r\n\r\n`), ZIPPED]),
    ],
    direct: '415 open',
    nginx: '415 open',
    text: /"code":41502,.*Content-Encoding/,
  },
  {
    name: 'Content-Encoding: identity',
    packets: [`${POST}Content-Encoding: identity\r\n${LENGTH}\r\n${BODY}`],
    direct: '200 open',
    nginx: '200 open',
  },
  {
    name: 'a chunk extension',
    packets: [`${POST}${CHUNKED}\r\n${chunk(BODY, ';name=v')}0\r\n\r\n`],
    direct: '400 closed',
    nginx: '200 open',
  },
  {
    name: 'a trailer',
    packets: [`${POST}${CHUNKED}\r\n${chunk(BODY)}0\r\nX-T: 1\r\n\r\n`],
    direct: '505 closed',
    nginx: '200 open',
  },
  // Where a second request could hide.
  {
    name: 'a request in a trailer',
    packets: [`${POST}${CHUNKED}\r\n${chunk(BODY)}0\r\n`, `ab${GET}\r\n`],
    direct: '200 closed or closed',
    nginx: '200 open',
  },
  {
    name: 'a request behind two lengths',
    packets: [`${POST}Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}`, `${GET}\r\n`],
    direct: '400 closed',
    nginx: '400 closed',
  },
  {
    name: 'a request behind a length and chunks',
    packets: [`${POST}Content-Length: 2\r\n${CHUNKED}\r\n0\r\n\r\n`, `${GET}\r\n`],
    direct: '400 closed',
    nginx: '400 closed',
  },
  {
    name: 'a length with a sign',
    packets: [`${POST}Content-Length: +${BODY.length}\r\n\r\n${BODY}`],
    direct: '400 closed',
    nginx: '400 closed',
  },
  {
    name: 'two pushes at once',
    packets: [`${POST}${LENGTH}\r\n${BODY}`.repeat(2)],
    direct: 'closed',
    nginx: '200 200 open',
  },
  // Ways to ask.
  {
    name: 'an absolute target',
    packets: ['GET http://x/healthz HTTP/1.1\r\nHost: x\r\n\r\n'],
    direct: '505 closed',
    nginx: '200 open',
  },
  {
    name: 'HTTP/1.0',
    packets: ['GET /healthz HTTP/1.0\r\nHost: x\r\n\r\n'],
    direct: '505 closed',
    nginx: '200 closed',
  },
  { name: 'line feeds only', packets: ['GET /healthz HTTP/1.1\nHost: x\n\n'], direct: '505 closed', nginx: '200 open' },
  {
    name: 'Connection: close',
    packets: [`${GET}Connection: close\r\n\r\n`],
    direct: '200 closed',
    nginx: '200 closed',
  },
  { name: 'half a connection', packets: [`${GET}\r\n`], halfClose: true, direct: '200 closed', nginx: '200 closed' },
  {
    name: 'an unknown path',
    packets: ['GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n'],
    direct: '404 open',
    nginx: '404 open',
    text: /"code":40401/,
  },
  {
    name: 'a wrong method',
    packets: ['PUT /msgpush/send HTTP/1.1\r\nHost: x\r\n\r\n'],
    direct: '405 open',
    nginx: '405 open',
    text: /\r\nAllow: POST\r\n.*"code":40501/s,
  },
  {
    name: 'another type',
    packets: [`POST /msgpush/send HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\n${LENGTH}\r\n${BODY}`],
    direct: '415 open',
    nginx: '415 open',
    text: /"code":41501/,
  },
];

async function outcomeOf(httpUrl: string, row: Row, expected: Outcome): Promise<Outcome> {
  const count = expected.match(/\d+/g)?.length ?? 0;
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
const withoutNginx = skipWithoutNginx('test/e2e/http-matrix.test.ts');
/** All rows at once: some take as long as uWebSockets waits. */
let heard: Promise<{ sent: string; received: string }> | undefined;
const [direct, proxied] = [new Map<Row, Promise<Outcome>>(), new Map<Row, Promise<Outcome>>()];

beforeAll(async () => {
  stack = await startStack({ edgeEnv: { ONEPUSH_PING_INTERVAL: `${PING_INTERVAL}` } });
  if (!withoutNginx) nginx = await startNginx({ edgeUrl: stack.httpUrl, readTimeout: `${NGINX_TIMEOUT}s` });
  heard = nginx && listenLong(nginx.httpUrl);
  for (const row of isLinux ? ROWS : []) {
    direct.set(row, outcomeOf(stack.httpUrl, row, row.direct));
    if (nginx !== undefined) proxied.set(row, outcomeOf(nginx.httpUrl, row, row.nginx));
  }
  await Promise.allSettled([...direct.values(), ...proxied.values(), heard]);
}, 3 * SILENCE_MS);
afterAll(async () => {
  await nginx?.stop();
  await stack?.stop();
});

describe.skipIf(!isLinux)('the edge alone answers', () => {
  it.each(ROWS)('$name: $direct', async (row) => {
    expect(row.direct.split(' or ')).toContain(await direct.get(row));
  });
});

describe.skipIf(withoutNginx || !isLinux)('through nginx it answers', () => {
  it.each(ROWS)('$name: $nginx', async (row) => {
    expect(row.nginx.split(' or ')).toContain(await proxied.get(row));
  });
});

describe('a WebSocket', () => {
  it.skipIf(withoutNginx)(
    'is kept open by pings through nginx, longer than nginx waits, and gets its messages',
    async () => {
      const { sent, received } = (await heard) ?? { sent: 'a message', received: 'none' };
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
