import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import { createConnectRouter } from '@connectrpc/connect';
import { OnePushError } from '../../../common/errors.js';
import { answer, type CheckReadiness, healthAt, listenOn } from '../../../common/http/server.js';
import { describeError, type Logger } from '../../../common/logs/log.js';
import type { Address } from '../../../common/settings/env.js';
import { tlsOptions } from '../../../common/tls/listener.js';
import type { TlsSource } from '../../../common/tls/source.js';
import { PushCore } from '../../../gen/onepush/v1/push_core_pb.js';
import type { Console } from '../console/console.js';
import type { Pools } from '../pools.js';
import type { Admit } from '../service/admission.js';
import type { PushCoreHandlers } from '../service/handlers.js';
import type { ObserveCall } from '../service/interceptors.js';
import { toConnectCalls } from './calls.js';
import type { ClientOf } from './client.js';
import { answerCors } from './cors.js';
import { createConnectDoor } from './door.js';
import { answerWithError, findRefusal, notAllowed, toRawAnswer } from './refusals.js';
import { parseInSlices } from './slices.js';

/** The HTTP/1.1 port: PushCore over Connect and gRPC-Web, `/healthz` and `/readyz`. */
export interface ConnectServer {
  /** Resolves with the address that it listens on. */
  listen(address: Address): Promise<string>;
  /**
   * Takes no new calls, and closes every connection that has none; resolves when the open ones are answered, or are cut
   * off after `grace` milliseconds.
   */
  stop(grace: number): Promise<void>;
}

/** For a request to come, in milliseconds: its headers, and all of it. */
const HEADERS_LIMIT = 10_000;
const REQUEST_LIMIT = 30_000;
const LOOK_INTERVAL = 5000;
/** For the rest of a request that has begun when the server stops, in milliseconds. */
const REQUEST_REST = 1000;
/** For a connection on which nothing is said or taken, in milliseconds. */
const IDLE_LIMIT = 60_000;
/** Connections that may be open; beyond it a new one is closed at once. Each has one call at a time. */
const MAX_CONNECTIONS = 4096;

/** Returns a server that does not listen yet. */
export function createConnectServer(options: {
  handlers: PushCoreHandlers;
  checkReadiness: CheckReadiness;
  /** The pages that may call from a browser. */
  origins: ReadonlySet<string>;
  admit: Admit;
  /** Returns who sends a request. */
  clientOf: ClientOf;
  /** The operators' page; undefined: it is off. */
  console?: Console | undefined;
  pools: Pools;
  /** Told of calls that are not let in. */
  observe?: ObserveCall;
  /** Undefined: plain text. */
  tls?: TlsSource | undefined;
  log: Logger;
}): ConnectServer {
  const { handlers, checkReadiness, origins, admit, clientOf, console, pools, observe, tls, log } = options;
  // Nothing is compressed: what a request is when it is not is not known before it is read.
  const router = createConnectRouter({ acceptCompression: [], grpc: false });
  router.service(PushCore, toConnectCalls(handlers, log));
  const methods = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));
  const credentialsOf = console?.credentialsOf ?? (() => ({ kind: 'none' }) as const);
  const door = createConnectDoor({ admit, clientOf, credentialsOf, pools, observe, log });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = ''] = (request.url ?? '').split('?', 1);
    const health = await healthAt(path, checkReadiness);
    if (health !== undefined) {
      if (request.method === 'GET' || request.method === 'HEAD') return answer(response, health);
      const { error, headers } = notAllowed(['GET', 'HEAD']);
      return answerWithError(response, error, headers);
    }
    if (console?.serve(path, request, response)) return;
    const method = methods.get(path);
    const refusal = findRefusal(method, request);
    if (refusal !== undefined) return answerWithError(response, refusal.error, refusal.headers);
    if (method !== undefined) await door(method, request, response);
  }

  const settings = {
    headersTimeout: HEADERS_LIMIT,
    requestTimeout: REQUEST_LIMIT,
    connectionsCheckingInterval: LOOK_INTERVAL,
    // A request without one is answered like all that is refused.
    requireHostHeader: false,
  };
  const sockets = new Set<Socket>();
  const calls = new Set<IncomingMessage>();
  /** Sockets of `calls`. */
  const busy = new Set<Socket>();
  let stopping = false;
  const server = createHttpServer(settings, tls, (request, response) => {
    const { socket } = request;
    // Answers would gather for whoever sends the next request and reads nothing.
    if (busy.has(socket)) socket.destroy();
    if (socket.destroyed) return;
    calls.add(request);
    busy.add(socket);
    response.once('close', () => {
      calls.delete(request);
      busy.delete(socket);
      if (stopping) socket.destroySoon();
    });
    if (answerCors(request, response, origins)) return;
    serve(request, response).catch((error: unknown) => {
      log.error(describeError(error), 'a request of the Connect port could not be answered');
      response.destroy();
    });
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.timeout = IDLE_LIMIT;
  server.on('checkExpectation', (_request, response: ServerResponse) => {
    const violations = [{ field: 'expect', rule: 'must be 100-continue' }];
    answerWithError(response, new OnePushError('INVALID_FIELDS', { violations }), { connection: 'close' });
  });
  server.on('clientError', (error, socket) => {
    // What is half answered must not be followed by another answer.
    if (!socket.writable || [...calls].some((call) => call.socket === socket)) return socket.destroy();
    socket.end(toRawAnswer(error));
    // Not at once: what the client still sends would make the system drop the answer.
    setTimeout(() => socket.destroy(), REQUEST_REST).unref();
  });
  server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    sockets.add(socket);
    parseInSlices(socket);
    socket.once('close', () => sockets.delete(socket));
  });

  /**
   * Closes connections on which no request is served. Node.js counts those that have sent nothing, or half a head, as
   * busy.
   */
  function closeIdle(): void {
    for (const socket of sockets) if (!busy.has(socket)) socket.destroySoon();
  }

  function closeHalf(): void {
    for (const { complete, socket } of calls) if (!complete) socket.destroy();
  }

  return {
    listen: (address) => listenOn(server, address, 'ONEPUSH_CONNECT_LISTEN'),
    stop: (grace) =>
      new Promise((resolve) => {
        stopping = true;
        const rest = setTimeout(closeHalf, Math.min(grace, REQUEST_REST));
        const limit = setTimeout(() => server.closeAllConnections(), grace);
        server.close(() => {
          clearTimeout(rest);
          clearTimeout(limit);
          resolve();
        });
        closeIdle();
      }),
  };
}

function createHttpServer(settings: ServerOptions, tls: TlsSource | undefined, serve: RequestListener): Server {
  if (tls === undefined) return createServer(settings, serve);
  const { options, follow } = tlsOptions({ ports: tls });
  const server = createHttpsServer({ ...settings, ...options }, serve);
  // Node.js would pass it on as an error of HTTP, which is answered: there is nothing yet to answer in.
  server.removeAllListeners('tlsClientError').on('tlsClientError', (_error, socket) => socket.destroy());
  follow(server);
  return server;
}
