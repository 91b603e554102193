import { randomUUID } from 'node:crypto';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { create, type DescMethodUnary, type MessageInitShape, type MessageShape } from '@bufbuild/protobuf';
import { type CallOptions as ConnectCallOptions, createClient, type Transport } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { PushCore } from '../gen/onepush/v1/push_core_pb.js';
import { SendPushRequestSchema } from '../gen/onepush/v1/push_pb.js';
import type { Receipt } from '../gen/onepush/v1/receipt_pb.js';
import { CallError } from './errors.js';
import { createGrpcTransport } from './grpc-transport.js';
import { type ClientOptions, parseOptions, positive, type Settings } from './options.js';
import { createPushStream } from './push-stream.js';
import { type WatchOptions, watchReceipts } from './receipts.js';
import { retrying } from './retry.js';
import { createTurns, type Turns } from './turns.js';

/** A push; without an idempotency key it is given one. */
export type Push = MessageInitShape<typeof SendPushRequestSchema>;

/** What one call may have of its own. */
export interface CallOptions {
  /** For all its attempts, in milliseconds; that of the client by default. */
  readonly timeoutMs?: number;
  /** Cancels the call. */
  readonly signal?: AbortSignal;
}

type Methods = (typeof PushCore)['method'];
type UnaryName = { [K in keyof Methods]: Methods[K]['methodKind'] extends 'unary' ? K : never }[keyof Methods];

/** The unary methods of the service, each with a deadline, its retries and the credentials that it needs. */
export type UnaryCalls = {
  [K in UnaryName]: (
    request: MessageInitShape<Methods[K]['input']>,
    options?: CallOptions,
  ) => Promise<MessageShape<Methods[K]['output']>>;
};

/** PushCore for a back end. Whatever fails rejects with a CallError. */
export interface OnePushClient extends UnaryCalls {
  /**
   * Sends a push and resolves with its request id once it is committed. Over gRPC all pushes share a stream, on which those that are
   * sent in one turn of the event loop are one message; when it breaks, what was not answered is sent again with its key, so that it
   * is never pushed twice. Over Connect each is a call.
   *
   * @param options.timeoutMs when it rejects with DEADLINE_EXCEEDED, the push may have been accepted
   */
  send(push: Push, options?: Pick<CallOptions, 'timeoutMs'>): Promise<string>;
  /** Resolves when `send` has room for another push: wait for it in a loop that sends many. */
  room(): Promise<void>;
  /** Receipts, at least once, for as long as they are asked for; reconnects from its position. */
  watchReceipts(options?: WatchOptions): AsyncGenerator<Receipt>;
  /** Takes no more calls; resolves when the pushes of `send` are answered and the connection has ended. */
  close(): Promise<void>;
}

/** How many calls over Connect may be under way, each on a connection of its own; others wait for their turn. */
const MAX_SOCKETS = 64;
/** What carrying out twice is not the same as once. */
const NOT_REPEATABLE: ReadonlySet<string> = new Set<UnaryName>(['createApp', 'rotateAppKey']);
const FOR_ADMINS: ReadonlySet<string> = new Set<UnaryName>(['createApp', 'getApp', 'disableApp', 'enableApp']);

/** @throws TypeError when the options are wrong */
export function createOnePushClient(options: ClientOptions): OnePushClient {
  const settings = parseOptions(options);
  const { transport, closeTransport, bidi } = createTransport(settings);
  const core = createClient(PushCore, transport);
  const calls = createUnaryCalls(transport, settings);
  const closing = new AbortController();
  const call = (signal: AbortSignal): ConnectCallOptions => ({ signal, headers: headersFor('', settings) });

  const stream = createPushStream(
    bidi
      ? (requests, signal) => core.sendPushStream(requests, call(signal))
      : () => {
          throw new CallError('UNIMPLEMENTED', 'SendPushStream wants gRPC');
        },
    settings.policy,
    settings.maxPending,
  );

  return {
    ...calls,
    async send(push, { timeoutMs } = {}) {
      const keyed = withKey(push);
      const limit = positive('timeoutMs', timeoutMs, settings.timeoutMs);
      if (bidi) return stream.send(keyed, limit);
      return (await calls.sendPush(keyed, { timeoutMs: limit })).requestId;
    },
    room: () => stream.room(),
    watchReceipts: (watch = {}) =>
      watchReceipts(
        (request, signal) => core.watchReceipts(request, call(signal)),
        watch,
        settings.policy,
        closing.signal,
      ),
    async close() {
      closing.abort();
      await stream.close();
      closeTransport();
    },
  };
}

function createTransport({ place }: Settings): { transport: Transport; closeTransport: () => void; bidi: boolean } {
  if ('baseUrl' in place) {
    const pool = { keepAlive: true, maxSockets: MAX_SOCKETS };
    const agent = place.baseUrl.startsWith('https:') ? new HttpsAgent(pool) : new HttpAgent(pool);
    const transport = createConnectTransport({
      baseUrl: place.baseUrl,
      httpVersion: '1.1',
      useBinaryFormat: true,
      nodeOptions: { agent },
    });
    return { transport, closeTransport: () => agent.destroy(), bidi: false };
  }
  const transport = createGrpcTransport(place.address, place.tls);
  return { transport, closeTransport: transport.close, bidi: true };
}

function createUnaryCalls(transport: Transport, settings: Settings): UnaryCalls {
  const turns = createTurns('baseUrl' in settings.place ? MAX_SOCKETS : Number.POSITIVE_INFINITY);
  const calls = Object.entries(PushCore.method).map(([name, method]) => {
    if (method.methodKind !== 'unary') return [name, undefined] as const;
    return [name, toCall(transport, name, method, settings, turns)] as const;
  });
  // Each unary method is there under its name, with the types of its descriptor.
  return Object.fromEntries(calls.filter(([, found]) => found !== undefined)) as unknown as UnaryCalls;
}

function toCall(transport: Transport, name: string, method: DescMethodUnary, settings: Settings, turns: Turns) {
  const headers = headersFor(name, settings);
  return async (request: MessageInitShape<typeof method.input>, { timeoutMs, signal }: CallOptions = {}) => {
    // The method's own type of request, which the table of methods hides.
    const input = name === 'sendPush' ? withKey(request as Push) : request;
    const answer = await retrying((attemptMs) => transport.unary(method, signal, attemptMs, headers, input), {
      policy: settings.policy,
      timeoutMs: positive('timeoutMs', timeoutMs, settings.timeoutMs),
      attemptTimeoutMs: settings.attemptTimeoutMs,
      repeatable: !NOT_REPEATABLE.has(name),
      signal,
      turns,
    });
    return answer.message;
  };
}

/** An app's credentials, where there are some and the method is not for admins. */
function headersFor(name: string, { app, admin }: Settings): Record<string, string> {
  const authorization = FOR_ADMINS.has(name) ? admin : (app ?? admin);
  return authorization === undefined ? {} : { authorization };
}

function withKey(push: Push) {
  const message = create(SendPushRequestSchema, push);
  // A copy, so that a push that the caller sends again is another one.
  return message.idempotencyKey === '' ? { ...message, idempotencyKey: randomUUID() } : message;
}
