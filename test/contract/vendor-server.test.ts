import { connect } from 'node:http2';
import { request } from 'node:https';
import { afterEach, describe, expect, it } from 'vitest';
import { startVendorServer, type VendorServer } from '../support/vendors/server.js';

let server: VendorServer;
afterEach(() => server.stop());

/** Starts one that says what it was sent. */
async function start(): Promise<void> {
  server = await startVendorServer({
    handle: ({ method, path, query, body, connection }) => ({
      status: 200,
      headers: { 'x-test': 'yes' },
      body: { method, path, query: query.get('q'), body: body.toString(), connection },
    }),
  });
}

interface Answer {
  status: number | undefined;
  body: string;
}

/** Asks over HTTP/1.1, each time on a connection of its own; rejects if the connection ends before the answer does. */
function ask(): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(`${server.url}/a?q=1`, { method: 'POST', ca: server.ca, agent: false }, (answer) => {
      let body = '';
      answer.on('data', (chunk) => {
        body += chunk;
      });
      answer.on('error', reject);
      answer.on('end', () => resolve({ status: answer.statusCode, body }));
    });
    asked.on('error', reject);
    asked.end('text');
  });
}

/** Asks over HTTP/2; rejects with the code of a reset. */
function askHttp2(): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const session = connect(server.url, { ca: server.ca });
    session.on('error', reject);
    const stream = session.request({ ':method': 'POST', ':path': '/a?q=1' });
    const answer: Answer = { status: undefined, body: '' };
    stream.on('response', (headers) => {
      answer.status = headers[':status'];
    });
    stream.on('data', (chunk) => {
      answer.body += chunk;
    });
    stream.on('error', reject);
    stream.on('close', () => {
      session.destroy();
      const isWhole = answer.status !== undefined && stream.rstCode === 0 && answer.body.endsWith('}');
      return isWhole ? resolve(answer) : reject(new Error(`reset ${stream.rstCode}`));
    });
    stream.end('text');
  });
}

describe('a fake vendor', () => {
  it('answers over TLS to who trusts its authority, in HTTP/1.1 and HTTP/2', async () => {
    await start();
    expect(await ask()).toEqual({
      status: 200,
      body: JSON.stringify({ method: 'POST', path: '/a', query: '1', body: 'text', connection: 1 }),
    });
    expect(JSON.parse((await askHttp2()).body)).toMatchObject({ body: 'text', connection: 2 });
    expect(server.requests.map(({ headers }) => headers['content-length'])).toEqual(['4', undefined]);
    expect(server.connections).toBe(2);
  });

  it.each([
    ['HTTP/1.1', ask],
    ['HTTP/2', askHttp2],
  ])('does the faults that it is told to, once each, in %s', async (_protocol, asks) => {
    await start();
    const html = { status: 503, headers: { 'retry-after': '7' }, body: '<html>}' };
    server.next({ kind: 'answer', answer: html }, { kind: 'half' }, { kind: 'reset' }, { kind: 'late', ms: 1 });
    expect(await asks()).toEqual({ status: 503, body: '<html>}' });
    await expect(asks()).rejects.toThrow();
    await expect(asks()).rejects.toThrow();
    expect((await asks()).status).toBe(200);
    server.always({ kind: 'answer', answer: { status: 500, body: {} } });
    expect((await asks()).status).toBe(500);
    server.always(undefined);
    expect((await asks()).status).toBe(200);
  });

  it('floods, refuses a stream, and answers twice', async () => {
    await start();
    server.next({ kind: 'huge' }, { kind: 'refuse' }, { kind: 'twice' });
    expect((await ask()).body.length).toBeGreaterThan(10_000_000);
    await expect(askHttp2()).rejects.toThrow('REFUSED');
    expect((await ask()).status).toBe(200);
  });
});
