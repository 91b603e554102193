import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { type Arrivals, createArrivals } from './arrivals.js';
import { createPeer, type Peer } from './peer.js';
import type { ShownLog } from './shown.js';
import type { Verdicts } from './verdicts.js';

/** A registration that has come. */
export interface Registration {
  /** The time, by the clock of `performance.now()`. */
  readonly at: number;
  readonly contentType: string;
  /** The body; undefined: it is no JSON object. */
  readonly body: Readonly<Record<string, unknown>> | undefined;
}

/** An answer to a registration, in the place of a device id. */
export interface Refusal {
  readonly status: number;
  readonly retryAfterS?: number;
}

/** A server that looks to a device like an edge, and does what a scenario wants. */
export interface Service {
  readonly url: string;
  /** The registrations that come. */
  readonly registrations: Arrivals<Registration>;
  /** The times of all attempts to connect, those that are refused too. */
  readonly attempts: Arrivals<number>;
  /** The connections that have opened, of devices that it knows. */
  readonly peers: Arrivals<Peer>;
  /** Answers the next registration so. */
  refuseRegistration(refusal: Refusal): void;
  /** Answers the next handshake with 503, or not at all. */
  refuseHandshake(how: 'refuse' | 'hold'): void;
  /** Knows none of the device ids that it has given. */
  forgetDevices(): void;
  /** Gives all devices that register other ids than before, and still lets in those of before. */
  replaceDevices(): void;
  /** Resolves when no connection is open, or only such as have been given up. */
  idle(): Promise<void>;
  /** Forgets what a scenario has asked for and has not asked for, and ends its connections. */
  reset(): void;
  close(): Promise<void>;
}

const SUBPROTOCOL = 'onepush.v1';
const SUBPROTOCOL_OF_ID = 'onepush.device.';
const MAX_BODY_BYTES = 1_048_576;
/** Pages of other origins may be under test, too. */
const CORS = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Headers': 'authorization, content-type',
};

/** Returns a server that listens. Judges what every connection shows, and logs what is posted to /shown. */
export async function startService(
  listen: { host: string; port: number },
  parts: { verdicts: Verdicts; shown: ShownLog },
): Promise<Service> {
  const { verdicts, shown } = parts;
  const registrations = createArrivals<Registration>();
  const attempts = createArrivals<number>();
  const peers = createArrivals<Peer>();
  const devices = new Map<string, string>();
  const known = new Set<string>();
  const live = new Set<Peer>();
  const streams = new Set<Duplex>();
  let refusals: Refusal[] = [];
  let handshakes: ('refuse' | 'hold')[] = [];
  let idlers: (() => void)[] = [];

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => offered.has(SUBPROTOCOL) && SUBPROTOCOL,
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', 'http://x').pathname.replace(/\/$/, '');
    const body = await readBody(request);
    if (request.method === 'OPTIONS') reply(response, 204, '');
    else if (request.method !== 'POST') reply(response, 404, '{"code":40401,"message":"No such path"}');
    else if (path === '/shown') {
      shown.line(body);
      reply(response, 200, '{}');
    } else if (path === '/msgpush/register') register(request, body, response);
    else if (path.startsWith('/msgpush/unregister')) reply(response, 200, '{}');
    else reply(response, 404, '{"code":40401,"message":"No such path"}');
  }

  function register(request: IncomingMessage, text: string, response: ServerResponse): void {
    const body = readObject(text);
    registrations.push({ at: performance.now(), contentType: request.headers['content-type'] ?? '', body });
    const refusal = refusals.shift();
    if (refusal !== undefined) {
      const { status, retryAfterS } = refusal;
      const headers: Record<string, string> = retryAfterS === undefined ? {} : { 'Retry-After': String(retryAfterS) };
      reply(response, status, JSON.stringify({ code: status * 100 + 1, message: 'Refused by the check' }), headers);
      return;
    }
    const key = JSON.stringify([body?.appId, body?.nativeToken]);
    const id = devices.get(key) ?? randomBytes(16).toString('hex');
    devices.set(key, id);
    known.add(id);
    reply(response, 200, JSON.stringify({ futureField: { some: ['thing'] }, id }));
  }

  server.on('upgrade', (request: IncomingMessage, stream: Socket, head: Buffer) => {
    attempts.push(performance.now());
    streams.add(stream);
    stream.on('close', () => streams.delete(stream));
    stream.on('error', () => stream.destroy());
    const handshake = handshakes.shift();
    if (handshake === 'hold') return;
    if (handshake === 'refuse') {
      stream.end('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
      return;
    }
    const { id, fault } = findDeviceId(request);
    verdicts.judge('C1', fault === undefined, fault ?? '');
    verdicts.judge('C2', !isInAddress(request), 'the address has the device id');
    sockets.handleUpgrade(request, stream, head, (socket) => {
      verdicts.judge('C3', isIdle(), 'opened a connection beside one that was open');
      const peer = createPeer(id ?? '', socket, stream, verdicts);
      if (id === undefined) peer.close(4400);
      else if (!known.has(id)) peer.close(4404);
      else {
        live.add(peer);
        socket.on('close', () => end(peer));
        peers.push(peer);
      }
    });
  });

  function isIdle(): boolean {
    return [...live].every((peer) => !peer.isLive());
  }

  function end(peer: Peer): void {
    live.delete(peer);
    if (!isIdle()) return;
    for (const tell of idlers) tell();
    idlers = [];
  }

  server.listen(listen.port, listen.host);
  await once(server, 'listening');
  // A TCP server's address is not the name of a pipe.
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://${listen.host.includes(':') ? `[${listen.host}]` : listen.host}:${port}`,
    registrations,
    attempts,
    peers,
    refuseRegistration: (refusal) => refusals.push(refusal),
    refuseHandshake: (how) => handshakes.push(how),
    forgetDevices() {
      devices.clear();
      known.clear();
    },
    replaceDevices: () => devices.clear(),
    idle: () => new Promise((resolve) => (isIdle() ? resolve() : idlers.push(resolve))),
    reset() {
      refusals = [];
      handshakes = [];
      for (const stream of streams) stream.destroy();
      for (const peer of live) peer.cut();
      for (const arrivals of [registrations, attempts, peers]) arrivals.clear();
    },
    async close() {
      for (const stream of streams) stream.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function reply(response: ServerResponse, status: number, body: string, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'Content-Type': 'application/json', ...CORS, ...headers }).end(body);
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new Error('The body is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function readObject(text: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isInAddress(request: IncomingMessage): boolean {
  return new URL(request.url ?? '/', 'http://x').searchParams.has('deviceId');
}

/** Returns the device id of a handshake, and what is wrong with how it says it. */
function findDeviceId(request: IncomingMessage): { id?: string; fault?: string } {
  const url = new URL(request.url ?? '/', 'http://x');
  const path = url.pathname === '/msgpush.ws' ? {} : { fault: `connected to ${url.pathname}, not to /msgpush.ws` };
  const [, bearer] = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
  if (bearer !== undefined) return { id: bearer, ...path };
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((word) => word.trim());
  const id = offered.find((word) => word.startsWith(SUBPROTOCOL_OF_ID))?.slice(SUBPROTOCOL_OF_ID.length);
  if (id !== undefined) {
    return offered.includes(SUBPROTOCOL)
      ? { id, ...path }
      : { id, fault: `did not offer ${SUBPROTOCOL} beside the id` };
  }
  const legacy = url.searchParams.get('deviceId');
  return legacy === null ? { fault: 'connected without a device id' } : { id: legacy, ...path };
}
