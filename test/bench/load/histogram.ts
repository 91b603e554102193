import { build } from 'hdr-histogram-js';

/** A distribution of latencies, in milliseconds. */
export interface Latencies {
  count: number;
  p50: number;
  p90: number;
  p99: number;
  p999: number;
  max: number;
}

/** Collects microseconds, up to a minute, with three digits. */
export interface Histogram {
  record(micros: number): void;
  summary(): Latencies;
}

const MAX_MICROS = 60_000_000;

export function createHistogram(): Histogram {
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: MAX_MICROS,
    numberOfSignificantValueDigits: 3,
    useWebAssembly: false,
  });
  const at = (percentile: number): number => histogram.getValueAtPercentile(percentile) / 1000;
  return {
    record: (micros) => histogram.recordValue(Math.min(MAX_MICROS, Math.max(1, micros))),
    summary: () => ({
      count: histogram.totalCount,
      p50: at(50),
      p90: at(90),
      p99: at(99),
      p999: at(99.9),
      max: histogram.maxValue / 1000,
    }),
  };
}
