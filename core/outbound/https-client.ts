import {
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  Agent as PlainAgent,
  request as plainRequest,
} from 'node:http';
import { type AgentOptions, Agent as TlsAgent, request as tlsRequest } from 'node:https';
import type { LookupFunction, Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import { SEND_TIMEOUT_MS } from './send-timeout.js';
import { systemCode } from './system-code.js';

/**
 * HTTP/1.1 to one host, over connections that are kept.
 *
 * Guarantees: a request never rejects, ends by its deadline, is written at most once and follows no redirect. Of the
 * body of an answer at most `MAX_ANSWER_BYTES` are read, and of all that comes with and before it
 * `MAX_RECEIVED_BYTES`; beyond them, or where bytes come that nobody asked for, the connection is destroyed.
 */
export interface HttpsClient {
  /** Sends one request. */
  request(request: HttpsRequest): Promise<HttpsResult>;
  /** Ends all connections; what is under way is `lost`. */
  close(): void;
}

/** One request. */
export interface HttpsRequest {
  /** An address of `https:`, or of `http:` where the caller allows it. */
  readonly url: string | URL;
  /** POST by default. */
  readonly method?: 'GET' | 'POST' | undefined;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** The body, in UTF-8 where it is text. */
  readonly body?: string | Uint8Array | undefined;
  /** Time of `performance.now()` by which it ends; `SEND_TIMEOUT_MS` from now by default. */
  readonly deadline?: number | undefined;
}

/** The end of a request. `reason` as in `WakeOutcome`. */
export type HttpsResult =
  /** The host answered. `body` is undefined where it was cut, late or too long: then only the status is known. */
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly headers: IncomingHttpHeaders;
      readonly body: Buffer | undefined;
    }
  /** Nothing of it reached the host: no connection, or no free one in time. */
  | { readonly kind: 'unsent'; readonly reason: string }
  /** It may have reached the host, and no status came. */
  | { readonly kind: 'lost'; readonly reason: string };

/** Options of a client. */
export interface HttpsClientOptions {
  /** Certificates in PEM that are trusted instead of the system's. */
  readonly ca?: string | undefined;
  /** Maximum number of connections to one host; further requests wait for a free one. */
  readonly maxSockets: number;
  /** Resolves names, for each new connection; the system's by default. */
  readonly lookup?: LookupFunction | undefined;
}

/** Maximum number of bytes of an answer that are read. */
export const MAX_ANSWER_BYTES = 64 * 1024;
/** The same with its head, chunks and what may come before: 1xx answers and empty lines have no end of their own. */
const MAX_RECEIVED_BYTES = 4 * MAX_ANSWER_BYTES;
/** Time after which a connection that nobody uses is closed, in milliseconds: less than the vendors' own. */
const IDLE_MS = 15_000;
/** Time for which a connection rests after an answer, in milliseconds: a delayed acknowledgement holds bytes for 40. */
const REST_MS = 50;

/** Returns a client that has no connection yet. */
export function createHttpsClient({ ca, maxSockets, lookup }: HttpsClientOptions): HttpsClient {
  const options: AgentOptions = { keepAlive: true, maxSockets, timeout: IDLE_MS, minVersion: 'TLSv1.2' };
  // Made once: to read all certificates for each connection takes longer than the rest of the handshake.
  if (ca !== undefined) options.secureContext = createSecureContext({ ca, minVersion: 'TLSv1.2' });
  if (lookup !== undefined) options.lookup = lookup;
  const agents = { 'https:': new TlsAgent(options), 'http:': new PlainAgent(options) };
  for (const agent of Object.values(agents)) guardIdleSockets(agent);
  const endings = new Set<(reason: string) => void>();
  let isClosed = false;

  /** @throws Error of the kinds that `http.request` throws: headers and addresses that cannot be sent */
  function begin({ url, method = 'POST', headers }: HttpsRequest, bytes: Buffer | undefined): ClientRequest {
    const target = new URL(url);
    const length = bytes === undefined ? {} : { 'content-length': String(bytes.length) };
    const settings = { method, headers: { ...headers, ...length } };
    return target.protocol === 'http:'
      ? plainRequest(target, { ...settings, agent: agents['http:'] })
      : tlsRequest(target, { ...settings, agent: agents['https:'] });
  }

  function exchange(asked: HttpsRequest, timeoutMs: number): Promise<HttpsResult> {
    return new Promise((resolve) => {
      const bytes = asked.body === undefined ? undefined : Buffer.from(asked.body);
      const request = begin(asked, bytes);
      let isSent = false;
      let received = 0;
      let used: Socket | undefined;
      let head: Pick<IncomingMessage, 'headers'> & { status: number } = { status: 0, headers: {} };

      function finish(result: HttpsResult): void {
        clearTimeout(timer);
        endings.delete(breakOff);
        used?.off('data', count);
        resolve(result);
      }
      /** Ends it without a whole answer; after its end it changes nothing. */
      function breakOff(reason: string): void {
        if (head.status !== 0) finish({ kind: 'answered', ...head, body: undefined });
        else finish({ kind: isSent || reason === 'closed' ? 'lost' : 'unsent', reason });
        request.destroy();
      }
      function count(chunk: Buffer): void {
        received += chunk.length;
        if (received > MAX_RECEIVED_BYTES) breakOff('answer_too_long');
      }
      const timer = setTimeout(breakOff, timeoutMs, 'timeout');
      endings.add(breakOff);

      request.once('socket', (socket) => {
        used = socket;
        socket.off('data', destroySocket).off('error', destroySocket).on('data', count);
        const markSent = (): void => {
          isSent = true;
        };
        // One that was used before: `reusedSocket` is false where the request waited for it.
        if (!socket.connecting) markSent();
        else socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', markSent);
      });
      request.on('error', (error) => breakOff(systemCode(error)));
      request.once('response', (answer) => {
        head = { status: answer.statusCode ?? 0, headers: answer.headers };
        const chunks: Buffer[] = [];
        let length = 0;
        answer.on('data', (chunk: Buffer) => {
          length += chunk.length;
          if (length > MAX_ANSWER_BYTES) breakOff('answer_too_long');
          else chunks.push(chunk);
        });
        answer.once('end', () => finish({ kind: 'answered', ...head, body: Buffer.concat(chunks) }));
        answer.on('error', (error) => breakOff(systemCode(error)));
      });
      request.end(bytes);
    });
  }

  return {
    async request(asked) {
      const timeoutMs = asked.deadline === undefined ? SEND_TIMEOUT_MS : asked.deadline - performance.now();
      if (isClosed) return { kind: 'lost', reason: 'closed' };
      if (timeoutMs <= 0) return { kind: 'unsent', reason: 'timeout' };
      try {
        return await exchange(asked, timeoutMs);
      } catch (error) {
        return { kind: 'unsent', reason: systemCode(error) };
      }
    },
    close() {
      isClosed = true;
      for (const breakOff of [...endings]) breakOff('closed');
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

function destroySocket(this: Socket): void {
  this.destroy();
}

/**
 * Has a connection destroyed on which something comes between two requests: the next request would take it for its own
 * answer, and the one after that the next one's. So a connection rests for a moment before the next request gets it.
 */
function guardIdleSockets(agent: PlainAgent): void {
  const giveBack = agent.listeners('free');
  agent.removeAllListeners('free');
  agent.on('free', (socket: Socket, ...rest: unknown[]) => {
    const free = (): void => {
      for (const listener of giveBack) Reflect.apply(listener, agent, [socket, ...rest]);
    };
    // A new one, made for a request that did not wait.
    if (socket.connecting) return free();
    for (const event of ['data', 'error']) socket.off(event, destroySocket).on(event, destroySocket);
    // Not before what has come meanwhile is read, either.
    setTimeout(() => setImmediate(free), REST_MS).unref();
  });
}
