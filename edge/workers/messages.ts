import type { MetricObjectWithValues, MetricValue } from 'prom-client';

/** The messages of a worker to its parent. */
export type FromWorker =
  /** It serves the public port. */
  | { kind: 'ready' }
  /** The answer to a ReportRequest. */
  | { kind: 'report'; id: number; report: WorkerReport };

/** Asks a worker how it stands. */
export interface ReportRequest {
  /** Tells it from other messages. */
  kind: 'report';
  /** The answer has the same. */
  id: number;
  /** The part of the report that is wanted. */
  about: 'metrics' | 'readiness';
}

/** The state of a worker. */
export interface WorkerReport {
  /** The reason for which it cannot serve sends; undefined: it can, or was not asked. */
  obstacle: string | undefined;
  /** Its metrics, as the registry makes them for aggregation; none if it was not asked. */
  metrics: MetricJson[];
}

/** One metric with its values, as prom-client hands it from process to process. */
export type MetricJson = MetricObjectWithValues<MetricValue<string>>;
