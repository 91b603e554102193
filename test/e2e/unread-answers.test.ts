import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { rawRequest } from '../support/raw-request.js';
import { request, send } from '../support/rest.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';

const GET = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';
const POST = 'POST /msgpush/send HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
const PUSH = JSON.stringify({ ...TEST_APP, audiences: ['nobody'], alert: 'a' });

let stack: Stack;
const open: Socket[] = [];
beforeAll(async () => {
  stack = await startStack();
});
afterEach(() => {
  for (const socket of open.splice(0)) socket.destroy();
});
afterAll(() => stack?.stop());

async function dial(url = stack.httpUrl): Promise<{ socket: Socket; got: () => string }> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  open.push(socket);
  socket.on('error', () => {});
  await once(socket, 'connect');
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  return { socket, got: () => text };
}

const answersIn = (text: string): number => text.split('HTTP/1.1 ').length - 1;

describe('an answer', () => {
  it('is whole however slowly it is read, and the connection stays usable', async () => {
    const page = Buffer.from((await request(stack.httpUrl, '/')).text).toString('latin1');
    const { socket, got } = await dial();
    socket.pause();
    // More than a kernel buffers between them, one after the other.
    for (let n = 1; n <= 20; n++) {
      socket.write(GET);
      socket.resume();
      await eventually(() => got().length >= n * page.length && answersIn(got()) === n && got().endsWith('</html>\n'));
      socket.pause();
    }
    expect(got().slice(-page.length)).toBe(page);
  });

  it('of each kind ends the connection of who sends the next request before it', async () => {
    const requests = [
      GET,
      'HEAD / HTTP/1.1\r\nHost: x\r\n\r\n',
      'GET /x HTTP/1.1\r\nHost: x\r\n\r\n',
      'PUT / HTTP/1.1\r\nHost: x\r\n\r\n',
      `${POST}Content-Length: 1\r\n\r\nx`,
      `${POST}Content-Length: ${PUSH.length}\r\n\r\n${PUSH}`,
      `${POST}Content-Length: 1\r\nContent-Length: 1\r\n\r\nx`,
      'GET /msgpush.ws HTTP/1.1\r\nHost: x\r\n\r\n',
    ];
    for (const text of requests) {
      const { socket, got } = await dial();
      const closed = once(socket, 'close');
      socket.write(text.repeat(100));
      await closed;
      expect(answersIn(got()), text).toBeLessThanOrEqual(1);
    }
    expect((await send(stack.httpUrl, PUSH)).status).toBe(200);
  });

  it('of the Connect port ends the connection of who sends the next request before it, and no other', async () => {
    const ask = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n';
    const { socket, got } = await dial(stack.connectUrl);
    const closed = once(socket, 'close');
    socket.write(ask.repeat(1000));
    await closed;
    expect(answersIn(got())).toBeLessThanOrEqual(1);
    const polite = await dial(stack.connectUrl);
    for (let n = 1; n <= 20; n++) {
      polite.socket.write(ask);
      await eventually(() => answersIn(polite.got()) === n && polite.got().endsWith('0\r\n\r\n'));
    }
  });

  it('to HEAD says how long the body is, and ends the connection', async () => {
    const { status, closed, text } = await rawRequest(stack.httpUrl, 'HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    expect([status, closed]).toEqual([200, true]);
    expect(text.toLowerCase()).toContain('\r\ncontent-length: 3\r\n');
  });
});

describe('a body in chunks', () => {
  const chunks = (count: number, text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`.repeat(count);

  it('is read where its chunks are small and few, or many and not small', async () => {
    const small = [...PUSH].map((letter) => `1\r\n${letter}\r\n`).join('');
    expect((await rawRequest(stack.httpUrl, `${POST}Transfer-Encoding: chunked\r\n\r\n${small}0\r\n\r\n`)).status).toBe(
      200,
    );
    const many = `${chunks(2500, ' '.repeat(20))}${PUSH.length.toString(16)}\r\n${PUSH}\r\n0\r\n\r\n`;
    expect((await rawRequest(stack.httpUrl, `${POST}Transfer-Encoding: Chunked\r\n\r\n${many}`)).status).toBe(200);
  });

  it('is cut where it comes in crumbs, and with it what else comes in chunks from there for a while', async () => {
    const other = await dial();
    other.socket.write(`${POST}Transfer-Encoding: chunked\r\n\r\n5\r\n{"app\r\n`);
    const otherClosed = once(other.socket, 'close');
    const bytes = `${POST}Transfer-Encoding: chunked\r\n\r\n${chunks(3000, 'a')}`;
    const { status, closed } = await rawRequest(stack.httpUrl, bytes);
    expect([413, undefined]).toContain(status);
    expect(closed || status === 413).toBe(true);
    await otherClosed;
    const again = await rawRequest(stack.httpUrl, `${POST}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`);
    expect(again).toEqual({ text: '', status: undefined, closed: true });
    expect((await send(stack.httpUrl, PUSH)).status).toBe(200);
  });
});
