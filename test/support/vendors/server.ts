import { once } from 'node:events';
import {
  constants,
  createSecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type Http2Session,
  type ServerHttp2Session,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { localCertificate, testAuthority } from './certificates.js';

/** A request, as a vendor gets it. */
export interface VendorRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Counts the connections, from 1: those of one number came on one connection. */
  readonly connection: number;
}

/** An answer. A body that is no string is sent as JSON. */
export interface VendorAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/**
 * A fault of the vendor's, or of the network before it.
 * - `answer`: this answer in place of its own; nothing is processed.
 * - `silence`: nothing is processed, and no answer ever comes.
 * - `refuse`: nothing is processed, and the stream is refused (HTTP/2 only).
 * - All others process the request: `late` then waits; `half` sends half of the answer and ends the connection,
 *   or the stream; `huge`
 *   sends 10 MB; `reset` cuts the connection in place of an answer; `twice` sends the answer and then another one behind
 *   it (HTTP/1.1 only).
 *
 * For a black hole, slowness of the network or cuts of all connections put `startProxy` before it.
 */
export type VendorFault =
  | { readonly kind: 'answer'; readonly answer: VendorAnswer }
  | { readonly kind: 'late'; readonly ms: number }
  | { readonly kind: 'silence' | 'refuse' | 'half' | 'huge' | 'reset' | 'twice' };

/** A vendor's server for tests: HTTP/2, and HTTP/1.1 for who does not ask for HTTP/2, over TLS. */
export interface VendorServer {
  /** Its address: `https://localhost:<port>`. */
  readonly url: string;
  /** `127.0.0.1:<port>`, for a proxy before it. */
  readonly address: string;
  /** The certificate of the authority that it is under, as PEM. */
  readonly ca: string;
  /** All requests that came, in order; `forget` empties it. */
  readonly requests: readonly VendorRequest[];
  /** Number of connections that were made to it. */
  readonly connections: number;
  /** The open HTTP/2 sessions, with the number of the connection of each. */
  readonly sessions: ReadonlyMap<Http2Session, { readonly connection: number }>;
  /** Does one of these faults, in this order, to each of the next requests; those after them are well again. */
  next(...faults: readonly VendorFault[]): void;
  /** Does this fault to all requests from here on; undefined: to none. Those of `next` come first. */
  always(fault: VendorFault | undefined): void;
  forget(): void;
  /**
   * Says goodbye on each HTTP/2 connection: what has come is processed and answered, what comes later is not. So many of
   * a connection's next requests come and are not processed, before it says which was the last one, or fewer, where
   * there are not as many within 50 ms. `twice`: it tells of the end first, with the highest number there is, and then
   * nothing more that comes is processed.
   */
  goAway(how?: { readonly unprocessed?: number; readonly twice?: boolean }): void;
  /** Cuts all connections. */
  cut(): void;
  /** Cuts all connections, and refuses others until `reopen`. */
  shut(): Promise<void>;
  /** Listens again, at the same address. */
  reopen(): Promise<void>;
  stop(): Promise<void>;
}

/** Options of `startVendorServer`. */
export interface VendorServerOptions {
  /** The vendor itself: checks the request as the vendor would, counts it, and answers, or does not. */
  handle(request: VendorRequest): VendorAnswer | 'silence' | Promise<VendorAnswer | 'silence'>;
  /** Called for each HTTP/2 connection, before its first request. */
  onSession?(session: ServerHttp2Session): void;
  /** HTTP/2 settings that it begins with. */
  settings?: { readonly maxConcurrentStreams?: number };
}

/** The longest answer of a vendor that floods. */
const HUGE_BYTES = 10 * 1024 * 1024;
/** Time between the half of an answer and the end of its connection, in milliseconds. */
const HALF_MS = 20;

/** Starts a fake vendor on a port of this machine, with a certificate of `testAuthority`. */
export async function startVendorServer(options: VendorServerOptions): Promise<VendorServer> {
  const { ca } = await testAuthority();
  const requests: VendorRequest[] = [];
  const sockets = new Map<TLSSocket, number>();
  const sessions = new Map<Http2Session, Departure>();
  const planned: VendorFault[] = [];
  let standing: VendorFault | undefined;
  let connections = 0;

  const server = createSecureServer({
    ...(await localCertificate()),
    allowHTTP1: true,
    settings: options.settings ?? {},
    // In megabytes: a flood stays in its memory for a while, and must not keep others out.
    maxSessionMemory: 100,
  });
  // Before the server's own listener, which makes the session.
  server.prependListener('secureConnection', (socket: TLSSocket) => {
    connections += 1;
    sockets.set(socket, connections);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('session', (session) => {
    sessions.set(session, createDeparture(session, connections));
    session.on('error', () => {});
    session.on('close', () => sessions.delete(session));
    options.onSession?.(session);
  });
  server.on('sessionError', () => {});
  server.on('request', (request, response) => void serve(request, response));

  async function serve(request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> {
    request.on('error', () => {});
    response.on('error', () => {});
    const session = request.stream?.session;
    const socket = request.socket as TLSSocket; // Safe: the server speaks only TLS.
    const departure = session && sessions.get(session);
    if (departure?.takes(request.stream) === false) return;
    const connection = departure?.connection ?? sockets.get(socket);
    const read = await readRequest(request, connection ?? 0);
    if (read === undefined) return;
    requests.push(read);
    const fault = planned.shift() ?? standing;
    if (fault?.kind === 'silence') return;
    if (fault?.kind === 'refuse') return void response.stream.close(constants.NGHTTP2_REFUSED_STREAM);
    const answer = fault?.kind === 'answer' ? fault.answer : await options.handle(read);
    if (answer === 'silence') return;
    if (fault?.kind === 'late') await sleep(fault.ms, undefined, { ref: false });
    if (fault?.kind === 'reset') return void (session ?? socket).destroy();
    send(response, answer, fault?.kind, () => {
      if (session === undefined) socket.end();
      else response.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    });
    if (fault?.kind === 'twice') socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}');
  }

  server.listen(0);
  await once(server, 'listening');
  // A TCP server's address is not the name of a pipe.
  const { port } = server.address() as AddressInfo;

  async function shut(): Promise<void> {
    server.close();
    for (const session of sessions.keys()) session.destroy();
    for (const socket of sockets.keys()) socket.destroy();
    await once(server, 'close');
  }

  return {
    url: `https://localhost:${port}`,
    address: `127.0.0.1:${port}`,
    ca,
    requests,
    get connections() {
      return connections;
    },
    sessions,
    next: (...faults) => void planned.push(...faults),
    always(fault) {
      standing = fault;
    },
    forget: () => void requests.splice(0),
    goAway(how = {}) {
      for (const departure of sessions.values()) departure.begin(how);
    },
    cut() {
      for (const socket of sockets.keys()) socket.destroy();
    },
    shut,
    async reopen() {
      server.listen(port);
      await once(server, 'listening');
    },
    async stop() {
      if (server.listening) await shut();
    },
  };
}

/** Time within which a connection learns which stream was the last one, in milliseconds. */
const LAST_MS = 50;
/** Maximum number of a stream. */
const MAX_STREAM_ID = 2 ** 31 - 1;

/** The end of an HTTP/2 connection, as the server brings it about. */
interface Departure {
  readonly connection: number;
  begin(how: { readonly unprocessed?: number; readonly twice?: boolean }): void;
  /** Returns true if a stream that has just come is to be processed. */
  takes(stream: { readonly id?: number | undefined }): boolean;
}

function createDeparture(session: ServerHttp2Session, connection: number): Departure {
  let last = 0;
  let ending: { left: number } | undefined;
  const say = (id: number): void => {
    if (!session.destroyed) session.goaway(constants.NGHTTP2_NO_ERROR, id);
  };
  return {
    connection,
    begin({ unprocessed = 0, twice = false }) {
      // Without a stream that was processed there is no way to say so.
      if (ending !== undefined || last === 0) return;
      ending = { left: unprocessed };
      if (twice) say(MAX_STREAM_ID);
      // There may not come as many; and after the first word Node.js shows no more of them.
      if (twice || unprocessed > 0) setTimeout(say, LAST_MS, last);
      else say(last);
    },
    takes({ id = 0 }) {
      if (ending === undefined) {
        last = id;
        return true;
      }
      ending.left -= 1;
      if (ending.left === 0) say(last);
      return false;
    },
  };
}

/** Sends an answer, as a fault would have it. */
function send(
  response: Http2ServerResponse,
  { status, headers, body }: VendorAnswer,
  fault: VendorFault['kind'] | undefined,
  cut: () => void,
): void {
  const isText = body === undefined || typeof body === 'string';
  const own = isText ? (body ?? '') : JSON.stringify(body);
  const text = fault === 'huge' ? own + ' '.repeat(HUGE_BYTES) : own;
  const type = isText ? {} : { 'content-type': 'application/json' };
  response.writeHead(status, { 'content-length': String(Buffer.byteLength(text)), ...type, ...headers });
  // What was written has to leave before the end overtakes it.
  if (fault === 'half') response.write(text.slice(0, Math.ceil(text.length / 2)), () => setTimeout(cut, HALF_MS));
  else response.end(text);
}

/** Returns undefined if the caller went away. */
async function readRequest(request: Http2ServerRequest, connection: number): Promise<VendorRequest | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk);
  } catch {
    return undefined;
  }
  const url = new URL(request.url, 'https://localhost');
  const headers = Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), String(value)]);
  return {
    method: request.method,
    path: url.pathname,
    query: url.searchParams,
    headers: Object.fromEntries(headers),
    body: Buffer.concat(chunks),
    connection,
  };
}
