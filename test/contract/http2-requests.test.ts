import { afterEach, describe, expect, it } from 'vitest';
import { MAX_ANSWER_BYTES } from '../../core/channel/channel.js';
import { eventually } from '../support/eventually.js';
import { bodies, cleanUp, LATE, open, proxied, send, sendAll, startServer } from './http2.js';

afterEach(cleanUp);

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
