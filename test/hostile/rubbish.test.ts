import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { scrape } from '../support/metrics.js';
import type { RunningProcess } from '../support/process.js';
import { callRaw, connectRaw, frame } from '../support/raw-grpc.js';
import { rawRequest } from '../support/raw-request.js';
import { basic, pushCoreClient } from '../support/rpc.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.stop());

/** Every port that listens. */
const LISTENERS: Record<string, () => string> = {
  'REST and WebSocket': () => stack.httpUrl,
  gRPC: () => `http://${stack.grpcAddr}`,
  Connect: () => stack.connectUrl,
  "the core's ops": () => `http://${stack.core.ready.ops}`,
  "the edge's ops": () => `http://${stack.edge.ready.ops}`,
};

const METHOD = '/onepush.v1.PushCore/SendPush';
const JSON_HEADERS = 'Content-Type: application/json\r\nContent-Length: 2\r\n';
const RUBBISH: [string, string | Uint8Array][] = [
  ['a call without a Host, over HTTP/1.0', `POST ${METHOD} HTTP/1.0\r\n${JSON_HEADERS}\r\n{}`],
  ...['', ' ', '[', 'a b', 'http://x', 'x:99999', '%', '\u00ff', '/', '?', '@', 'x\ty'].map(
    (host): [string, string] => [
      `a call for the host ${JSON.stringify(host)}`,
      `POST ${METHOD} HTTP/1.1\r\nHost: ${host}\r\n${JSON_HEADERS}\r\n{}`,
    ],
  ),
  ...['//', '*', METHOD, 'http://[/', `http://[::1${METHOD}`, '/%00', '/\u00ff?%', `${METHOD}?%`, '/metrics?%'].flatMap(
    (path) =>
      ['GET', 'POST', 'OPTIONS', 'CONNECT', 'PRI', 'M-SEARCH'].map((method): [string, string] => [
        `${method} ${JSON.stringify(path)}`,
        `${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
      ]),
  ),
  ['a broken length', `POST ${METHOD} HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n`],
  ['two lengths', `POST ${METHOD} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}`],
  ['a broken chunk', `POST ${METHOD} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`],
  [
    'an upgrade to HTTP/2',
    'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n\r\n',
  ],
  [
    'a broken WebSocket',
    'GET /msgpush.ws?deviceId=%ff HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n\r\n',
  ],
  ['the beginning of TLS', Buffer.from('16030100f8010000f40303', 'hex')],
  ["HTTP/2's preface and a broken frame", `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${'\u00ff'.repeat(64)}`],
  ['2000 headers', `GET / HTTP/1.1\r\nHost: x\r\n${'A: b\r\n'.repeat(2000)}Connection: close\r\n\r\n`],
  ['a header of 64 KB', `GET / HTTP/1.1\r\nHost: x\r\nA: ${'b'.repeat(65_536)}\r\n\r\n`],
  ['random bytes', randomBytes(4096)],
];

/** Both processes live, and do their work. */
async function expectAlive(): Promise<void> {
  expect([stack.core.child.exitCode, stack.edge.child.exitCode]).toEqual([null, null]);
  expect((await fetch(`${stack.httpUrl}/readyz`)).status).toBe(200);
  const audience = { audience: { case: 'everyone' as const, value: {} } };
  const credentials = basic(TEST_APP.appId, TEST_APP.appKey);
  const { requestId } = await pushCoreClient(stack, 'grpc').sendPush({ audience, alert: 'x' }, credentials);
  expect(requestId).toMatch(/^\d+$/);
}

describe.each(Object.entries(LISTENERS))('%s', (_, url) => {
  it('outlives rubbish', async () => {
    for (const [, bytes] of RUBBISH) {
      const latin = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
      // What answers nothing and waits for more is cut off here.
      await rawRequest(url(), latin, 300).catch(() => {});
    }
    await expectAlive();
  });

  it('outlives rubbish in HTTP/2', async () => {
    const session = connect(url());
    session.on('error', () => {});
    for (const path of ['', '/', METHOD, `${METHOD}\u00ff`, '/onepush.link.v1.EdgeLink/Attach', '*']) {
      if (session.destroyed) break;
      const answer = callRaw(session, path, frame(randomBytes(100)), {
        'grpc-timeout': '\u00ffx',
        authorization: 'Basic \u00ff',
        'bin-bin': '%%%',
      });
      const timeout = new Promise((resolve) => setTimeout(resolve, 300));
      await Promise.race([answer, timeout]);
    }
    session.destroy();
    await expectAlive();
  });
});

it('the Connect port says what is wrong with a Host', async () => {
  const answer = await rawRequest(stack.connectUrl, `POST ${METHOD} HTTP/1.0\r\n${JSON_HEADERS}\r\n{}`);
  expect(answer.status).toBe(400);
});

it('the gRPC port answers INVALID_ARGUMENT to what is no message, with nothing of it', async () => {
  const session = connectRaw(stack.grpcAddr);
  try {
    const { authorization } = basic(TEST_APP.appId, TEST_APP.appKey).headers;
    for (const bytes of [[0xff], [0x0a, 0x7f], [0x3a, 0x03, 0xff, 0xfe, 0x41], [0x3b]]) {
      const { status, headers } = await callRaw(session, METHOD, frame(Buffer.from(bytes)), { authorization });
      expect(status).toBe(3);
      expect(headers['grpc-message']).toContain('cannot%20be%20read');
    }
  } finally {
    session.destroy();
  }
});

it('what strangers send to the gRPC port is in no line of the log, and each line is JSON', async () => {
  const session = connectRaw(stack.grpcAddr);
  try {
    const headers = {
      'x-odd': 'caf\u00e9-in-a-header',
      'grpc-timeout': 'odd-timeout',
      'grpc-encoding': 'odd-encoding',
    };
    await callRaw(session, METHOD, frame(Buffer.alloc(0)), headers);
    await callRaw(session, '/odd-path', frame(Buffer.alloc(0)), headers);
  } finally {
    session.destroy();
  }
  const lines = stack.core.logs();
  expect(lines.filter((line) => line.includes('caf') || line.includes('odd-') || !line.startsWith('{'))).toEqual([]);
});

it('a caller of the Connect port that goes away within its request is no error of ours', async () => {
  const { authorization } = basic(TEST_APP.appId, TEST_APP.appKey).headers;
  const head = `Host: x\r\nAuthorization: ${authorization}\r\nContent-Type: application/json\r\nContent-Length: 50\r\nExpect: 100-continue\r\n`;
  const socket = connectTcp({ host: '127.0.0.1', port: Number(new URL(stack.connectUrl).port) });
  const begun = once(socket, 'data');
  socket.write(`POST ${METHOD} HTTP/1.1\r\n${head}\r\n{"alert"`);
  // 100 Continue: the call has begun.
  await begun;
  await observedOf('CANCELLED', () => socket.resetAndDestroy());
  expect(errorsOf(stack.core)).toEqual([]);
});

/** Does something, and waits until one more call of SendPush over Connect has come to that. */
async function observedOf(code: string, act: () => void): Promise<void> {
  const series = `onepush_rpc_seconds_count{transport="connect",method="SendPush",code="${code}"}`;
  const before = (await scrape(stack.core)).get(series) ?? 0;
  act();
  await eventually(async () => ((await scrape(stack.core)).get(series) ?? 0) > before, {
    message: `a call of ${code}`,
  });
}

/** Calls SendPush over the Connect port with this body. */
function callConnect(type: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
  const credentials = basic(TEST_APP.appId, TEST_APP.appKey).headers;
  return fetch(stack.connectUrl + METHOD, {
    method: 'POST',
    headers: { ...credentials, 'content-type': type, ...headers },
    body,
  });
}

it.each(['', '\u0000', '\u0000\u0000\u0000\u0000', '\u0000\u0000\u0000\u0000\u0001'])(
  'gRPC-Web answers INVALID_ARGUMENT to a body that ends before its message: %j',
  async (body) => {
    const answer = await (await callConnect('application/grpc-web+proto', body)).text();
    expect(answer).toContain('grpc-status: 3');
    expect(answer).toContain('the%20body%20must%20be%20one%20message');
  },
);

it.each([
  ['Connect-Timeout-Ms', 'application/json'],
  ['Grpc-Timeout', 'application/grpc-web+json'],
])('names %s where it is broken, and does not repeat it', async (name, type) => {
  const answer = await callConnect(type, '{}', { [name]: 'odd-value' });
  const text = (await answer.text()) + JSON.stringify([...answer.headers]);
  expect(text).toContain(name.toLowerCase());
  expect(text).not.toContain('odd-value');
});

it('a call of the Connect port whose deadline has passed says that, and nothing of the store', async () => {
  const body = JSON.stringify({ audience: { everyone: {} }, alert: 'x' });
  const calls = Array.from({ length: 50 }, () => callConnect('application/json', body, { 'connect-timeout-ms': '0' }));
  const answers = await Promise.all((await Promise.all(calls)).map((answer) => answer.text()));
  expect(answers.filter((text) => !/"(requestId|deadline_exceeded)"/.test(text))).toEqual([]);
});

it('a stream of requests is refused on the Connect port, also where the request says HTTP/2.0', async () => {
  const { authorization } = basic(TEST_APP.appId, TEST_APP.appKey).headers;
  const headers = `Host: x\r\nAuthorization: ${authorization}\r\nContent-Type: application/grpc-web+proto\r\nContent-Length: 5\r\n`;
  for (const version of ['1.1', '2.0']) {
    const request = `POST /onepush.v1.PushCore/SendPushStream HTTP/${version}\r\n${headers}\r\n\0\0\0\0\0`;
    expect((await rawRequest(stack.connectUrl, request)).status).toBe(505);
  }
  expect(errorsOf(stack.core)).toEqual([]);
});

/** The lines of level error and above. */
function errorsOf(process: RunningProcess): string[] {
  return process.logs().filter((line) => /"level":[56]0/.test(line));
}
