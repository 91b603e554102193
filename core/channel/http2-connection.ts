import { type ClientHttp2Stream, connect, constants, type IncomingHttpHeaders } from 'node:http2';
import type { Socket } from 'node:net';
import type { HttpsResult } from '../outbound/https-client.js';
import { systemCode } from '../outbound/system-code.js';
import { MAX_ANSWER_BYTES } from './channel.js';
import type { HttpsAnswer } from './http-outcome.js';

/** A request. Names of headers in lower case. */
export interface Http2Request {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** One connection. Nothing brings it back when it is over. */
export interface Http2Connection {
  /** Number of requests that it takes now. */
  readonly room: number;
  /** True if it takes requests, or will: it is connecting, or open and answers its PINGs. */
  readonly isUsable: boolean;
  /** True once it has answered a request: before that a server may allow few at a time. */
  readonly hasAnswered: boolean;
  /** Sends a request, if there is room. Resolves within `timeoutMs`, and never rejects. */
  send(request: Http2Request, timeoutMs: number): Promise<HttpsResult>;
  /** Ends it at once. */
  destroy(reason: string): void;
}

/** Gets to know what happens to a connection. */
export interface ConnectionListener {
  /** There may be more room, or less. */
  changed(): void;
  /** It is over; `wasOpen`: it could be used at some time. */
  closed(reason: string, wasOpen: boolean): void;
}

type ConnectionState =
  | { readonly name: 'connecting' }
  /** `limit`: streams at a time. */
  | { readonly name: 'open'; limit: number }
  /** The server has said goodbye: what is under way may end. */
  | { readonly name: 'draining' }
  | { readonly name: 'closed' };

/** Settings of a connection, all of them given. */
export interface ConnectionOptions {
  /** `https://host:port`. */
  readonly origin: string;
  /** Certificates that are trusted, in place of the system's; PEM. */
  readonly ca: string | undefined;
  /** Time for name, connection and TLS together, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** Pause between two looks at a connection that is in use, in milliseconds. */
  readonly checkMs: number;
  /** Time within which a PING must be answered, in milliseconds. */
  readonly pingTimeoutMs: number;
  /** Time after which a connection that nobody uses is pinged, in milliseconds. */
  readonly idlePingMs: number;
}

/** Maximum number of streams at a time, whatever a server allows. */
const MAX_STREAMS = 1000;
/** The frame that begins a stream. */
const HEADERS = 0x1;
/** Number of streams until the server has said what it allows. */
const FIRST_STREAMS = 1;

/** Connects, with a name that is looked up anew. */
export function openHttp2Connection(options: ConnectionOptions, listener: ConnectionListener): Http2Connection {
  let state: ConnectionState = { name: 'connecting' };
  let socket: Socket | undefined;
  let active = 0;
  let hasAnswered = false;
  let lastStreamId = Number.POSITIVE_INFINITY;
  let failure: string | undefined;
  const health = createHealth();

  const session = connect(options.origin, {
    ...(options.ca === undefined ? {} : { ca: options.ca }),
    minVersion: 'TLSv1.2',
    peerMaxConcurrentStreams: FIRST_STREAMS,
    settings: { enablePush: false },
  });
  const connecting = setTimeout(() => destroy('connect_timeout'), options.connectTimeoutMs);
  const checking = setInterval(check, options.checkMs).unref();

  session.on('connect', (_session, connected) => {
    clearTimeout(connecting);
    socket = connected;
    if (!('alpnProtocol' in connected) || connected.alpnProtocol !== 'h2') return destroy('no_http2');
    state = { name: 'open', limit: FIRST_STREAMS };
    listener.changed();
  });
  session.on('remoteSettings', ({ maxConcurrentStreams = MAX_STREAMS }) => {
    if (state.name === 'open') state.limit = Math.min(maxConcurrentStreams, MAX_STREAMS);
    listener.changed();
  });
  session.on('goaway', (_code, lastId) => {
    // It may come twice: first with the highest id there is, so that what is on its way is still taken.
    lastStreamId = Math.min(lastStreamId, lastId);
    state = { name: 'draining' };
    endIfDrained();
    listener.changed();
  });
  session.on('error', (error) => {
    failure ??= systemCode(error);
  });
  session.on('close', () => {
    clearTimeout(connecting);
    clearInterval(checking);
    const wasOpen = socket !== undefined && failure !== 'no_http2';
    state = { name: 'closed' };
    listener.closed(failure ?? 'connection_closed', wasOpen);
  });

  function destroy(reason: string): void {
    failure ??= reason;
    session.destroy();
    // A session that was saying goodbye waits for the other side.
    socket?.destroy();
  }

  /** Ends what has nothing left to do: the server may keep its side open for ever. */
  function endIfDrained(): void {
    if (state.name === 'draining' && active === 0) destroy('goaway');
  }

  function check(): void {
    const unansweredMs = health.unansweredMs();
    if (session.destroyed) socket?.destroy();
    else if (state.name === 'connecting') return;
    else if (unansweredMs !== undefined) {
      if (unansweredMs >= options.pingTimeoutMs) destroy('ping_timeout');
    } else if (active > 0 || health.idleMs() >= options.idlePingMs) session.ping(health.pinged());
  }

  /** Waits for the end of a request; `take` returns its answer as far as there is one. */
  function settle(
    stream: ClientHttp2Stream,
    timeoutMs: number,
    take: () => HttpsAnswer | undefined,
    resolve: (result: HttpsResult) => void,
  ): void {
    let reason: string | undefined;
    let isUnsent = false;
    const timer = setTimeout(() => {
      reason = 'timeout';
      stream.close(constants.NGHTTP2_CANCEL);
      // The stream's own end may never come on a connection that is dead.
      resolve(take() ?? { kind: 'lost', reason });
    }, timeoutMs);
    stream.on('frameError', (type) => {
      isUnsent ||= type === HEADERS;
    });
    stream.on('error', (error) => {
      reason ??= systemCode(error);
    });
    stream.on('close', () => {
      clearTimeout(timer);
      active -= 1;
      const answer = take();
      hasAnswered ||= answer !== undefined;
      const isRefused = stream.rstCode === constants.NGHTTP2_REFUSED_STREAM;
      const isBehind = stream.id === undefined || stream.id > lastStreamId;
      if (answer !== undefined) resolve(answer);
      else if (isRefused || isBehind || isUnsent) resolve({ kind: 'unsent', reason: 'refused' });
      else resolve({ kind: 'lost', reason: failure ?? reason ?? 'connection_closed' });
      endIfDrained();
      listener.changed();
    });
  }

  function send(request: Http2Request, timeoutMs: number): Promise<HttpsResult> {
    return new Promise((resolve) => {
      const headers = { ...request.headers, ':method': request.method, ':path': request.path };
      try {
        const stream = session.request(headers);
        active += 1;
        settle(stream, timeoutMs, readAnswer(stream), resolve);
        stream.end(request.body);
      } catch (error) {
        // The connection has just ended, or a header cannot be sent.
        resolve({ kind: 'unsent', reason: systemCode(error) });
      }
    });
  }

  // A connection that owes an answer to a PING may be dead.
  const isHealthy = (): boolean => (health.unansweredMs() ?? 0) < options.checkMs;
  return {
    get room() {
      return state.name === 'open' && isHealthy() && !session.closed ? Math.max(0, state.limit - active) : 0;
    },
    get isUsable() {
      return state.name === 'connecting' || (state.name === 'open' && isHealthy() && !session.closed);
    },
    get hasAnswered() {
      return hasAnswered;
    },
    send,
    destroy,
  };
}

/** The signs of life of a connection. */
function createHealth() {
  let sentAt: number | undefined;
  let heardAt = performance.now();
  return {
    /** Milliseconds that a PING has been waiting for its answer; undefined: none is under way. */
    unansweredMs: () => (sentAt === undefined ? undefined : performance.now() - sentAt),
    /** Milliseconds since the last answer to a PING. */
    idleMs: () => performance.now() - heardAt,
    /** Notes that a PING goes out; returns what its answer calls. */
    pinged() {
      sentAt = performance.now();
      return (error: Error | null): void => {
        if (error !== null) return;
        sentAt = undefined;
        heardAt = performance.now();
      };
    },
  };
}

/** Reads an answer as far as it may go. Returns what returns it; undefined: not even a status came. */
function readAnswer(stream: ClientHttp2Stream): () => HttpsAnswer | undefined {
  let head: { status: number; headers: IncomingHttpHeaders } | undefined;
  let isWhole = false;
  let bytes = 0;
  const chunks: Buffer[] = [];
  stream.on('response', (headers) => {
    head = { status: Number(headers[':status']), headers };
  });
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= MAX_ANSWER_BYTES) chunks.push(chunk);
    else stream.close(constants.NGHTTP2_CANCEL);
  });
  stream.on('end', () => {
    isWhole = bytes <= MAX_ANSWER_BYTES && (stream.rstCode ?? 0) === constants.NGHTTP2_NO_ERROR;
  });
  return () => head && { kind: 'answered', ...head, body: isWhole ? Buffer.concat(chunks) : undefined };
}
