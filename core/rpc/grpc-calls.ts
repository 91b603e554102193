import { type EventEmitter, once } from 'node:events';
import { create, type DescMethod, toBinary } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import {
  Metadata,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceError,
  type sendUnaryData,
  status,
  type UntypedHandleCall,
} from '@grpc/grpc-js';
import { OnePushError } from '../../common/errors.js';
import type { Logger } from '../../common/log.js';
import { StatusSchema } from '../../gen/google/rpc/status_pb.js';
import { parseAuthorization } from './credentials.js';
import { toDetails, toOnePushError } from './failures.js';
import type { CallContext } from './handlers.js';

type UnaryHandler = (request: unknown, call: CallContext) => Promise<unknown>;
type StreamHandler = (input: unknown, call: CallContext) => AsyncIterable<unknown>;
type Outgoing = ServerWritableStream<unknown, unknown> | ServerDuplexStream<unknown, unknown>;

/** Serves one method of a service with its handler. */
export function toGrpcCall(method: DescMethod, handler: unknown, log: Logger): UntypedHandleCall {
  // A handler has the kind of its method: the type of PushCoreHandlers says so.
  if (method.methodKind === 'unary') return serveUnary(handler as UnaryHandler, log);
  const handle = handler as StreamHandler;
  if (method.methodKind === 'server_streaming') {
    return (call: ServerWritableStream<unknown, unknown>) =>
      answer(call, (context) => handle(call.request, context), log);
  }
  return (call: ServerDuplexStream<unknown, unknown>) => {
    // Destroyed with the end of its requests, a duplex stream would take the answers with it.
    const requests = call.iterator({ destroyOnReturn: false });
    return answer(call, (context) => handle(requests, context), log);
  };
}

function serveUnary(handle: UnaryHandler, log: Logger): UntypedHandleCall {
  return (call: ServerUnaryCall<unknown, unknown>, callback: sendUnaryData<unknown>) => {
    handle(call.request, contextOf(call)).then(
      (response) => callback(null, response),
      (error: unknown) => callback(toServiceError(toOnePushError(error, log))),
    );
  };
}

/** Sends what the handler yields, at the pace of the caller. */
async function answer(
  call: Outgoing,
  handle: (context: CallContext) => AsyncIterable<unknown>,
  log: Logger,
): Promise<void> {
  const context = contextOf(call);
  try {
    for await (const message of handle(context)) {
      if (!call.write(message)) await once(call, 'drain', { signal: context.signal });
    }
    call.end();
  } catch (error) {
    if (!context.signal.aborted) call.emit('error', toServiceError(toOnePushError(error, log)));
  }
}

function contextOf(call: ServerUnaryCall<unknown, unknown> | Outgoing): CallContext {
  // All of them are emitters; their own types have no signature of `on` in common.
  const events: EventEmitter = call;
  const [authorization] = call.metadata.get('authorization');
  let controller: AbortController | undefined;
  return {
    credentials: parseAuthorization(authorization?.toString()),
    get cancelled() {
      return call.cancelled;
    },
    // Made when it is asked for: most calls are over before anybody could cancel them.
    get signal() {
      if (controller === undefined) {
        const made = new AbortController();
        controller = made;
        if (call.cancelled) made.abort();
        else events.on('cancelled', () => made.abort());
      }
      return controller.signal;
    },
  };
}

/** The error as gRPC carries it: its status, its message, and a google.rpc.Status with details in the standard trailer. */
function toServiceError(error: OnePushError): Partial<ServiceError> {
  const fitting = withinTrailers(error);
  const code = status[error.row.grpc];
  const details = toDetails(fitting).map(({ desc, value }) => anyPack(desc, value));
  const metadata = new Metadata();
  const bytes = toBinary(StatusSchema, create(StatusSchema, { code, message: fitting.message, details }));
  metadata.set('grpc-status-details-bin', Buffer.from(bytes));
  return { code, details: fitting.message, metadata };
}

/**
 * Clients refuse trailers of more than 8 KiB, and then there is no error at all. A violation is in them four times, three of these in
 * base64.
 */
const VIOLATION_CHARACTERS = 1200;

/** The same error with as many of its violations, the first ones, as fit into trailers. */
function withinTrailers(error: OnePushError): OnePushError {
  const { violations = [] } = error.details;
  let characters = 0;
  const end = violations.findIndex(({ field, rule }) => {
    characters += field.length + rule.length;
    return characters > VIOLATION_CHARACTERS;
  });
  if (end < 0) return error;
  return new OnePushError(error.reason, { ...error.details, violations: violations.slice(0, Math.max(end, 1)) });
}
