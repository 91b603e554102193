import type { MetricObjectWithValues, MetricValue } from 'prom-client';

/** What a worker tells its parent. */
export type FromWorker =
  /** It serves the public port. */
  | { kind: 'ready' }
  /** How it stands: the answer to a ReportRequest. */
  | { kind: 'report'; id: number; report: WorkerReport };

/** Asks a worker how it stands. */
export interface ReportRequest {
  kind: 'report';
  id: number;
  about: 'metrics' | 'readiness';
}

export interface WorkerReport {
  /** Why it cannot serve sends; undefined: it can, or was not asked. */
  obstacle: string | undefined;
  /** Its metrics, as the registry makes them for aggregation; none if it was not asked. */
  metrics: MetricJson[];
}

/** One metric with its values, as prom-client hands it from process to process. */
export type MetricJson = MetricObjectWithValues<MetricValue<string>>;
