import { AggregatorRegistry, type MetricObject, type Registry } from 'prom-client';
import type { MetricJson } from './messages.js';

/** The metrics of all workers as those of one process. What a process had counted when it died stays counted. */
export interface Totals {
  /** Takes the metrics of worker `index`; undefined: it does not answer. */
  reported(index: number, metrics: readonly MetricJson[] | undefined): void;
  /** The process of worker `index` is gone: the next one counts from nothing. */
  died(index: number): void;
  /** In Prometheus' text format. */
  page(): Promise<string>;
}

/** Returns totals of no workers. */
export function createTotals(): Totals {
  /** The last report of each worker. */
  const last = new Map<number, readonly MetricJson[]>();
  /** Counts of processes that are gone. */
  let retired: (readonly MetricJson[])[] = [];

  return {
    reported(index, metrics) {
      last.set(index, metrics ?? counted(last.get(index) ?? []));
    },
    died(index) {
      const gone = counted(last.get(index) ?? []);
      if (gone.length > 0) retired.push(gone);
      last.delete(index);
    },
    async page() {
      const parts = retired.length;
      const sum: readonly MetricJson[] = await merge(retired).getMetricsAsJSON();
      // One that died meanwhile is behind those that are summed up.
      retired = [sum, ...retired.slice(parts)];
      return merge([...last.values(), ...retired]).metrics();
    },
  };
}

/** Returns what only grows: a gauge of a process that is gone says nothing. */
function counted(metrics: readonly MetricJson[]): MetricJson[] {
  // The types have an enum's numbers; it is the words that are there.
  return metrics.filter(({ type }) => ['counter', 'histogram'].includes(String(type)));
}

function merge(reports: (readonly MetricJson[])[]): Registry {
  // Its types ask for one array of objects; it takes what getMetricsAsJSON made, a list for each process.
  return AggregatorRegistry.aggregate(reports as unknown as MetricObject[]);
}
