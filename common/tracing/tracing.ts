import type { Logger } from '../logs/log.js';
import { byLabel, type Meters } from '../metrics.js';
import type { TracingConfig } from './settings.js';
import type { SpanCounts, Tracing } from './tracer.js';

const NONE: SpanCounts = { exported: 0, dropped: 0, failed: 0 };

/** Loads OpenTelemetry and returns the traces of a process; undefined: they are off, and nothing is loaded. */
export async function openTracing(config: TracingConfig | undefined, log: Logger): Promise<Tracing | undefined> {
  if (config === undefined) return undefined;
  const { startTracing } = await import('./open-telemetry.js');
  const { collector, sampler, ratio } = config;
  log.info({ collector, sampler, ...(sampler.endsWith('ratio') ? { ratio } : {}) }, 'traces are exported');
  return startTracing(config, log);
}

/** Adds the metric of spans, which stays at 0 where traces are off. */
export function meterSpans({ counter }: Pick<Meters, 'counter'>, tracing: Tracing | undefined): void {
  counter('onepush_spans_total', 'Spans of traces that ended, by what became of them.', () =>
    byLabel('result', tracing?.counts() ?? NONE),
  );
}
