import type { HttpsResult } from '../outbound/https-client.js';
import { SEND_TIMEOUT_MS } from './channel.js';
import {
  type ConnectionOptions,
  type Http2Connection,
  type Http2Request,
  openHttp2Connection,
} from './http2-connection.js';

/**
 * Requests to one origin over HTTP/2 and TLS, as APNs and FCM want them: few connections that are kept for hours, and
 * made when they are needed.
 *
 * Guarantees: a request never rejects, and ends by its deadline, also when the network swallows everything. One that
 * the server may have processed is never sent again. One that it has certainly not processed (the stream was refused,
 * or stood behind the last one of a GOAWAY) is, on another connection, up to four times. A connection takes one request
 * until the server has said how many it allows; it is destroyed when it does not answer a PING. Of an answer at most
 * `MAX_ANSWER_BYTES` are read.
 */
export interface Http2Client {
  /** @param deadline time of `performance.now()`; `SEND_TIMEOUT_MS` from now by default */
  request(request: Http2Request, deadline?: number): Promise<HttpsResult>;
  /** Ends all connections: what is under way is `lost`, what waits `unsent`. */
  close(): void;
}

/** Options of `openHttp2Client`. Times are for tests. */
export interface Http2ClientOptions extends Partial<Omit<ConnectionOptions, 'origin'>> {
  /** `https://host:port`. */
  readonly origin: string;
  /** Maximum number of connections that take requests. */
  readonly maxConnections?: number;
  /** Maximum number of requests that wait for a connection. */
  readonly maxWaiting?: number;
}

/** A request, until it is over. */
interface Pending {
  readonly request: Http2Request;
  /** Time of `performance.now()`. */
  readonly deadline: number;
  readonly resolve: (result: HttpsResult) => void;
  /** Number of times that it went out. */
  attempts: number;
  /** Ends its waiting for room. */
  timer?: NodeJS.Timeout;
}

/** Number of times that a request goes out, if the server refuses it unprocessed each time. */
const MAX_ATTEMPTS = 5;
/** Share of its time for which a request waits at the most: the outcome of what goes out too late is never known. */
const WAITING_SHARE = 0.8;
/** Time between two connections of which the first was of no use, in milliseconds. */
const RECONNECT_MS = 200;

/** Returns a client that connects at the first request. */
export function openHttp2Client(options: Http2ClientOptions): Http2Client {
  const { maxConnections = 4, maxWaiting = 1000 } = options;
  const connectionOptions: ConnectionOptions = {
    origin: options.origin,
    ca: options.ca,
    connectTimeoutMs: options.connectTimeoutMs ?? 5_000,
    checkMs: options.checkMs ?? 5_000,
    pingTimeoutMs: options.pingTimeoutMs ?? 10_000,
    idlePingMs: options.idlePingMs ?? 60_000,
  };
  const connections = new Set<Http2Connection>();
  const waiting = new Set<Pending>();
  let latest: { readonly connection: Http2Connection; readonly startedAt: number } | undefined;
  let pause: NodeJS.Timeout | undefined;
  let isClosed = false;

  function wait(item: Pending): void {
    if (isClosed) drop(item, 'closed');
    else if (waiting.size >= maxWaiting) drop(item, 'overflow');
    else {
      item.timer = setTimeout(() => drop(item, 'timeout'), (item.deadline - performance.now()) * WAITING_SHARE);
      waiting.add(item);
      pump();
    }
  }

  function drop(item: Pending, reason: string): void {
    clearTimeout(item.timer);
    waiting.delete(item);
    item.resolve({ kind: 'unsent', reason });
  }

  /** Gives what waits to the connections; makes another one if all are full. */
  function pump(): void {
    for (const item of waiting) {
      const connection = [...connections].find(({ room }) => room > 0);
      if (connection === undefined) {
        grow();
        return;
      }
      clearTimeout(item.timer);
      waiting.delete(item);
      void dispatch(item, connection);
    }
  }

  async function dispatch(item: Pending, connection: Http2Connection): Promise<void> {
    item.attempts += 1;
    const result = await connection.send(item.request, Math.max(1, item.deadline - performance.now()));
    if (result.kind !== 'unsent' || item.attempts >= MAX_ATTEMPTS) item.resolve(result);
    else wait(item);
  }

  /** Connects, unless a connection may soon take more, or the latest one was of no use and was made just now. */
  function grow(): void {
    const usable = [...connections].filter(({ isUsable }) => isUsable);
    if (isClosed || usable.length >= maxConnections || usable.some(({ hasAnswered }) => !hasAnswered)) return;
    if (latest !== undefined && !latest.connection.hasAnswered) {
      const early = latest.startedAt + RECONNECT_MS - performance.now();
      if (early > 0) {
        pauseFor(early);
        return;
      }
    }
    const connection = openHttp2Connection(connectionOptions, { changed: pump, closed });
    connections.add(connection);
    latest = { connection, startedAt: performance.now() };

    function closed(reason: string, wasOpen: boolean): void {
      connections.delete(connection);
      const isLast = ![...connections].some(({ isUsable }) => isUsable);
      if (!wasOpen && isLast) for (const item of waiting) drop(item, reason);
      pump();
    }
  }

  function pauseFor(ms: number): void {
    pause ??= setTimeout(() => {
      pause = undefined;
      pump();
    }, ms);
  }

  return {
    request: (request, deadline = performance.now() + SEND_TIMEOUT_MS) =>
      new Promise((resolve) => wait({ request, deadline, attempts: 0, resolve })),
    close() {
      isClosed = true;
      clearTimeout(pause);
      for (const item of waiting) drop(item, 'closed');
      for (const connection of connections) connection.destroy('closed');
    },
  };
}
