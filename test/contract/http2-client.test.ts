import dns from 'node:dns';
import { once } from 'node:events';
import { constants } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/ports.js';
import { localCertificate, testAuthority } from '../support/vendors/certificates.js';
import {
  bodies,
  cleanUp,
  cleanUps,
  LATE,
  open,
  proxied,
  send,
  sendAll,
  startServer,
  texts,
  theSession,
} from './http2.js';

afterEach(async () => {
  await cleanUp();
  vi.restoreAllMocks();
});

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
