import { OnePushError } from '../../../common/errors.js';
import { type CallContext, eachHandler, type PushCoreHandlers } from './handlers.js';

/** Through what a call came. */
export type Transport = 'grpc' | 'connect' | 'link';

/** Told of each call that is over. `code`: the name of its gRPC status. */
export type ObserveCall = (transport: Transport, method: string, code: string, seconds: number) => void;

type UnaryHandler = (request: unknown, call: CallContext) => Promise<unknown>;
type StreamHandler = (input: unknown, call: CallContext) => AsyncIterable<unknown>;

/** The handlers, watched: what they answer is unchanged. A stream is over when its last message has been taken. */
export function observeCalls(handlers: PushCoreHandlers, transport: Transport, observe: ObserveCall): PushCoreHandlers {
  const watched = [...eachHandler(handlers)].map(({ method, handler }) => {
    const over = (begun: number, code: string): void =>
      observe(transport, method.name, code, (performance.now() - begun) / 1000);
    // A handler has the kind of its method: the type of PushCoreHandlers says so.
    const observed =
      method.methodKind === 'unary'
        ? observedUnary(handler as UnaryHandler, over)
        : observedStream(handler as StreamHandler, over);
    return [method.localName, observed];
  });
  // Each handler has the type of the one that it calls.
  return Object.fromEntries(watched) as PushCoreHandlers;
}

type Over = (begun: number, code: string) => void;

/** Hot: one call for each request. */
function observedUnary(handle: UnaryHandler, over: Over): UnaryHandler {
  return async (request, call) => {
    const begun = performance.now();
    try {
      const answer = await handle(request, call);
      over(begun, 'OK');
      return answer;
    } catch (error) {
      over(begun, call.cancelled ? 'CANCELLED' : codeOf(error));
      throw error;
    }
  };
}

function observedStream(handle: StreamHandler, over: Over): StreamHandler {
  return async function* (input, call) {
    const begun = performance.now();
    // What it stays at when the caller goes away.
    let code = 'CANCELLED';
    try {
      yield* handle(input, call);
      if (!call.cancelled) code = 'OK';
    } catch (error) {
      if (!call.cancelled) code = codeOf(error);
      throw error;
    } finally {
      over(begun, code);
    }
  };
}

function codeOf(error: unknown): string {
  return error instanceof OnePushError ? error.row.grpc : 'INTERNAL';
}
