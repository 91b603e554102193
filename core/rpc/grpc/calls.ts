import { type EventEmitter, once } from 'node:events';
import type { DescMethod } from '@bufbuild/protobuf';
import type {
  ServerDuplexStream,
  ServerUnaryCall,
  ServerWritableStream,
  sendUnaryData,
  UntypedHandleCall,
} from '@grpc/grpc-js';
import { describeError, type Logger } from '../../../common/logs/log.js';
import type { CallContext } from '../service/handlers.js';
import { toOnePushError } from '../wire/failures.js';
import { toStatus } from '../wire/status.js';
import type { GrpcDoor } from './door.js';

type UnaryHandler = (request: unknown, call: CallContext) => Promise<unknown>;
type StreamHandler = (input: unknown, call: CallContext) => AsyncIterable<unknown>;
type Outgoing = ServerWritableStream<unknown, unknown> | ServerDuplexStream<unknown, unknown>;

/** Serves one method of a service with its handler. */
export function toGrpcCall(
  method: DescMethod,
  handler: unknown,
  log: Logger,
  door: Pick<GrpcDoor, 'admissionOf' | 'taken'>,
): UntypedHandleCall {
  // A handler has the kind of its method: the type of PushCoreHandlers says so.
  if (method.methodKind === 'unary') return serveUnary(handler as UnaryHandler, log, door);
  const handle = handler as StreamHandler;
  const serve = (call: Outgoing, input: unknown): void => {
    answer(call, contextOf(call, door), (context) => handle(input, context), log).catch(unanswered(log));
  };
  if (method.methodKind === 'server_streaming') {
    return (call: ServerWritableStream<unknown, unknown>) => {
      serve(call, call.request);
    };
  }
  return (call: ServerDuplexStream<unknown, unknown>) => {
    // Destroyed with the end of its requests, a duplex stream would take the answers with it.
    const requests = oneByOne(call.iterator({ destroyOnReturn: false }), () => door.taken(call.metadata));
    serve(call, requests);
  };
}

/** The same requests; `done` is called when the next one is asked for. */
async function* oneByOne(requests: AsyncIterable<unknown>, done: () => void): AsyncGenerator<unknown> {
  for await (const request of requests) {
    yield request;
    done();
  }
}

function serveUnary(handle: UnaryHandler, log: Logger, door: Pick<GrpcDoor, 'admissionOf'>): UntypedHandleCall {
  return (call: ServerUnaryCall<unknown, unknown>, callback: sendUnaryData<unknown>) => {
    handle(call.request, contextOf(call, door))
      .then(
        (response) => callback(null, response),
        (error: unknown) => callback(toStatus(toOnePushError(error, log))),
      )
      .catch(unanswered(log));
  };
}

/** An answer that cannot be sent concerns its caller only. */
function unanswered(log: Logger): (error: unknown) => void {
  return (error) => log.error(describeError(error), 'a call could not be answered');
}

/** Sends what the handler yields, at the pace of the caller. */
async function answer(
  call: Outgoing,
  context: CallContext,
  handle: (context: CallContext) => AsyncIterable<unknown>,
  log: Logger,
): Promise<void> {
  try {
    for await (const message of handle(context)) {
      if (!call.write(message)) await once(call, 'drain', { signal: context.signal });
    }
    call.end();
  } catch (error) {
    if (!context.signal.aborted) call.emit('error', toStatus(toOnePushError(error, log)));
  }
}

function contextOf(
  call: ServerUnaryCall<unknown, unknown> | Outgoing,
  door: Pick<GrpcDoor, 'admissionOf'>,
): CallContext {
  // All of them are emitters; their own types have no signature of `on` in common.
  const events: EventEmitter = call;
  let controller: AbortController | undefined;
  return {
    ...door.admissionOf(call.metadata),
    headers: call.metadata,
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
