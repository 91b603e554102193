import { once } from 'node:events';
import type { SecureContext } from 'node:tls';
import {
  create,
  type DescMessage,
  type DescMethod,
  type DescMethodBiDiStreaming,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import { Code, ConnectError, type Transport } from '@connectrpc/connect';
import { Client, type ClientDuplexStream, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
// For texts that come in answers: byte order marks are part of them.
import '../common/text.js';
import { StatusSchema } from '../gen/google/rpc/status_pb.js';

/** A transport that holds a connection. */
export interface GrpcTransport extends Transport {
  /** A call whose messages are encoded. The first is asked for when there is a connection. */
  encodedStream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodBiDiStreaming<I, O>,
    messages: AsyncIterable<Uint8Array>,
    header: Record<string, string>,
    signal: AbortSignal,
  ): AsyncIterable<MessageShape<O>>;
  /** Ends the connection; open calls fail. */
  close(): void;
}

/**
 * Bytes that may be on their way to this client: HTTP/2's default, 64 KiB a round trip, is little for a stream of
 * receipts.
 */
const WINDOW_BYTES = 1024 * 1024;
/** grpc-js takes so much of a stream at once, to repeat it on another connection, and says that it is sent. */
const REPEAT_BYTES = 16 * 1024;
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/**
 * gRPC by @grpc/grpc-js: twice the unary calls a second of Connect's own gRPC transport, and as much on streams
 * (docs/architecture.md). What it rejects with is a ConnectError with the service's details.
 *
 * @param address `host:port`
 * @param secure undefined: plain text
 */
export function createGrpcTransport(address: string, secure: SecureContext | undefined): GrpcTransport {
  const security = secure === undefined ? credentials.createInsecure() : credentials.createFromSecureContext(secure);
  const client = new Client(address, security, {
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.keepalive_time_ms': 10_000,
    'grpc.keepalive_timeout_ms': 5000,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 2000,
    'grpc.use_local_subchannel_pool': 1,
    'grpc-node.flow_control_window': WINDOW_BYTES,
    'grpc.per_rpc_retry_buffer_size': REPEAT_BYTES,
  });
  let connecting: Promise<void> | undefined;

  /** Resolves when there is a connection, and when the client is closed. */
  function connected(): Promise<void> {
    connecting ??= new Promise((resolve) => {
      client.waitForReady(Number.POSITIVE_INFINITY, () => {
        connecting = undefined;
        resolve();
      });
    });
    return connecting;
  }

  // On the wire the kinds of streams are one: a caller that has sent its only message ends its side.
  function openStream<O extends DescMessage>(
    method: DescMethod & { output: O },
    messages: AsyncIterable<Uint8Array>,
    header: ConstructorParameters<typeof Headers>[0],
    signal: AbortSignal | undefined,
    timeoutMs?: number,
  ): AsyncGenerator<MessageShape<O>> {
    const call = client.makeBidiStreamRequest(
      toPath(method),
      toBuffer,
      decoderOf(method.output),
      toMetadata(header),
      toOptions(timeoutMs),
    );
    const stop = (): void => call.cancel();
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
    void write(call, messages, connected);
    return read(call, () => signal?.removeEventListener('abort', stop));
  }

  return {
    unary(method, signal, timeoutMs, header, input) {
      return new Promise((resolve, reject) => {
        const stop = (): void => call.cancel();
        const call = client.makeUnaryRequest(
          toPath(method),
          toBuffer,
          decoderOf(method.output),
          toBinary(method.input, create(method.input, input)),
          toMetadata(header),
          toOptions(timeoutMs),
          (error, message) => {
            signal?.removeEventListener('abort', stop);
            if (error !== null) reject(toConnectError(error));
            else if (message === undefined) reject(new ConnectError('no answer', Code.Internal));
            else resolve({ stream: false, ...common(method), message });
          },
        );
        if (signal?.aborted) stop();
        else signal?.addEventListener('abort', stop, { once: true });
      });
    },

    async stream(method, signal, timeoutMs, header, input) {
      const message = openStream(method, encoded(method.input, input), header, signal, timeoutMs);
      return { stream: true, ...common(method), message };
    },

    encodedStream: (method, messages, header, signal) => openStream(method, messages, header, signal),

    close: () => client.close(),
  };
}

/**
 * Writes at the pace of the connection, once there is one. What goes wrong ends the call, and whoever reads it is told.
 */
async function write(
  call: ClientDuplexStream<Uint8Array, unknown>,
  messages: AsyncIterable<Uint8Array>,
  connected: () => Promise<void>,
): Promise<void> {
  const over = new AbortController();
  const ended = new Promise<void>((resolve) => over.signal.addEventListener('abort', () => resolve(), { once: true }));
  for (const event of ['status', 'close', 'error']) call.once(event, () => over.abort());
  try {
    await Promise.race([connected(), ended]);
    if (over.signal.aborted) return;
    for await (const message of messages) {
      if (over.signal.aborted) return;
      if (!call.write(message)) await once(call, 'drain', { signal: over.signal });
    }
    call.end();
  } catch {
    if (!over.signal.aborted) call.cancel();
  }
}

async function* encoded<I extends DescMessage>(
  schema: I,
  messages: AsyncIterable<MessageInitShape<I>>,
): AsyncGenerator<Uint8Array> {
  for await (const message of messages) yield toBinary(schema, create(schema, message));
}

async function* read<T>(call: AsyncIterable<T> & { cancel(): void }, done: () => void): AsyncGenerator<T> {
  try {
    yield* call;
  } catch (error) {
    throw toConnectError(error);
  } finally {
    done();
    call.cancel();
  }
}

function toPath({ parent, name }: DescMethod): string {
  return `/${parent.typeName}/${name}`;
}

/** The same bytes, as grpc-js wants them. */
function toBuffer({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}

function decoderOf<O extends DescMessage>(schema: O): (bytes: Buffer) => MessageShape<O> {
  return (bytes) => fromBinary(schema, bytes);
}

/** Returns what Connect's responses have besides the message. Headers and trailers are of no use to this client. */
function common<M extends DescMethod>(method: M) {
  return { service: method.parent, method, header: new Headers(), trailer: new Headers() };
}

function toOptions(timeoutMs: number | undefined): { deadline?: number } {
  return timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
}

function toMetadata(header: ConstructorParameters<typeof Headers>[0]): Metadata {
  const metadata = new Metadata();
  new Headers(header).forEach((value, name) => {
    metadata.set(name, value);
  });
  return metadata;
}

/** With the details of the trailer among its own. */
function toConnectError(error: unknown): ConnectError {
  // Streams and calls of grpc-js fail with nothing else; what does not is missing the fields that are looked at.
  const { code, details, metadata } = error as Partial<ServiceError>;
  if (code === undefined) return ConnectError.from(error);
  // Both number the codes of gRPC; a failure is never OK.
  const failure = new ConnectError(details ?? '', code as number, undefined, undefined, error);
  const [bytes] = metadata?.get('grpc-status-details-bin') ?? [];
  if (bytes instanceof Buffer) failure.details = readDetails(bytes);
  return failure;
}

/** None where the trailer is not a google.rpc.Status: whatever is between here and the service may have written it. */
function readDetails(bytes: Buffer): ConnectError['details'] {
  try {
    const { details } = fromBinary(StatusSchema, bytes);
    return details.map(({ typeUrl, value }) => ({ type: typeUrl.slice(typeUrl.lastIndexOf('/') + 1), value }));
  } catch {
    return [];
  }
}
