import { type EventEmitter, once } from 'node:events';
import type { DescMethod } from '@bufbuild/protobuf';
import type {
  Metadata,
  ServerDuplexStream,
  ServerUnaryCall,
  ServerWritableStream,
  sendUnaryData,
  UntypedHandleCall,
} from '@grpc/grpc-js';
import { describeError, type Logger } from '../../../common/logs/log.js';
import { parseAuthorization } from '../service/auth.js';
import type { CallContext } from '../service/handlers.js';
import { toOnePushError } from '../wire/failures.js';
import { toStatus } from '../wire/status.js';

type UnaryHandler = (request: unknown, call: CallContext) => Promise<unknown>;
type StreamHandler = (input: unknown, call: CallContext) => AsyncIterable<unknown>;
type Outgoing = ServerWritableStream<unknown, unknown> | ServerDuplexStream<unknown, unknown>;

/**
 * Serves one method of a service with its handler.
 *
 * @param taken told when the handler of a stream of requests has done with one
 */
export function toGrpcCall(
  method: DescMethod,
  handler: unknown,
  log: Logger,
  taken: (metadata: Metadata) => void,
): UntypedHandleCall {
  // A handler has the kind of its method: the type of PushCoreHandlers says so.
  if (method.methodKind === 'unary') return serveUnary(handler as UnaryHandler, log);
  const handle = handler as StreamHandler;
  if (method.methodKind === 'server_streaming') {
    return (call: ServerWritableStream<unknown, unknown>) => {
      answer(call, (context) => handle(call.request, context), log).catch(unanswered(log));
    };
  }
  return (call: ServerDuplexStream<unknown, unknown>) => {
    // Destroyed with the end of its requests, a duplex stream would take the answers with it.
    const requests = oneByOne(call.iterator({ destroyOnReturn: false }), () => taken(call.metadata));
    answer(call, (context) => handle(requests, context), log).catch(unanswered(log));
  };
}

/** The same requests; `done` is called when the next one is asked for. */
async function* oneByOne(requests: AsyncIterable<unknown>, done: () => void): AsyncGenerator<unknown> {
  for await (const request of requests) {
    yield request;
    done();
  }
}

function serveUnary(handle: UnaryHandler, log: Logger): UntypedHandleCall {
  return (call: ServerUnaryCall<unknown, unknown>, callback: sendUnaryData<unknown>) => {
    handle(call.request, contextOf(call))
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
    if (!context.signal.aborted) call.emit('error', toStatus(toOnePushError(error, log)));
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
