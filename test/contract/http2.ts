import type { ServerHttp2Session } from 'node:http2';
import { expect } from 'vitest';
import { type Http2Client, type Http2ClientOptions, openHttp2Client } from '../../core/channel/http2-client.js';
import { startProxy, type TcpProxy } from '../support/proxy.js';
import { startVendorServer, type VendorServer, type VendorServerOptions } from '../support/vendors/server.js';

/** Started by a test. */
export const cleanUps: (() => unknown)[] = [];
/** Stops what a test has started: for `afterEach`. */
export async function cleanUp(): Promise<void> {
  for (const stop of cleanUps.splice(0).reverse()) await stop();
}

/** Starts a server that echoes the body, with the number of the connection. */
export async function startServer(options: Partial<VendorServerOptions> = {}): Promise<VendorServer> {
  const server = await startVendorServer({
    handle: ({ body, connection }) => ({ status: 200, body: { text: body.toString(), connection } }),
    ...options,
  });
  cleanUps.push(() => server.stop());
  return server;
}

/** Stands before a server. */
export async function proxied(server: VendorServer): Promise<TcpProxy> {
  const proxy = await startProxy(server.address);
  cleanUps.push(() => proxy.stop());
  return proxy;
}

/** Opens a client of a server. */
export function open(server: Pick<VendorServer, 'url' | 'ca'>, options: Partial<Http2ClientOptions> = {}): Http2Client {
  const client = openHttp2Client({ origin: server.url, ca: server.ca, ...options });
  cleanUps.push(() => client.close());
  return client;
}

/** Sends a text; resolves to the number of the connection that it went by, or to what there is in place of an answer. */
export async function send(client: Http2Client, text = 'text', timeoutMs = 10_000): Promise<unknown> {
  const result = await client.request(
    { method: 'POST', path: '/', headers: {}, body: text },
    performance.now() + timeoutMs,
  );
  if (result.kind !== 'answered') return result;
  const echo = JSON.parse(String(result.body));
  expect(echo.text).toBe(text);
  return echo.connection;
}

/** So many texts. */
export const texts = (count: number): string[] => Array.from({ length: count }, (_, index) => `text ${index}`);
/** Sends so many at once. */
export const sendAll = (client: Http2Client, count: number) =>
  Promise.all(texts(count).map((text) => send(client, text)));
/** What a server got. */
export const bodies = (server: VendorServer): string[] => server.requests.map(({ body }) => body.toString());

/** The server's end of its only connection. */
export function theSession(server: VendorServer): ServerHttp2Session {
  const [session] = server.sessions.keys();
  if (session === undefined) throw new Error('there is no connection');
  return session as ServerHttp2Session; // Safe: it is the server's.
}

/** An answer that takes a moment. */
export const LATE = { kind: 'late', ms: 150 } as const;
