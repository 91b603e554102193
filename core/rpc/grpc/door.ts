import { constants, type ServerHttp2Stream } from 'node:http2';
import type { DescMethod } from '@bufbuild/protobuf';
import {
  type Metadata,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
} from '@grpc/grpc-js';
import { OnePushError } from '../../../common/errors.js';
import type { Logger } from '../../../common/logs/log.js';
import { FREE_BYTES, type Pool, type Pools } from '../pools.js';
import { maxBytesOf, tooLarge } from '../request-decoding.js';
import { isOpenToAnyone } from '../service/access.js';
import type { Admission, Admit } from '../service/admission.js';
import { parseAuthorization } from '../service/auth.js';
import type { ObserveCall } from '../service/interceptors.js';
import { toOnePushError } from '../wire/failures.js';
import { toStatus } from '../wire/status.js';
import { hasShownCertificate, refuseEdge } from './edge-certificate.js';
import { createFrameReader } from './frame-reader.js';

/**
 * Stands before every method of the gRPC port: lets calls in by their headers, and bounds what they may hold and for
 * how long.
 */
export interface GrpcDoor {
  /** Stands before every method. */
  interceptor: ServerInterceptor;
  /** Returns how a call was let in, by its metadata; throws for one that was not. */
  admissionOf(metadata: Metadata): Admission;
  /** The handler of a stream of requests has done with the oldest message that it was given. */
  taken(metadata: Metadata): void;
  /**
   * After `within` milliseconds, refuses every call of which something must still come, and closes those that are
   * answered.
   */
  stop(within: number): void;
  /** Ends what has no call, and whatever comes. */
  close(): void;
}

/** For what must come of a request, in milliseconds. */
const REQUEST_LIMIT = 30_000;
/** For a call that has one answer, from its headers to the last byte of that. */
const UNARY_LIMIT = 60_000;
const LOOK_INTERVAL = 5000;
/** A stream whose handler has so many bytes to work on is not read on. */
const WORK_BYTES = 1024 * 1024;

/** One open call. */
interface OpenCall {
  stream: ServerHttp2Stream;
  method: DescMethod;
  begun: number;
  /** Since when something must come; undefined while nothing has to. */
  waitingSince: number | undefined;
  /** Undefined before it is let in. */
  admission: Admission | undefined;
  /** Undefined before it is let in. */
  pool: Pool | undefined;
  /** Bytes that the pool holds for its messages, until their handler has done with them. */
  held: number;
  /** The message that comes: its bytes, and how many of them are held. */
  coming: { bytes: number; held: number };
  /** Bytes held for each message that is whole, the oldest first. */
  whole: number[];
  /** Number of these that the handler has. */
  given: number;
  /** Passes on the next message, when the handler has room for it. */
  pending: (() => void) | undefined;
  refuse(error: OnePushError): void;
  refused: boolean;
}

/** Returns a door that lets calls in. */
export function createGrpcDoor(options: {
  /** By path; what is not here has a door of its own. */
  methods: ReadonlyMap<string, DescMethod>;
  /** Path of edges where they need a certificate; undefined: they need none. */
  edgePath: string | undefined;
  admit: Admit;
  pools: Pools;
  /** Told of calls that are not let in. */
  observe: ObserveCall | undefined;
  log: Logger;
}): GrpcDoor {
  const { methods, edgePath, admit, pools, observe, log } = options;
  const open = new Set<OpenCall>();
  /** Of calls of any method, those without a door too. */
  const streams = new Set<ServerHttp2Stream>();
  const byMetadata = new WeakMap<Metadata, OpenCall>();
  const clock = setInterval(look, LOOK_INTERVAL);
  clock.unref();

  function look(): void {
    const now = performance.now();
    for (const { stream, method, begun, waitingSince, refuse, refused } of open) {
      // It was told, and still sends.
      if (refused) stream.close(constants.NGHTTP2_CANCEL);
      else if (waitingSince !== undefined && now - waitingSince > REQUEST_LIMIT) refuse(new OnePushError('TOO_SLOW'));
      else if (method.methodKind === 'unary' && now - begun > UNARY_LIMIT) refuse(new OnePushError('TOO_SLOW'));
    }
  }

  /** Takes a call in, and gives back all that it holds when it is over. */
  function enter(method: DescMethod, stream: ServerHttp2Stream, call: ServerInterceptingCallInterface): OpenCall {
    const begun = performance.now();
    const entry: OpenCall = {
      stream,
      method,
      begun,
      waitingSince: begun,
      admission: undefined,
      pool: undefined,
      held: 0,
      coming: { bytes: 0, held: 0 },
      whole: [],
      given: 0,
      pending: undefined,
      refused: false,
      refuse(error) {
        if (entry.refused) return;
        entry.refused = true;
        observe?.('grpc', method.name, error.row.grpc, (performance.now() - begun) / 1000);
        call.sendStatus(toStatus(error));
      },
    };
    open.add(entry);
    stream.once('close', () => {
      open.delete(entry);
      entry.pool?.release(entry.held);
      entry.pool?.leave();
      entry.pool = undefined;
    });
    return entry;
  }

  async function letIn(entry: OpenCall, metadata: Metadata): Promise<void> {
    const [authorization] = metadata.get('authorization');
    entry.admission = await admit(
      entry.method,
      parseAuthorization(authorization?.toString()),
      entry.stream.session?.socket.remoteAddress,
    );
    const pool = isOpenToAnyone(entry.method) ? pools.strangers : pools.callers;
    if (entry.stream.destroyed || entry.stream.closed) return;
    if (!pool.enter()) throw new OnePushError('OVERLOADED');
    entry.pool = pool;
    waitForNext(entry);
  }

  /** A caller may leave its stream of requests quiet; a stranger may not. */
  function waitForNext(entry: OpenCall): void {
    if (entry.method.methodKind !== 'bidi_streaming') return;
    entry.waitingSince = entry.pool === pools.callers ? undefined : performance.now();
  }

  /** Follows the bytes before grpc-js keeps them: it has no bound but one for a whole message of any method. */
  function watchBytes(entry: OpenCall): void {
    const { method, stream } = entry;
    const read = createFrameReader({
      begun(compressed, length) {
        entry.waitingSince ??= performance.now();
        entry.coming = { bytes: 0, held: 0 };
        if (compressed) entry.refuse(new OnePushError('COMPRESSED'));
        else if (length > maxBytesOf(method)) entry.refuse(tooLarge(method));
      },
      grown(bytes) {
        const { coming } = entry;
        coming.bytes += bytes;
        if (coming.bytes <= FREE_BYTES || entry.refused) return;
        if (entry.pool?.hold(bytes) !== true) return entry.refuse(new OnePushError('OVERLOADED'));
        coming.held += bytes;
        entry.held += bytes;
      },
      ended() {
        entry.whole.push(entry.coming.held);
        waitForNext(entry);
      },
    });
    stream.prependListener('data', (chunk: Uint8Array) => {
      if (!entry.refused) read(chunk);
    });
  }

  function pass(entry: OpenCall, message: unknown, next: (message: unknown) => void): void {
    if (message instanceof OnePushError) {
      entry.refuse(message);
      return;
    }
    if (entry.given > 0 && entry.held > WORK_BYTES) {
      entry.pending = () => pass(entry, message, next);
      return;
    }
    entry.given++;
    next(message);
  }

  return {
    interceptor: ({ path }, call) => {
      const stream = streamOf(call);
      streams.add(stream);
      stream.once('close', () => streams.delete(stream));
      const method = methods.get(path);
      if (path === edgePath && !hasShownCertificate(stream)) return refuseEdge(call);
      if (method === undefined) return new ServerInterceptingCall(call);
      const entry = enter(method, stream, call);
      return new ServerInterceptingCall(call, {
        start: (next) => {
          watchBytes(entry);
          next({
            onReceiveMetadata(metadata, proceed) {
              byMetadata.set(metadata, entry);
              letIn(entry, metadata)
                .then(() => {
                  if (!entry.refused) proceed(metadata);
                })
                .catch((error: unknown) => entry.refuse(toOnePushError(error, log)));
            },
            onReceiveMessage: (message, proceed) => pass(entry, message, proceed),
            onReceiveHalfClose(proceed) {
              entry.waitingSince = undefined;
              proceed();
            },
            onCancel() {},
          });
        },
        sendMetadata(metadata, next) {
          metadata.set('grpc-accept-encoding', 'identity');
          next(metadata);
        },
      });
    },

    admissionOf(metadata) {
      const admission = byMetadata.get(metadata)?.admission;
      if (admission === undefined) throw new Error('a call that was not let in');
      return admission;
    },

    taken(metadata) {
      const entry = byMetadata.get(metadata);
      if (entry === undefined) return;
      const held = entry.whole.shift() ?? 0;
      entry.given--;
      entry.held -= held;
      entry.pool?.release(held);
      const { pending } = entry;
      entry.pending = undefined;
      pending?.();
    },

    stop(within) {
      const endAll = (): void => {
        for (const { waitingSince, refuse } of open) {
          if (waitingSince !== undefined) refuse(new OnePushError('CORE_UNAVAILABLE', { hint: 'it is stopping' }));
        }
        // Whoever was answered and does not end its side would keep its connection.
        for (const stream of streams) {
          const close = () => stream.close(constants.NGHTTP2_NO_ERROR);
          if (stream.writableFinished) close();
          else stream.once('finish', close);
        }
      };
      setTimeout(endAll, within).unref();
    },

    close: () => clearInterval(clock),
  };
}

/**
 * The HTTP/2 stream of a call: grpc-js shows neither frames nor sizes of messages before they are whole. A test tells
 * when it hides it.
 */
function streamOf(call: ServerInterceptingCallInterface): ServerHttp2Stream {
  // A private field of its own class, which is looked at before it is used.
  const { stream } = call as unknown as { stream?: ServerHttp2Stream };
  if (stream === undefined) throw new Error('grpc-js no longer has the stream of a call');
  return stream;
}
