import dns from 'node:dns';
import { once } from 'node:events';
import { constants, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { MAX_ANSWER_BYTES } from '../../core/channel/channel.js';
import { type Http2Client, type Http2ClientOptions, openHttp2Client } from '../../core/channel/http2-client.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/ports.js';
import { startProxy, type TcpProxy } from '../support/proxy.js';
import { localCertificate, testAuthority } from '../support/vendors/certificates.js';
import { startVendorServer, type VendorServer, type VendorServerOptions } from '../support/vendors/server.js';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  vi.restoreAllMocks();
});

/** Starts a server that echoes the body, with the number of the connection. */
async function startServer(options: Partial<VendorServerOptions> = {}): Promise<VendorServer> {
  const server = await startVendorServer({
    handle: ({ body, connection }) => ({ status: 200, body: { text: body.toString(), connection } }),
    ...options,
  });
  cleanUps.push(() => server.stop());
  return server;
}

async function proxied(server: VendorServer): Promise<TcpProxy> {
  const proxy = await startProxy(server.address);
  cleanUps.push(() => proxy.stop());
  return proxy;
}

function open(server: Pick<VendorServer, 'url' | 'ca'>, options: Partial<Http2ClientOptions> = {}): Http2Client {
  const client = openHttp2Client({ origin: server.url, ca: server.ca, ...options });
  cleanUps.push(() => client.close());
  return client;
}

/** Sends a text; resolves to the number of the connection that it went by, or to what there is in place of an answer. */
async function send(client: Http2Client, text = 'text', timeoutMs = 10_000): Promise<unknown> {
  const result = await client.request(
    { method: 'POST', path: '/', headers: {}, body: text },
    performance.now() + timeoutMs,
  );
  if (result.kind !== 'answered') return result;
  const echo = JSON.parse(String(result.body));
  expect(echo.text).toBe(text);
  return echo.connection;
}

const texts = (count: number): string[] => Array.from({ length: count }, (_, index) => `text ${index}`);
const sendAll = (client: Http2Client, count: number) => Promise.all(texts(count).map((text) => send(client, text)));
const bodies = (server: VendorServer): string[] => server.requests.map(({ body }) => body.toString());

/** The server's end of its only connection. */
function theSession(server: VendorServer): ServerHttp2Session {
  const [session] = server.sessions.keys();
  if (session === undefined) throw new Error('there is no connection');
  return session as ServerHttp2Session; // Safe: it is the server's.
}

const LATE = { kind: 'late', ms: 150 } as const;

describe('the connections', () => {
  it('take one request until the server has said how many it allows', async () => {
    let most = 0;
    let now = 0;
    const server = await startServer({
      settings: { maxConcurrentStreams: 1 },
      onSession: (session) =>
        session.on('stream', (stream) => {
          most = Math.max(most, ++now);
          stream.on('close', () => --now);
        }),
    });
    const proxy = await proxied(server);
    proxy.delay(20);
    const client = open({ url: `https://${proxy.address}`, ca: server.ca }, { maxConnections: 1 });
    const sent = sendAll(client, 12);
    await eventually(() => server.requests.length >= 3);
    expect(most).toBe(1);
    theSession(server).settings({ maxConcurrentStreams: 100 });
    await sent;
    expect(bodies(server).toSorted()).toEqual(texts(12).toSorted());
    expect(most).toBeGreaterThan(1);
  });

  it('are kept, and only a burst makes more of them', async () => {
    const server = await startServer({ settings: { maxConcurrentStreams: 3 } });
    const client = open(server, { maxConnections: 3 });
    for (const text of texts(5)) expect(await send(client, text)).toBe(1);
    server.always(LATE);
    expect(new Set(await sendAll(client, 20))).toEqual(new Set([1, 2, 3]));
    expect(server.connections).toBe(3);
  });

  it('look their name up anew each time', async () => {
    const server = await startServer();
    const lookup = vi.spyOn(dns, 'lookup');
    const client = open(server);
    expect(await send(client)).toBe(1);
    server.cut();
    await eventually(() => server.sessions.size === 0);
    expect(await eventually(() => send(client))).toBe(2);
    expect(lookup).toHaveBeenCalledTimes(2);
  });

  it('that cannot be made end what waits for them, with the code of the system', async () => {
    const client = open({ url: `https://localhost:${await freePort()}`, ca: '' });
    expect(await send(client)).toEqual({ kind: 'unsent', reason: 'ECONNREFUSED' });
    expect(await send(client)).toEqual({ kind: 'unsent', reason: 'ECONNREFUSED' });
  });

  it('are destroyed when a PING is not answered; what was under way is unknown', async () => {
    const server = await startServer();
    const proxy = await proxied(server);
    const client = open(
      { url: `https://${proxy.address}`, ca: server.ca },
      { checkMs: 100, pingTimeoutMs: 800, idlePingMs: 60_000 },
    );
    expect(await send(client)).toBe(1);
    proxy.strand('everything');
    expect(await send(client, 'lost')).toEqual({ kind: 'lost', reason: 'ping_timeout' });
    expect(await send(client, 'after it')).toBe(2);
    expect(bodies(server)).toEqual(['text', 'after it']);
  });

  it('are pinged while nobody uses them', async () => {
    const server = await startServer();
    const proxy = await proxied(server);
    const client = open(
      { url: `https://${proxy.address}`, ca: server.ca },
      { checkMs: 50, pingTimeoutMs: 800, idlePingMs: 50 },
    );
    expect(await send(client)).toBe(1);
    const session = theSession(server);
    await new Promise((resolve) => session.once('ping', resolve));
    proxy.strand('answers');
    await eventually(() => session.destroyed);
    expect(await send(client)).toBe(2);
  });

  it('take nothing more while a PING is unanswered', async () => {
    const server = await startServer();
    const proxy = await proxied(server);
    const client = open({ url: `https://${proxy.address}`, ca: server.ca }, { checkMs: 200, pingTimeoutMs: 60_000 });
    expect(await send(client)).toBe(1);
    const release = proxy.strand('everything');
    const held = send(client, 'held');
    expect(await eventually(async () => (await send(client, 'other', 500)) === 2)).toBe(true);
    release();
    expect(await held).toBe(1);
  });

  it('need a certificate that is trusted, TLS 1.2 and HTTP/2', async () => {
    const server = await startServer();
    const untrusted = await open({ url: server.url, ca: '' }, { ca: undefined }).request({
      method: 'POST',
      path: '/',
      headers: {},
      body: '',
    });
    expect(untrusted).toEqual({ kind: 'unsent', reason: expect.stringMatching(/CERT|VERIFY/) });

    const own = { ...(await localCertificate()), ciphers: 'DEFAULT@SECLEVEL=0' };
    for (const options of [{ minVersion: 'TLSv1', maxVersion: 'TLSv1.1' } as const, {}]) {
      const plain = createServer({ ...own, ...options }).listen(0);
      plain.on('tlsClientError', () => {});
      await once(plain, 'listening');
      cleanUps.push(() => plain.close());
      const { port } = plain.address() as AddressInfo; // A TCP server's address is not the name of a pipe.
      const result = await send(open({ url: `https://localhost:${port}`, ca: (await testAuthority()).ca }));
      expect(result).toEqual({ kind: 'unsent', reason: expect.stringMatching(/^ERR_SSL|^no_http2$/) });
    }
  });
});

describe('a GOAWAY', () => {
  it('lets what is under way end, and sends what is new by another connection', async () => {
    const server = await startServer();
    const client = open(server);
    await send(client);
    server.next(LATE);
    const old = send(client, 'old');
    await eventually(() => server.requests.length === 2);
    server.goAway();
    await eventually(async () => (await send(client, 'new')) === 2);
    expect(await old).toBe(1);
    expect(bodies(server).filter((text) => text === 'old')).toHaveLength(1);
    await eventually(() => server.sessions.size === 1, { message: 'the old connection to end' });
  });

  it.each([
    ['once', false],
    ['twice', true],
  ])('that comes %s has what stands behind its last stream sent again, and nothing else', async (_times, twice) => {
    const server = await startServer();
    const client = open(server);
    await send(client);
    server.next(LATE);
    const old = send(client, 'old');
    await eventually(() => server.requests.length === 2);
    server.goAway({ unprocessed: 2, twice });
    const sent = Promise.all([old, send(client, 'second'), send(client, 'third')]);
    expect(await sent).toEqual([1, 2, 2]);
    expect(bodies(server).toSorted()).toEqual(['old', 'second', 'text', 'third']);
  });

  it('with an error leaves what is under way unknown', async () => {
    const server = await startServer();
    const client = open(server);
    await send(client);
    server.next({ kind: 'silence' });
    const old = send(client, 'old');
    await eventually(() => server.requests.length === 2);
    theSession(server).goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, 3);
    expect(await old).toMatchObject({ kind: 'lost' });
    expect(await send(client, 'new')).toBe(2);
    expect(bodies(server)).toEqual(['text', 'old', 'new']);
  });

  it('on each new connection does not make it connect without end', async () => {
    const server = await startServer({ onSession: (session) => void session.goaway(constants.NGHTTP2_NO_ERROR, 0) });
    const client = open(server);
    expect(await send(client, 'text', 1_000)).toMatchObject({ kind: 'unsent' });
    expect(server.connections).toBeLessThan(8);
  });
});

describe('a request', () => {
  it('that is refused goes out again, five times in all', async () => {
    const server = await startServer();
    const client = open(server);
    server.next({ kind: 'refuse' });
    expect(await send(client)).toBe(1);
    server.forget();
    server.always({ kind: 'refuse' });
    expect(await send(client)).toEqual({ kind: 'unsent', reason: 'refused' });
    expect(server.requests).toHaveLength(5);
  });

  it('whose connection is cut is unknown, and is not sent again', async () => {
    const server = await startServer();
    const client = open(server);
    server.next({ kind: 'reset' });
    expect(await send(client)).toMatchObject({ kind: 'lost' });
    expect(await send(client, 'next')).toBe(2);
    expect(bodies(server)).toEqual(['text', 'next']);
  });

  it('ends in its time, whoever swallows it', async () => {
    const server = await startServer();
    const proxy = await proxied(server);
    const client = open({ url: `https://${proxy.address}`, ca: server.ca });
    proxy.blackHole(true);
    expect(await send(client, 'text', 100)).toEqual({ kind: 'unsent', reason: 'timeout' });
    proxy.blackHole(false);
    expect(await send(client)).toBe(1);
    server.next({ kind: 'silence' });
    expect(await send(client, 'text', 100)).toEqual({ kind: 'lost', reason: 'timeout' });
    proxy.blackHole(true);
    expect(await send(client, 'text', 100)).toEqual({ kind: 'lost', reason: 'timeout' });
    const impatient = open({ url: `https://${proxy.address}`, ca: server.ca }, { connectTimeoutMs: 50 });
    expect(await send(impatient)).toEqual({ kind: 'unsent', reason: 'connect_timeout' });
  });

  it('that has waited for nearly all of its time is not sent: its answer would come too late', async () => {
    const server = await startServer({ settings: { maxConcurrentStreams: 1 } });
    const client = open(server, { maxConnections: 1 });
    server.next({ kind: 'silence' }, LATE);
    const first = send(client, 'first', 500);
    const second = send(client, 'second', 550);
    expect(await first).toEqual({ kind: 'lost', reason: 'timeout' });
    expect(await second).toEqual({ kind: 'unsent', reason: 'timeout' });
    expect(bodies(server)).toEqual(['first']);
  });

  it('that finds the queue full is not sent', async () => {
    const server = await startServer();
    const proxy = await proxied(server);
    proxy.blackHole(true);
    const client = open({ url: `https://${proxy.address}`, ca: server.ca }, { maxWaiting: 2 });
    const sent = sendAll(client, 3);
    expect(await send(client)).toEqual({ kind: 'unsent', reason: 'overflow' });
    proxy.blackHole(false);
    expect(await sent).toEqual([1, 1, { kind: 'unsent', reason: 'overflow' }]);
  });

  it('that cannot be written is none', async () => {
    const client = open(await startServer());
    const result = await client.request({ method: 'POST', path: '/', headers: { connection: 'close' }, body: '' });
    expect(result).toMatchObject({ kind: 'unsent' });
    expect(await send(client)).toBe(1);
  });

  it('is unknown when the client is closed', async () => {
    const server = await startServer();
    const client = open(server);
    server.next({ kind: 'silence' });
    const sent = send(client);
    await eventually(() => server.requests.length === 1);
    client.close();
    expect(await sent).toEqual({ kind: 'lost', reason: 'closed' });
    expect(await send(client)).toEqual({ kind: 'unsent', reason: 'closed' });
    await eventually(() => server.sessions.size === 0);
  });
});

describe('an answer', () => {
  const request = { method: 'POST', path: '/', headers: {}, body: 'x'.repeat(100) } as const;

  it('has its headers in lower case', async () => {
    const server = await startServer({
      handle: () => ({ status: 429, headers: { 'Retry-After': '7' }, body: 'text' }),
    });
    const result = await open(server).request(request);
    expect(result).toMatchObject({
      kind: 'answered',
      status: 429,
      headers: { 'retry-after': '7' },
      body: Buffer.from('text'),
    });
  });

  it('that is cut off, or longer than is read, has a status and no body', async () => {
    const server = await startServer();
    const client = open(server);
    for (const kind of ['huge', 'half'] as const) {
      server.next({ kind });
      expect(await client.request(request)).toMatchObject({ kind: 'answered', status: 200, body: undefined });
    }
    const body = 'x'.repeat(MAX_ANSWER_BYTES);
    server.next({ kind: 'answer', answer: { status: 200, body } });
    const whole = await client.request(request);
    expect(whole.kind === 'answered' && whole.body?.equals(Buffer.from(body))).toBe(true);
    expect(server.connections).toBe(1);
  });
});
