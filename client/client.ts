import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { DescMethodUnary, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import { type CallOptions as ConnectCallOptions, createClient, type Transport } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { PushCore } from '../gen/onepush/v1/push_core_pb.js';
import type { Receipt } from '../gen/onepush/v1/receipt_pb.js';
import { clientClosed, noTimeLeft } from './errors.js';
import { createGrpcTransport } from './grpc-transport.js';
import { FOR_ADMINS, NOT_REPEATABLE, type UnaryName } from './methods.js';
import { type ClientOptions, parseOptions, parseTimeout, type Settings } from './options.js';
import { encodePush, type Push, type Writable } from './push.js';
import { createPushStream, type OpenStream } from './push-stream.js';
import { type WatchOptions, watchReceipts } from './receipts.js';
import { encodeRequest } from './requests.js';
import { retrying } from './retry.js';
import { createSemaphore, type Semaphore } from './semaphore.js';

/** Options of one call. */
export interface CallOptions {
  /** For all its attempts, in milliseconds; that of the client by default. */
  readonly timeoutMs?: number;
  /** Cancels the call. */
  readonly signal?: AbortSignal;
}

type Methods = (typeof PushCore)['method'];

/**
 * The unary methods of the service, each checked before it is sent, with a deadline, its retries and the credentials
 * that it needs.
 */
export type UnaryCalls = {
  [K in UnaryName]: (
    request: K extends 'sendPush' ? Push : Writable<MessageInitShape<Methods[K]['input']>>,
    options?: CallOptions,
  ) => Promise<MessageShape<Methods[K]['output']>>;
};

/** PushCore for a back end. Whatever fails rejects with a CallError. */
export interface OnePushClient extends UnaryCalls {
  /**
   * Sends a push and resolves with its request id once it is committed. Over gRPC all pushes share a stream, on which
   * those that are sent in one turn of the event loop are one message; when it breaks, what was not answered is sent
   * again with its key, so that it is never pushed twice. Over Connect each is a call. Once it is called, changes of
   * the object change nothing.
   *
   * @throws CallError INVALID_ARGUMENT, naming the fields, for what cannot be encoded: nothing of it is sent. `inDoubt`
   * where it may have been accepted all the same
   */
  send(push: Push, options?: CallOptions): Promise<string>;
  /** Resolves when `send` has room for another push: wait for it in a loop that sends many. */
  room(): Promise<void>;
  /** Receipts, at least once, for as long as they are asked for; reconnects from its position. */
  watchReceipts(options?: WatchOptions): AsyncGenerator<Receipt>;
  /** Takes no more calls; resolves when those that are under way are answered and the connection has ended. */
  close(): Promise<void>;
}

/**
 * Maximum number of calls over Connect that are under way, each on a connection of its own; others wait for their turn.
 */
const MAX_SOCKETS = 64;
/** @throws TypeError when the options are wrong */
export function createOnePushClient(options: ClientOptions): OnePushClient {
  const settings = parseOptions(options);
  const { transport, closeTransport, openStream } = createTransport(settings);
  const core = createClient(PushCore, transport);
  const closing = new AbortController();
  const calls = createUnaryCalls(transport, settings, closing.signal);
  const stream = openStream && createPushStream(openStream, settings.policy, settings.maxPending);
  const watchOptions = (signal: AbortSignal): ConnectCallOptions => ({ signal, headers: headersFor('', settings) });

  return {
    ...calls.methods,
    async send(push, { timeoutMs, signal } = {}) {
      if (stream === undefined) return (await calls.methods.sendPush(push, { timeoutMs, signal })).requestId;
      const limit = parseTimeout(timeoutMs, settings.timeoutMs);
      const encoded = encodePush(push);
      if (limit <= 0) throw noTimeLeft();
      return stream.send(encoded, limit, signal);
    },
    async room() {
      await stream?.room();
    },
    watchReceipts: (watch = {}) =>
      watchReceipts(
        (request, signal) => core.watchReceipts(request, watchOptions(signal)),
        watch,
        settings.policy,
        closing.signal,
      ),
    async close() {
      closing.abort();
      await Promise.all([stream?.close(), calls.settled()]);
      closeTransport();
    },
  };
}

interface Connection {
  readonly transport: Transport;
  closeTransport(): void;
  /** Absent where the transport has no streams in both directions. */
  readonly openStream?: OpenStream;
}

function createTransport(settings: Settings): Connection {
  const { place } = settings;
  if ('baseUrl' in place) {
    const pool = { keepAlive: true, maxSockets: MAX_SOCKETS };
    const { baseUrl, secure } = place;
    const options = secure === undefined ? pool : { ...pool, secureContext: secure };
    const agent = baseUrl.startsWith('https:') ? new HttpsAgent(options) : new HttpAgent(pool);
    const transport = createConnectTransport({
      baseUrl,
      httpVersion: '1.1',
      useBinaryFormat: true,
      nodeOptions: { agent },
    });
    return { transport, closeTransport: () => agent.destroy() };
  }
  const transport = createGrpcTransport(place.address, place.secure);
  const header = headersFor('', settings);
  return {
    transport,
    closeTransport: transport.close,
    openStream: (messages, signal) => transport.encodedStream(PushCore.method.sendPushStream, messages, header, signal),
  };
}

interface CallTable {
  readonly methods: UnaryCalls;
  /** Resolves when no call is under way. */
  settled(): Promise<unknown>;
}

function createUnaryCalls(transport: Transport, settings: Settings, closed: AbortSignal): CallTable {
  const turns = createSemaphore('baseUrl' in settings.place ? MAX_SOCKETS : Number.POSITIVE_INFINITY);
  const underWay = new Set<Promise<unknown>>();
  const calls = Object.entries(PushCore.method).map(([name, method]) => {
    if (method.methodKind !== 'unary') return [name, undefined] as const;
    const call = toCall(transport, name, method, settings, turns);
    const counted: typeof call = (request, options) => {
      if (closed.aborted) return Promise.reject(clientClosed());
      const answer = call(request, options);
      const done = (): void => void underWay.delete(answer);
      underWay.add(answer);
      answer.then(done, done);
      return answer;
    };
    return [name, counted] as const;
  });
  return {
    // Each unary method is there under its name, with the types of its descriptor.
    methods: Object.fromEntries(calls.filter(([, found]) => found !== undefined)) as unknown as UnaryCalls,
    settled: () => Promise.allSettled(underWay),
  };
}

function toCall(transport: Transport, name: string, method: DescMethodUnary, settings: Settings, turns: Semaphore) {
  const headers = headersFor(name, settings);
  return async (request: unknown, { timeoutMs, signal }: CallOptions = {}) => {
    const limit = parseTimeout(timeoutMs, settings.timeoutMs);
    // The method's own type of request, which the table of methods hides.
    const { message } = name === 'sendPush' ? encodePush(request as Push) : encodeRequest(method.input, request);
    if (limit <= 0) throw noTimeLeft();
    const answer = await retrying((attemptMs) => transport.unary(method, signal, attemptMs, headers, message), {
      policy: settings.policy,
      timeoutMs: limit,
      attemptTimeoutMs: settings.attemptTimeoutMs,
      repeatable: !NOT_REPEATABLE.has(name),
      signal,
      semaphore: turns,
    });
    return answer.message;
  };
}

/** An app's credentials, where there are some and the method is not for admins. */
function headersFor(name: string, { app, admin }: Settings): Record<string, string> {
  const authorization = FOR_ADMINS.has(name) ? admin : (app ?? admin);
  return authorization === undefined ? {} : { authorization };
}
