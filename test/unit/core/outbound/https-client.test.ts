import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createHttpsClient, type HttpsClient } from '../../../../core/outbound/https-client.js';
import { freePort } from '../../../support/ports.js';

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n';
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A server that answers the nth request, counted over all connections, as it is told. */
async function serve(answer: (socket: Socket, nth: number) => unknown): Promise<{ url: string; sockets: Set<Socket> }> {
  const sockets = new Set<Socket>();
  let requests = 0;
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (data) => {
      if (/^(GET|POST) /.test(data.toString())) answer(socket, ++requests);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  // A TCP server's address is not the name of a pipe.
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, sockets };
}

function open(maxSockets = 2): HttpsClient {
  const client = createHttpsClient({ maxSockets });
  closers.push(() => client.close());
  return client;
}

const closed = (socket: Socket): Promise<void> => new Promise((resolve) => socket.once('close', () => resolve()));
const soon = (ms = 1000): number => performance.now() + ms;

describe('a request', () => {
  it('brings the answer, and the next one goes over the same connection', async () => {
    const { url, sockets } = await serve((socket, nth) => socket.write(`${OK}a${nth}`));
    const client = open(1);
    const answers = [await client.request({ url, body: 'é' }), await client.request({ url, method: 'GET' })];
    expect(answers.map((answer) => answer.kind === 'answered' && answer.body?.toString())).toEqual(['a1', 'a2']);
    expect(sockets.size).toBe(1);
  });

  it('is unsent where nobody listens, and where the head cannot be sent', async () => {
    const url = `http://127.0.0.1:${await freePort()}/`;
    expect(await open().request({ url })).toEqual({ kind: 'unsent', reason: 'ECONNREFUSED' });
    expect(await open().request({ url, headers: { a: 'b\nc' } })).toEqual({
      kind: 'unsent',
      reason: 'ERR_INVALID_CHAR',
    });
    expect(await open().request({ url: 'no address' })).toEqual({ kind: 'unsent', reason: 'ERR_INVALID_URL' });
  });

  it('is unsent where no connection was free in time, or none was left', async () => {
    const { url } = await serve(() => {});
    const client = open(1);
    const first = client.request({ url, deadline: soon() });
    expect(await client.request({ url, deadline: soon(50) })).toEqual({ kind: 'unsent', reason: 'timeout' });
    expect(await client.request({ url, deadline: soon(-1) })).toEqual({ kind: 'unsent', reason: 'timeout' });
    expect(await first).toEqual({ kind: 'lost', reason: 'timeout' });
  });

  it.each([
    ['nothing', () => {}, 'timeout'],
    ['a reset', (socket: Socket) => socket.resetAndDestroy(), 'ECONNRESET'],
    ['an end', (socket: Socket) => socket.end(), 'ECONNRESET'],
    ['no HTTP', (socket: Socket) => socket.write('<html>'), 'HPE_INVALID_CONSTANT'],
    ['half a head', (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\ncont'), 'ECONNRESET'],
  ])('is lost where the answer is %s', async (_, answer, reason) => {
    const { url } = await serve(answer);
    expect(await open().request({ url, body: 'x', deadline: soon(reason === 'timeout' ? 1000 : 10_000) })).toEqual({
      kind: 'lost',
      reason,
    });
  });

  it.each([
    ['half a body', (socket: Socket) => socket.end(`${OK}x`)],
    ['half a body and then nothing', (socket: Socket) => socket.write(`${OK}x`)],
    ['a body of 10 MB', (socket: Socket) => socket.write(`HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(10_000_000)}`)],
  ])('has only the status of %s, and its connection is destroyed', async (_, answer) => {
    const { url, sockets } = await serve(answer);
    const result = await open().request({ url, deadline: soon() });
    expect(result).toMatchObject({ kind: 'answered', status: 200, body: undefined });
    const [socket] = sockets;
    if (socket?.destroyed === false) await closed(socket);
  });

  it('is lost too where it waited for its connection', async () => {
    const { url } = await serve((socket, nth) => (nth === 1 ? socket.write(`${OK}a1`) : socket.resetAndDestroy()));
    const client = open(1);
    const both = await Promise.all([client.request({ url }), client.request({ url })]);
    expect(both).toMatchObject([{ kind: 'answered' }, { kind: 'lost', reason: 'ECONNRESET' }]);
  });

  it('gets its connection after one that did not wait so long', async () => {
    const answers: (() => void)[] = [];
    const { url } = await serve((socket, nth) => {
      if (nth === 1) answers.push(() => socket.write(`${OK}a1`));
      else socket.write(`${OK}a${nth}`);
    });
    const client = open(1);
    const first = client.request({ url });
    const impatient = await client.request({ url, deadline: soon(50) });
    const third = client.request({ url });
    answers[0]?.();
    expect(impatient).toEqual({ kind: 'unsent', reason: 'timeout' });
    expect(await first).toMatchObject({ kind: 'answered', body: Buffer.from('a1') });
    expect(await third).toMatchObject({ kind: 'answered', body: Buffer.from('a2') });
    expect(await client.request({ url })).toMatchObject({ kind: 'answered', body: Buffer.from('a3') });
  });

  it('follows no redirect', async () => {
    const { url } = await serve((socket) =>
      socket.write('HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n'),
    );
    expect(await open().request({ url })).toMatchObject({ kind: 'answered', status: 302 });
  });

  it('never takes an answer that came twice for its own', async () => {
    const { url, sockets } = await serve((socket, nth) => socket.write(`${OK}a${nth}`));
    const client = open();
    await client.request({ url });
    const [socket] = sockets;
    if (socket === undefined) throw new Error('no connection');
    socket.write(`${OK}a1`);
    await closed(socket);
    const answer = await client.request({ url });
    expect(answer.kind === 'answered' && answer.body?.toString()).toBe('a2');
    expect(sockets.size).toBe(2);
  });

  it('does not take one either that came a moment later, while others wait', async () => {
    const { url } = await serve((socket, nth) => {
      setTimeout(() => socket.write(`${OK}a${nth}`), nth === 1 ? 0 : 60);
      if (nth === 1) setTimeout(() => socket.write(`${OK}a1`), 20);
    });
    const client = open(1);
    const answers = await Promise.all([client.request({ url }), client.request({ url }), client.request({ url })]);
    expect(answers.map((answer) => answer.kind === 'answered' && answer.body?.toString())).toEqual(['a1', 'a2', 'a3']);
  });
});

describe('a client that is closed', () => {
  it('loses what is under way, also what waits for a connection, and takes no more', async () => {
    let arrived = (): void => {};
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const { url } = await serve(() => arrived());
    const client = open(1);
    const both = [client.request({ url }), client.request({ url })];
    await arrival;
    client.close();
    const lost = { kind: 'lost', reason: 'closed' };
    expect(await Promise.all([...both, client.request({ url })])).toEqual([lost, lost, lost]);
  });
});
