import { randomUUID } from 'node:crypto';
import {
  type Context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  type Link,
  ROOT_CONTEXT,
  type Tracer as SdkTracer,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BasicTracerProvider,
  ParentBasedSampler,
  type Sampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base';
import type { Logger } from '../logs/log.js';
import { sleep } from '../timers.js';
import { VERSION } from '../version.js';
import { createExport } from './export.js';
import type { TracingConfig } from './settings.js';
import {
  isSampled,
  type Span,
  type SpanOptions,
  type TraceContext,
  type Tracer,
  type Tracing,
  toHttpHeaders,
} from './tracer.js';

/** The one module that loads OpenTelemetry, and is itself loaded only where traces are on. */

/** Time that the last spans have to reach the collector, in milliseconds. */
const LAST_EXPORT_MS = 2000;

/** Begins to record and export spans. Nothing is registered globally: no other code of the process is traced. */
export function startTracing(config: TracingConfig, log: Logger): Tracing {
  const { processor, counts } = createExport(new OTLPTraceExporter(), config.batch, log);
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({
      'service.version': VERSION,
      'service.instance.id': randomUUID(),
      ...config.resource,
      'service.name': config.serviceName,
    }),
    sampler: toSampler(config),
    spanProcessors: [processor],
  });
  return {
    tracer: toTracer(provider.getTracer('onepush', VERSION)),
    counts,
    async stop() {
      await Promise.race([provider.shutdown().catch(() => {}), sleep(LAST_EXPORT_MS)]);
    },
  };
}

function toTracer(tracer: SdkTracer): Tracer {
  const propagator = new W3CTraceContextPropagator();
  return {
    start(name, options) {
      const { kind = 'INTERNAL', parent, follows, attributes = {}, startedAt } = options;
      const links: Link[] = follows === undefined ? [] : [{ context: toSpanContext(follows) }];
      const span = tracer.startSpan(
        name,
        { kind: SpanKind[kind], attributes, links, ...(startedAt === undefined ? {} : { startTime: startedAt }) },
        toContext(parent),
      );
      if (!span.isRecording()) return undefined;
      const context = span.spanContext();
      const recorded: Span = {
        context,
        set: (more) => void span.setAttributes(more),
        event: (event, more) => void span.addEvent(event, more),
        fail(reason, isOurs = true) {
          span.setAttribute('error.type', reason);
          if (isOurs) span.setStatus({ code: SpanStatusCode.ERROR, message: reason });
        },
        end: () => span.end(),
      };
      return recorded;
    },
    read(headers) {
      return trace.getSpanContext(propagator.extract(ROOT_CONTEXT, toHttpHeaders(headers), defaultTextMapGetter));
    },
    write(context) {
      const carrier = { traceparent: '', tracestate: '' };
      propagator.inject(toContext(context), carrier, defaultTextMapSetter);
      return carrier;
    },
  };
}

function toContext(parent: SpanOptions['parent']): Context {
  return parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, toSpanContext(parent));
}

/** Safe: contexts are made here alone. */
function toSpanContext(context: TraceContext): SpanContext {
  return context as SpanContext;
}

function toSampler({ sampler, ratio }: TracingConfig): Sampler {
  const byShare = new TraceIdRatioBasedSampler(ratio);
  const samplers: Record<TracingConfig['sampler'], Sampler> = {
    always_on: new AlwaysOnSampler(),
    always_off: new AlwaysOffSampler(),
    traceidratio: byShare,
    parentbased_always_on: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
    parentbased_always_off: new ParentBasedSampler({ root: new AlwaysOffSampler() }),
    parentbased_traceidratio: new ParentBasedSampler({ root: byShare }),
  };
  return followingSampler(samplers[sampler]);
}

/** A span that begins a trace because of an earlier one is sampled as that one was. */
function followingSampler(rest: Sampler): Sampler {
  return {
    shouldSample(context, traceId, name, kind, attributes, links) {
      const [cause] = links;
      if (cause === undefined) return rest.shouldSample(context, traceId, name, kind, attributes, links);
      const isWanted = isSampled(cause.context);
      return { decision: isWanted ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.NOT_RECORD };
    },
    toString: () => rest.toString(),
  };
}
