import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';
import { describe, expect, it } from 'vitest';
import { createLogger } from '../../../../common/logs/log.js';
import { createExport } from '../../../../common/tracing/export.js';

const log = createLogger('test', 'silent');
const BATCH = { maxQueueSize: 4, maxExportBatchSize: 2, scheduledDelayMillis: 60_000, exportTimeoutMillis: 60_000 };
// The part of a span that a batch looks at before it is exported.
const span = { spanContext: () => ({ traceFlags: 1 }), resource: {} } as unknown as ReadableSpan;

/** A collector that answers when it is told to. */
function slowExporter() {
  const open: { spans: number; done: (code: number) => void }[] = [];
  const exporter: SpanExporter = {
    export: (spans, done) => void open.push({ spans: spans.length, done: (code) => done({ code }) }),
    shutdown: async () => {},
  };
  return { exporter, open };
}

describe('spans', () => {
  it('wait up to a number while the collector does not answer; the rest is dropped and counted', async () => {
    const { exporter, open } = slowExporter();
    const { processor, counts } = createExport(exporter, BATCH, log);
    for (let count = 0; count < 100; count++) processor.onEnd(span);
    // Two are under way, four wait.
    expect(open.map(({ spans }) => spans)).toEqual([2]);
    expect(counts()).toEqual({ exported: 0, dropped: 94, failed: 0 });
    open[0]?.done(0);
    expect(counts()).toMatchObject({ exported: 2, dropped: 94 });
    const flushed = processor.forceFlush().catch(() => {});
    for (const { done } of open.slice(1)) done(1);
    await flushed;
    expect(counts().failed + counts().exported).toBe(6);
    processor.onEnd(span);
    expect(counts().dropped).toBe(94);
  });
});
