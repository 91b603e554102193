import type { DescMethod } from '@bufbuild/protobuf';
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect';
import type { Logger } from '../../../common/logs/log.js';
import type { PushCore } from '../../../gen/onepush/v1/push_core_pb.js';
import { type CallContext, eachHandler, type PushCoreHandlers } from '../service/handlers.js';
import { toOnePushError } from '../wire/failures.js';
import { ADMISSION, REQUEST } from './door.js';
import { toConnectError } from './errors.js';

type UnaryHandler = (request: unknown, call: CallContext) => Promise<unknown>;
type StreamHandler = (input: unknown, call: CallContext) => AsyncIterable<unknown>;

/** Returns the handlers as Connect's router wants them. Their requests are those that the door has read. */
export function toConnectCalls(handlers: PushCoreHandlers, log: Logger): ServiceImpl<typeof PushCore> {
  const calls = [...eachHandler(handlers)].map(({ method, handler }) => [
    method.localName,
    toConnectCall(method, handler, log),
  ]);
  // Every method of the service is there, with the types of its handler.
  return Object.fromEntries(calls) as ServiceImpl<typeof PushCore>;
}

function toConnectCall(method: DescMethod, handler: unknown, log: Logger): unknown {
  // A handler has the kind of its method: the type of PushCoreHandlers says so.
  if (method.methodKind === 'unary') {
    const handle = handler as UnaryHandler;
    return (_request: unknown, context: HandlerContext) =>
      handle(context.values.get(REQUEST), contextOf(context)).catch((error: unknown) => {
        const refusal = toOnePushError(error, log);
        // What is given up since its deadline has passed says so.
        context.signal.throwIfAborted();
        throw toConnectError(refusal);
      });
  }
  const handle = handler as StreamHandler;
  return async function* (_input: unknown, context: HandlerContext) {
    const answers = handle(context.values.get(REQUEST), contextOf(context))[Symbol.asyncIterator]();
    try {
      for (;;) {
        const answer = await answers.next().catch((error: unknown) => {
          throw toConnectError(toOnePushError(error, log));
        });
        if (answer.done) break;
        // Connect throws in here what became of writing to a caller who has gone: no failure of the handler.
        yield answer.value;
      }
    } finally {
      await answers.return?.();
    }
    // A handler just stops when its call's deadline has passed: that must not look like the end of the stream.
    context.signal.throwIfAborted();
  };
}

function contextOf({ values, signal, requestHeader }: HandlerContext): CallContext {
  const admission = values.get(ADMISSION);
  if (admission === undefined) throw new Error('a call that was not let in');
  return {
    ...admission,
    headers: requestHeader,
    get cancelled() {
      return signal.aborted;
    },
    signal,
  };
}
