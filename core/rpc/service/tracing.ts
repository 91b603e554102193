import type { DescMethod } from '@bufbuild/protobuf';
import { status } from '@grpc/grpc-js';
import { OnePushError } from '../../../common/errors.js';
import {
  isSampled,
  type Span,
  type TraceAttributes,
  type TraceContext,
  type TraceHeaders,
  type Tracer,
} from '../../../common/tracing/tracer.js';
import { type CallContext, type CallHeaders, eachHandler, type PushCoreHandlers } from './handlers.js';
import { type ObserveCall, observeCalls, type Transport } from './interceptors.js';

type UnaryHandler = (request: unknown, call: CallContext) => Promise<unknown>;
type StreamHandler = (input: unknown, call: CallContext) => AsyncIterable<unknown>;

/** Pushes of one stream whose stream is traced, and that are parts of its trace. */
const MAX_ITEMS = 100;
/** Statuses that are the core's own fault, by OpenTelemetry's conventions for servers. */
const OUR_FAULTS = new Set(['UNKNOWN', 'DEADLINE_EXCEEDED', 'UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS']);
const SYSTEMS: Record<Transport, string> = { grpc: 'grpc', connect: 'connect_rpc', link: 'onepush_link' };

/** Returns the handlers as those of a transport: counted, and traced where there is a tracer. */
export function watchCalls(handlers: PushCoreHandlers, observe: ObserveCall, tracer: Tracer | undefined) {
  return (transport: Transport): PushCoreHandlers =>
    observeCalls(tracer ? traceCalls(handlers, transport, tracer) : handlers, transport, observe);
}

/**
 * The handlers, traced: each sampled call has a span, as a part of the caller's trace if there is one. An edge decides
 * which of its calls are sampled: the others bring nothing, and are not asked about again.
 */
export function traceCalls(handlers: PushCoreHandlers, transport: Transport, tracer: Tracer): PushCoreHandlers {
  const traced = [...eachHandler(handlers)].map(({ method, handler }) => {
    const begin = (call: CallContext): Span | undefined => beginCall(tracer, transport, method, call);
    // A handler has the kind of its method: the type of PushCoreHandlers says so.
    const own =
      method.methodKind === 'unary'
        ? tracedUnary(handler as UnaryHandler, begin)
        : tracedStream(handler as StreamHandler, begin);
    return [method.localName, own];
  });
  // Each handler has the type of the one that it calls.
  return Object.fromEntries(traced) as PushCoreHandlers;
}

/** Returns the headers of a call over the link; undefined: it is not traced. */
export function toCallHeaders({ traceparent, tracestate }: TraceHeaders): CallHeaders | undefined {
  if (traceparent === '') return undefined;
  return { get: (name) => (name === 'traceparent' ? traceparent : tracestate) };
}

function beginCall(tracer: Tracer, transport: Transport, method: DescMethod, call: CallContext): Span | undefined {
  const parent = call.headers && readContext(tracer, call.headers);
  if (transport === 'link' && parent === undefined) return undefined;
  const service = method.parent.typeName;
  const attributes = { 'rpc.system': SYSTEMS[transport], 'rpc.service': service, 'rpc.method': method.name };
  const span = tracer.start(`${service}/${method.name}`, { kind: 'SERVER', parent, attributes });
  if (method.methodKind === 'bidi_streaming') call.startItem = itemsOf(tracer, parent, span, attributes);
  call.trace = span;
  return span;
}

/**
 * Returns what begins the span of each push of a stream: of a stream that is traced the first ones are parts of its
 * trace; of one that nobody traces each is sampled for itself.
 */
function itemsOf(
  tracer: Tracer,
  caller: TraceContext | undefined,
  stream: Span | undefined,
  attributes: TraceAttributes,
): CallContext['startItem'] {
  if (stream === undefined && caller !== undefined && !isSampled(caller)) return undefined;
  let items = 0;
  return () => {
    if (stream !== undefined && ++items > MAX_ITEMS) return undefined;
    return tracer.start('send', { kind: 'SERVER', parent: stream?.context, attributes });
  };
}

/** Ends a span with work, as what becomes of that. */
export async function endWith<T>(span: Span, work: () => Promise<T>): Promise<T> {
  try {
    const done = await work();
    span.set({ 'rpc.grpc.status_code': status.OK });
    return done;
  } catch (error) {
    fail(span, error);
    throw error;
  } finally {
    span.end();
  }
}

function fail(span: Span, error: unknown): void {
  const code = error instanceof OnePushError ? error.row.grpc : 'INTERNAL';
  span.set({ 'rpc.grpc.status_code': status[code] });
  span.fail(error instanceof OnePushError ? error.reason : 'UNEXPECTED', OUR_FAULTS.has(code));
}

function tracedUnary(handle: UnaryHandler, begin: (call: CallContext) => Span | undefined): UnaryHandler {
  return (request, call) => {
    const span = begin(call);
    return span === undefined ? handle(request, call) : endWith(span, () => handle(request, call));
  };
}

function tracedStream(handle: StreamHandler, begin: (call: CallContext) => Span | undefined): StreamHandler {
  return async function* (input, call) {
    const span = begin(call);
    try {
      yield* handle(input, call);
    } catch (error) {
      if (span !== undefined && !call.cancelled) fail(span, error);
      throw error;
    } finally {
      span?.end();
    }
  };
}

/** Returns the context that a caller has sent. More than one `traceparent` is none. */
function readContext(tracer: Tracer, headers: CallHeaders): TraceContext | undefined {
  const traceparent = textOf(headers.get('traceparent'));
  return traceparent === '' ? undefined : tracer.read({ traceparent, tracestate: textOf(headers.get('tracestate')) });
}

/** As Connect has it: the values of a header with commas between them. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return Array.isArray(value) ? value.filter((part) => typeof part === 'string').join(',') : '';
}
