/** The place of a span within its trace, by which others continue it. Made by a `Tracer` alone. */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  /** As in `traceparent`: 1 is sampled. */
  readonly traceFlags: number;
}

/** The headers of W3C Trace Context; "" where absent. */
export interface TraceHeaders {
  /** The trace, the caller's span, and whether it is sampled. */
  readonly traceparent: string;
  /** The words of tracing systems about it. */
  readonly tracestate: string;
}

/** Facts about a span or an event. Never content, aliases, tokens or ids of devices: those are secrets of others. */
export type TraceAttributes = Readonly<Record<string, string | number | boolean>>;

/** One piece of work that is recorded. */
export interface Span {
  /** Its place within its trace. */
  readonly context: TraceContext;
  /** Adds facts, or replaces them. */
  set(attributes: TraceAttributes): void;
  /** Adds a moment: now. */
  event(name: string, attributes?: TraceAttributes): void;
  /**
   * Marks it as failed.
   *
   * @param reason one of a known set, never a text with values
   * @param isOurs false: it is the caller's fault, which is no error of the one who answers
   */
  fail(reason: string, isOurs?: boolean): void;
  /** Ends it, now: from here on nothing changes. */
  end(): void;
}

/** The side of a call that a span stands for; INTERNAL: of none. */
export type SpanKind = 'INTERNAL' | 'SERVER' | 'CLIENT' | 'PRODUCER' | 'CONSUMER';

/** The beginning of a span. */
export interface SpanOptions {
  /** INTERNAL by default. */
  readonly kind?: SpanKind;
  /** The span that it is a part of; undefined: it begins a trace. */
  readonly parent?: TraceContext | undefined;
  /** For a span without a parent: the one that caused it, long before. Sampled if that one is, and linked to it. */
  readonly follows?: TraceContext | undefined;
  /** Facts that are known at its beginning. */
  readonly attributes?: TraceAttributes;
  /** Milliseconds since the epoch; absent: now. */
  readonly startedAt?: number;
}

/**
 * Records spans. There is one only where traces are on: whoever has none does nothing, and a hot path asks no more than
 * that. Nothing fails, and nothing waits for a collector.
 */
export interface Tracer {
  /** Begins a span; undefined: it is not sampled. */
  start(name: string, options: SpanOptions): Span | undefined;
  /** Returns the context of a caller; undefined: the headers have none, or are no W3C Trace Context. */
  read(headers: TraceHeaders): TraceContext | undefined;
  /** Returns the headers by which another process continues from here. */
  write(context: TraceContext): TraceHeaders;
}

/** Returns the headers of an HTTP request (W3C Trace Context); none where there is no trace. */
export function toHttpHeaders(trace: TraceHeaders | undefined): Record<string, string> {
  if (trace === undefined) return {};
  const { traceparent, tracestate } = trace;
  return tracestate === '' ? { traceparent } : { traceparent, tracestate };
}

/** Returns true if a trace is recorded. */
export function isSampled({ traceFlags }: TraceContext): boolean {
  return (traceFlags & 1) === 1;
}

/** The traces of one process. */
export interface Tracing {
  /** Records spans. */
  readonly tracer: Tracer;
  /** Numbers of spans by what became of them, since the start. */
  counts(): SpanCounts;
  /** Exports what waits, within two seconds; what is recorded later is dropped. */
  stop(): Promise<void>;
}

/** Numbers of spans. `dropped`: too many waited. `failed`: the collector could not be reached, or refused them. */
export type SpanCounts = Readonly<Record<'exported' | 'dropped' | 'failed', number>>;
