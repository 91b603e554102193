import { BatchSpanProcessor, type SpanExporter, type SpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { Logger } from '../logs/log.js';
import { createTroubleLog } from '../logs/trouble.js';
import type { TracingConfig } from './settings.js';
import type { SpanCounts } from './tracer.js';

/** Milliseconds between two lines about spans that are dropped. */
const WARN_EVERY = 60_000;

/**
 * Returns what takes spans that have ended and exports them in batches, one at a time. Whatever the collector does, no
 * more than a number of spans wait, and the rest is dropped and counted: OpenTelemetry's own processor does not say how
 * many it has dropped.
 */
export function createExport(
  exporter: SpanExporter,
  batch: TracingConfig['batch'],
  log: Logger,
): { processor: SpanProcessor; counts: () => SpanCounts } {
  const counts = { exported: 0, dropped: 0, failed: 0 };
  const trouble = createTroubleLog(log, 'traces cannot be exported now');
  let waiting = 0;
  let warnedAt = Number.NEGATIVE_INFINITY;

  const counting: SpanExporter = {
    export(spans, done) {
      waiting -= spans.length;
      exporter.export(spans, (result) => {
        // ExportResultCode.SUCCESS
        if (result.code === 0) {
          counts.exported += spans.length;
          if (trouble.over()) log.info('traces can be exported again');
        } else {
          counts.failed += spans.length;
          trouble.met(result.error);
        }
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
  };
  const batches = new BatchSpanProcessor(counting, { ...batch });

  function drop(): void {
    counts.dropped++;
    const now = performance.now();
    if (now - warnedAt < WARN_EVERY) return;
    warnedAt = now;
    log.warn('spans are dropped: they come faster than the collector takes them');
  }

  const processor: SpanProcessor = {
    onStart() {},
    onEnd(span) {
      if (waiting >= batch.maxQueueSize) return drop();
      waiting++;
      batches.onEnd(span);
    },
    forceFlush: () => batches.forceFlush(),
    shutdown: () => batches.shutdown(),
  };
  return { processor, counts: () => counts };
}
