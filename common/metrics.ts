import { monitorEventLoopDelay } from 'node:perf_hooks';
import { collectDefaultMetrics, type Metric, Registry } from 'prom-client';
import { VERSION } from './version.js';

/** One value of a metric, with its labels. */
export interface Sample {
  /** Names and values of the labels. */
  labels: Readonly<Record<string, string>>;
  /** The value for these labels. */
  value: number;
}

/** Returns the value of a metric when it is read: one number, or one for each set of labels. */
export type Reading = () => number | Iterable<Sample> | Promise<Iterable<Sample>>;

/** The way in which the values of several workers become one. */
export type Merge = 'sum' | 'max' | 'first';

/** Counts values by size. Hot: an observation is a search among a few numbers and two additions. */
export interface Histogram {
  /** Counts one value. */
  observe(value: number): void;
}

/**
 * The metrics of one process. Nothing is computed before somebody reads them: counters are plain numbers of the modules
 * that count, and gauges are asked for.
 */
export interface Meters {
  /** The registry of prom-client that has them. */
  readonly registry: Registry;
  /** Adds a metric that only grows. */
  counter(name: string, help: string, read: Reading): void;
  /** Adds a metric that goes up and down. */
  gauge(name: string, help: string, read: Reading, merge?: Merge): void;
  /** Adds a histogram with these upper bounds. */
  histogram(name: string, help: string, bounds: readonly number[]): Histogram;
  /** A histogram for each combination of values of the labels, made when it is first asked for. */
  histograms(
    name: string,
    help: string,
    labels: readonly string[],
    bounds: readonly number[],
  ): (...values: readonly string[]) => Histogram;
}

/** Bounds of durations, in seconds. */
export const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
/** Bounds of the sizes of batches. */
export const SIZES = [1, 4, 16, 64, 256, 1024, 4096, 16_384];

/** Milliseconds between two looks at the event loop. */
const LOOP_RESOLUTION = 20;

interface Value extends Sample {
  metricName?: string;
}

interface Counts {
  labels: Readonly<Record<string, string>>;
  /** One more than there are bounds: the last is for what is above all. */
  buckets: number[];
  sum: number;
}

/** @param options `process`: with Node's own metrics, what the process was built from and how late its event loop is */
export function createMeters(options: { process: boolean } = { process: true }): Meters {
  const registry = new Registry();

  function add(name: string, type: string, help: string, merge: Merge, read: () => Promise<Value[]> | Value[]): void {
    const get = async () => ({ name, help, type, aggregator: merge, values: await read() });
    // A registry asks its metrics for no more than this; prom-client's own aggregation registers such objects too.
    registry.registerMetric({ name, help, type, aggregator: merge, get } as unknown as Metric);
  }

  function histograms(name: string, help: string, labels: readonly string[], bounds: readonly number[]) {
    const all = new Map<string, Counts & Histogram>();
    add(name, 'histogram', help, 'sum', () => [...all.values()].flatMap((counts) => toValues(name, bounds, counts)));
    return (...values: readonly string[]): Histogram => {
      const key = values.join('\n');
      const known = all.get(key);
      if (known !== undefined) return known;
      const made = createHistogram(
        bounds,
        Object.fromEntries(labels.map((label, index) => [label, values[index] ?? ''])),
      );
      all.set(key, made);
      return made;
    };
  }

  const meters: Meters = {
    registry,
    histograms,
    counter: (name, help, read) => add(name, 'counter', help, 'sum', () => valuesOf(read)),
    gauge: (name, help, read, merge = 'sum') => add(name, 'gauge', help, merge, () => valuesOf(read)),
    histogram: (name, help, bounds) => histograms(name, help, [], bounds)(),
  };
  if (options.process) addProcess(meters);
  return meters;
}

/** Plain numbers by the values of one label, as samples. */
export function byLabel(label: string, counts: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(counts).map(([name, value]) => ({ labels: { [label]: name }, value }));
}

async function valuesOf(read: Reading): Promise<Value[]> {
  const reading = await read();
  return typeof reading === 'number' ? [{ labels: {}, value: reading }] : [...reading];
}

function createHistogram(bounds: readonly number[], labels: Counts['labels']): Counts & Histogram {
  const buckets = Array<number>(bounds.length + 1).fill(0);
  const histogram: Counts & Histogram = {
    labels,
    buckets,
    sum: 0,
    observe(value) {
      let at = 0;
      while (at < bounds.length && value > (bounds[at] ?? 0)) at++;
      buckets[at] = (buckets[at] ?? 0) + 1;
      histogram.sum += value;
    },
  };
  return histogram;
}

/** As the text format has it: a bucket counts what the ones before it do. */
function toValues(name: string, bounds: readonly number[], { labels, buckets, sum }: Counts): Value[] {
  let count = 0;
  const values = buckets.map((more, index): Value => {
    count += more;
    const le = index < bounds.length ? String(bounds[index]) : '+Inf';
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: count };
  });
  values.push({ metricName: `${name}_sum`, labels, value: sum }, { metricName: `${name}_count`, labels, value: count });
  return values;
}

function addProcess({ registry, gauge }: Meters): void {
  collectDefaultMetrics({ register: registry });
  gauge(
    'onepush_build_info',
    'Always 1; the labels are the versions of ONE-PUSH and of Node.js.',
    () => [{ labels: { version: VERSION, node: process.versions.node }, value: 1 }],
    'first',
  );
  const delay = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION });
  delay.enable();
  gauge(
    'onepush_event_loop_delay_seconds',
    'How late the event loop was since the metrics were last read: the median, the 99th percentile and the worst.',
    () => {
      // A turn that is not late takes the resolution itself.
      const late = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e9 - LOOP_RESOLUTION / 1000) || 0;
      const samples = [0.5, 0.99, 1].map((quantile) => ({
        labels: { quantile: String(quantile) },
        value: late(quantile === 1 ? delay.max : delay.percentile(quantile * 100)),
      }));
      delay.reset();
      return samples;
    },
    'max',
  );
}
