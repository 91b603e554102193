import type { Span, SpanOptions, TraceContext, Tracer } from '../../../common/tracing/tracer.js';

/** A push, or a job, whose trace is recorded. */
export interface TracedPush {
  /** The id that its caller knows. */
  readonly id: number;
  /** The span that brought it: its commit. */
  readonly context: TraceContext;
  /** Time of that, in milliseconds since the epoch. */
  readonly since: number;
  /** Time at which it ends for whoever has not got it, in milliseconds since the epoch. */
  readonly expiresAt: number;
  /** The first devices that it goes to; undefined: it goes to topics. */
  readonly deviceNums: ReadonlySet<number> | undefined;
  /** Number of spans that follow from it. */
  spans: number;
}

/**
 * Pushes whose traces are recorded, for what comes of them later. In memory alone: after a restart nothing is known of
 * them.
 */
export interface TracedPushes {
  /** Remembers one; the oldest is forgotten for it. */
  add(push: Omit<TracedPush, 'spans'>): void;
  /** Returns one that is remembered. */
  find(id: number): TracedPush | undefined;
  /**
   * Begins a span that follows from a push: soon, as a part of its trace; later, as a trace of its own with a link to
   * it. Undefined: the push has enough of them.
   */
  begin(push: TracedPush, name: string, options: Omit<SpanOptions, 'parent' | 'follows'>): Span | undefined;
}

/** Pushes that are remembered. */
const MAX_PUSHES = 10_000;
/** Spans that follow from one push. */
const MAX_SPANS = 100;
/** Milliseconds in which the spans of a push are parts of its trace: systems look at traces of some minutes. */
const TOGETHER_MS = 5 * 60_000;

/** Returns no pushes at all. */
export function createTracedPushes(tracer: Pick<Tracer, 'start'>, now: () => number): TracedPushes {
  /** The oldest first. */
  const pushes = new Map<number, TracedPush>();
  return {
    add(push) {
      pushes.set(push.id, { ...push, spans: 0 });
      if (pushes.size <= MAX_PUSHES) return;
      for (const oldest of pushes.keys()) {
        pushes.delete(oldest);
        break;
      }
    },
    find: (id) => pushes.get(id),
    begin(push, name, options) {
      if (push.spans >= MAX_SPANS) return undefined;
      push.spans++;
      const { context } = push;
      const isSoon = now() - push.since < TOGETHER_MS;
      return tracer.start(name, {
        ...options,
        ...(isSoon ? { parent: context } : { follows: context }),
        attributes: { ...messageAttributes(push.id), ...options.attributes },
      });
    },
  };
}

/** Returns the attributes by which messaging systems name a message. */
export function messageAttributes(pushId: number): Record<string, string> {
  return { 'messaging.system': 'onepush', 'messaging.message.id': String(pushId) };
}
