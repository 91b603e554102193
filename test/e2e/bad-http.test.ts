import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectError } from '../support/expect-error.js';
import { rawRequest } from '../support/raw-request.js';
import { post, request, send } from '../support/rest.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';

const LIMIT = 65_536;
const PUSH = { ...TEST_APP, audiences: ['nobody'], alert: 'a' };
const JSON_TYPE = { 'content-type': 'application/json' };
const HEAD = 'POST /msgpush/send HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.stop());

async function expectAnswers(): Promise<void> {
  const { status, text } = await send(stack.httpUrl, PUSH);
  expect(status, text).toBe(200);
}

/** A push of exactly this many bytes. */
function pushOf(bytes: number): string {
  const empty = JSON.stringify({ ...PUSH, extra: '' });
  return JSON.stringify({ ...PUSH, extra: 'x'.repeat(bytes - empty.length) });
}

/** The same bytes without a content length, hence chunked. */
function chunked(bytes: number): ReadableStream<Uint8Array> {
  let left = bytes;
  return new ReadableStream({
    pull(controller) {
      controller.enqueue(new Uint8Array(Math.min(left, LIMIT)));
      left -= LIMIT;
      if (left <= 0) controller.close();
    },
  });
}

function stream(bytes: number, headers: Record<string, string> = JSON_TYPE) {
  return { method: 'POST', body: chunked(bytes), duplex: 'half' as const, headers };
}

const streamed = (...body: Parameters<typeof stream>) => request(stack.httpUrl, '/msgpush/send', stream(...body));

describe('a body over the limit', () => {
  it('begins one byte above it', async () => {
    expect((await send(stack.httpUrl, pushOf(LIMIT))).status).toBe(200);
    expectError(await send(stack.httpUrl, pushOf(LIMIT + 1)), 41301);
  });

  it.each([70_000, 1_000_000, 12_000_000])('is refused so that the client sees it: %d bytes', async (bytes) => {
    for (let n = 0; n < 5; n++) {
      expectError(await send(stack.httpUrl, 'x'.repeat(bytes)), 41301);
      expectError(await streamed(bytes), 41301);
    }
    await expectAnswers();
  });

  it('is answered before its end where that is far away', async () => {
    const response = await fetch(`${stack.httpUrl}/msgpush/send`, stream(200_000_000));
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ code: 41301 });
    await expectAnswers();
  });

  it('names its limit, and that of audiences where it is a push', async () => {
    for (const path of ['/msgpush/send', '/msgpush/register']) {
      const { body } = await post(stack.httpUrl, path, 'x'.repeat(LIMIT + 1));
      expect(body.message).toContain(`${LIMIT}`);
      expect(body.message?.includes('1000')).toBe(path.endsWith('send'));
    }
  });

  it('loses no other refusal either', async () => {
    for (let n = 0; n < 5; n++) {
      expectError(await streamed(2_000_000, { 'content-type': 'text/plain' }), 41501);
      expectError(await request(stack.httpUrl, '/nothing', { method: 'POST', body: 'x'.repeat(2_000_000) }), 40401);
      expectError(await request(stack.httpUrl, '/msgpush/send', { method: 'PUT', body: 'x'.repeat(2_000_000) }), 40501);
    }
  });

  it('leaves the connection usable', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    try {
      const ports = new Set<number | undefined>();
      for (const body of [pushOf(LIMIT), 'x'.repeat(500_000), pushOf(100 + JSON.stringify(PUSH).length)]) {
        const call = httpRequest(`${stack.httpUrl}/msgpush/send`, { method: 'POST', agent, headers: JSON_TYPE });
        call.end(body);
        const [response]: IncomingMessage[] = await once(call, 'response');
        ports.add(response?.socket.localPort);
        expect(response?.statusCode).toBe(body.startsWith('x') ? 413 : 200);
        response?.resume();
        await once(response ?? call, 'end');
      }
      expect(ports.size).toBe(1);
    } finally {
      agent.destroy();
    }
  });

  it.skipIf(process.platform !== 'linux')('is not kept in memory', async () => {
    const status = () => readFileSync(`/proc/${stack.edge.child.pid}/status`, 'utf8');
    const megabytes = (name: string) => Number(new RegExp(`${name}:\\s*(\\d+) kB`).exec(status())?.[1]) / 1024;
    const before = megabytes('VmRSS');
    const answers = await Promise.all(Array.from({ length: 20 }, () => streamed(15_000_000)));
    for (const answer of answers) expectError(answer, 41301);
    expect(megabytes('VmHWM') - before).toBeLessThan(150);
  });
});

describe('a client that goes away', () => {
  it.each([
    ['before it says anything', ''],
    ['in the middle of the head', HEAD.slice(0, 40)],
    ['before the body', `${HEAD}Content-Length: 1000\r\n\r\n`],
    ['in the middle of the body', `${HEAD}Content-Length: 1000\r\n\r\n{"appId":`],
    ['in the middle of a chunk', `${HEAD}Transfer-Encoding: chunked\r\n\r\n400\r\n{"appId":`],
    ['in the middle of a body over the limit', `${HEAD}Content-Length: 1000000\r\n\r\n${'x'.repeat(100_000)}`],
    [
      'when it has sent everything',
      `${HEAD}Content-Length: ${JSON.stringify(PUSH).length}\r\n\r\n${JSON.stringify(PUSH)}`,
    ],
  ])('%s, 100 times over, harms nobody', async (_, bytes) => {
    const { hostname, port } = new URL(stack.httpUrl);
    const leave = async (n: number): Promise<void> => {
      const socket = connect({ host: hostname, port: Number(port) });
      await once(socket, 'connect');
      await new Promise((resolve) => socket.write(bytes, resolve));
      // Both ways to go: with a reset, and in order.
      if (n % 2 === 0) socket.resetAndDestroy();
      else socket.destroy();
      await once(socket, 'close');
    };
    await Promise.all(Array.from({ length: 100 }, (_, n) => leave(n)));
    await expectAnswers();
    expect(stack.edge.logs().filter((line) => /"level":(50|60)/.test(line))).toEqual([]);
  });
});

describe('odd HTTP', () => {
  const body = JSON.stringify(PUSH);
  it.each([
    ['two kinds of length', `${HEAD}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    [
      'the same the other way round',
      `${HEAD}Transfer-Encoding: chunked\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    ],
    ['a length that is no number', `${HEAD}Content-Length: x\r\n\r\n{}`],
    ['a negative length', `${HEAD}Content-Length: -1\r\n\r\n{}`],
    ['a length beyond all numbers', `${HEAD}Content-Length: ${'9'.repeat(30)}\r\n\r\n{}`],
    ['a chunk size that is no number', `${HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n`],
    ['an unknown transfer encoding', `${HEAD}Transfer-Encoding: gzip\r\n\r\n{}`],
    ['no HTTP', `${'hello '.repeat(20)}\r\n\r\n`],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['HTTP/1.0', 'GET /healthz HTTP/1.0\r\nHost: x\r\n\r\n'],
    ['NUL in the path', 'GET /health\u0000z HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['line feeds only', 'GET /healthz HTTP/1.1\nHost: x\n\n'],
    ['the HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ])('is refused and the connection closed: %s', async (_, text) => {
    const answer = await rawRequest(stack.httpUrl, Buffer.from(text, 'latin1'));
    expect(answer.closed).toBe(true);
    expect([400, 505, undefined]).toContain(answer.status);
    await expectAnswers();
  });

  it.each([
    ['two lengths', 'Content-Length: 2\r\nContent-Length: 30\r\n', '{}'],
    ['the same length twice', 'Content-Length: 2\r\nContent-Length: 2\r\n', '{}'],
    ['an empty length', 'Content-Length:\r\n', ''],
    // Newer versions of uWebSockets.js refuse it in their own words.
    ['two hosts', 'Host: y\r\nContent-Length: 2\r\n', '{}', /"code":40004|Bad Request<\/h1>/],
    ['a coding before chunked', 'Transfer-Encoding: gzip, chunked\r\n', '2\r\n{}\r\n0\r\n\r\n'],
    ['a coding like chunked', 'Transfer-Encoding: xchunked\r\n', '2\r\n{}\r\n0\r\n\r\n'],
    ['two codings', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', '2\r\n{}\r\n0\r\n\r\n'],
  ])(
    'that can be read in two ways is refused in words, and the connection closed: %s',
    async (_, headers, rest, words = /"code":40004/) => {
      const { hostname, port } = new URL(stack.httpUrl);
      const socket = connect({ host: hostname, port: Number(port) });
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk;
      });
      socket.write(`${HEAD}${headers}\r\n${rest}`);
      await once(socket, 'close');
      expect(text).toMatch(/^HTTP\/1\.1 400 /);
      expect(text).toMatch(words);
      expect(text).toContain('Connection: close');
    },
  );

  it('does not come with a PROXY header', async () => {
    const signature = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
    const address = Buffer.from([0x21, 0x11, 0, 12, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 0, 2]);
    const bytes = Buffer.concat([signature, address, Buffer.from('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n')]);
    expect((await rawRequest(stack.httpUrl, bytes)).text).toContain('"code":40004');
  });

  it('becomes no WebSocket without asking for one', async () => {
    const key = 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n';
    const head = `GET /msgpush.ws?deviceId=${'f'.repeat(32)} HTTP/1.1\r\nHost: x\r\n${key}`;
    for (const headers of ['', 'Upgrade: h2c\r\n', 'Upgrade: websocket\r\nContent-Length: 0\r\n']) {
      const answer = await rawRequest(stack.httpUrl, `${head}${headers}\r\n`);
      expect([answer.status, answer.text.includes('"code":42601')]).toEqual([426, true]);
    }
  });

  it('carries no second request in its body', async () => {
    const inner = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n';
    const answer = await rawRequest(stack.httpUrl, `${HEAD}Content-Length: ${inner.length}\r\n\r\n${inner}`);
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('"code":40002');
    expect(answer.text).not.toContain('200 OK');
  });

  it('has no method that objects are born with', async () => {
    for (const method of ['CONSTRUCTOR', 'HASOWNPROPERTY', '__PROTO__', 'X']) {
      const answer = await rawRequest(stack.httpUrl, `${method} /msgpush/send HTTP/1.1\r\nHost: x\r\n\r\n`);
      expect([answer.status, answer.closed]).toEqual([405, false]);
      expect(answer.text).toContain('\r\nAllow: POST\r\n');
    }
  });

  it('is answered though it comes byte by byte', async () => {
    const { hostname, port } = new URL(stack.httpUrl);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    await once(socket, 'connect');
    const answered = once(socket, 'data');
    // uWebSockets takes the request line in one piece only.
    const [line = '', ...rest] = `${HEAD}Content-Length: ${body.length}\r\n\r\n${body}`.split(/(?<=HTTP\/1\.1\r\n)/);
    for (const part of [line, ...rest.join('')]) await new Promise((resolve) => socket.write(part, resolve));
    expect(String((await answered)[0])).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    socket.destroy();
  });
});
