import { accessSync, constants } from 'node:fs';
import type { EnvReader } from '../settings/env.js';

/** Samplers by the names that OpenTelemetry gives them. */
const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

/** Settings of traces, checked. The exporter reads what is not here (headers, certificates, time-out) by itself. */
export interface TracingConfig {
  /** Host and port of the collector, for the log. */
  readonly collector: string;
  /** The name of the process among others. */
  readonly serviceName: string;
  /** Facts about the process, from OTEL_RESOURCE_ATTRIBUTES. */
  readonly resource: Readonly<Record<string, string>>;
  /** The one that decides which traces are recorded. */
  readonly sampler: (typeof SAMPLERS)[number];
  /** Share of the traces that it records, where it goes by a share. */
  readonly ratio: number;
  /** Bounds of the spans that wait for the collector, with the names that OpenTelemetry has for them. */
  readonly batch: {
    readonly maxQueueSize: number;
    readonly maxExportBatchSize: number;
    readonly scheduledDelayMillis: number;
    readonly exportTimeoutMillis: number;
  };
}

/**
 * Of a hundred pushes that no caller traces, one: a push service has thousands a second. Whoever traces a push gets its
 * trace in any case.
 */
const DEFAULT_RATIO = 0.01;
const MAX_MS = 600_000;
/** Settings of the exporter that may be said of all signals, or of traces alone. */
const OF_EXPORTER = ['OTEL_EXPORTER_OTLP', 'OTEL_EXPORTER_OTLP_TRACES'] as const;

/**
 * Reads OpenTelemetry's own settings, and gathers what is wrong with them.
 *
 * @returns undefined: traces are off, and the other settings are not looked at
 */
export function readTracing(env: EnvReader, process: 'core' | 'edge'): TracingConfig | undefined {
  const endpoints = OF_EXPORTER.map((prefix) => `${prefix}_ENDPOINT`).filter((name) => env.text(name) !== undefined);
  const isOff = env.text('OTEL_SDK_DISABLED')?.toLowerCase() === 'true';
  if (endpoints.length === 0 || isOff) return undefined;
  if (env.oneOf('OTEL_TRACES_EXPORTER', 'otlp', ['otlp', 'none']) === 'none') return undefined;
  const urls = endpoints.map((name) => readUrl(env, name));
  for (const prefix of OF_EXPORTER) checkExporter(env, prefix);
  const maxQueueSize = env.integer('OTEL_BSP_MAX_QUEUE_SIZE', 2048, 1, 100_000);
  return {
    collector: urls.at(-1)?.host ?? '',
    serviceName: env.text('OTEL_SERVICE_NAME') ?? `onepush-${process}`,
    resource: readPairs(env, 'OTEL_RESOURCE_ATTRIBUTES'),
    sampler: env.oneOf('OTEL_TRACES_SAMPLER', 'parentbased_traceidratio', SAMPLERS),
    ratio: readRatio(env),
    batch: {
      maxQueueSize,
      maxExportBatchSize: env.integer('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', Math.min(512, maxQueueSize), 1, maxQueueSize),
      scheduledDelayMillis: env.integer('OTEL_BSP_SCHEDULE_DELAY', 5000, 1, MAX_MS),
      exportTimeoutMillis: env.integer('OTEL_BSP_EXPORT_TIMEOUT', 30_000, 1, MAX_MS),
    },
  };
}

function checkExporter(env: EnvReader, prefix: (typeof OF_EXPORTER)[number]): void {
  env.oneOf(`${prefix}_PROTOCOL`, 'http/protobuf', ['http/protobuf']);
  env.oneOf(`${prefix}_COMPRESSION`, 'none', ['none', 'gzip']);
  env.integer(`${prefix}_TIMEOUT`, 10_000, 1, MAX_MS);
  readPairs(env, `${prefix}_HEADERS`);
  for (const name of ['CERTIFICATE', 'CLIENT_CERTIFICATE', 'CLIENT_KEY']) checkFile(env, `${prefix}_${name}`);
}

function checkFile(env: EnvReader, name: string): void {
  const path = env.text(name);
  if (path === undefined) return;
  try {
    accessSync(path, constants.R_OK);
  } catch {
    env.problem(`${name} must be a file that can be read`);
  }
}

function readUrl(env: EnvReader, name: string): URL | undefined {
  const text = env.text(name) ?? '';
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  env.problem(`${name} must be an address such as http://collector:4318`);
  return undefined;
}

function readRatio(env: EnvReader): number {
  const text = env.text('OTEL_TRACES_SAMPLER_ARG');
  if (text === undefined) return DEFAULT_RATIO;
  const ratio = Number(text);
  if (/^\d*\.?\d+$/.test(text) && ratio <= 1) return ratio;
  env.problem('OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1');
  return DEFAULT_RATIO;
}

/** `name=value,name=value`, both percent-encoded where they have commas or blanks. */
function readPairs(env: EnvReader, name: string): Record<string, string> {
  const pairs: Record<string, string> = {};
  for (const part of (env.text(name) ?? '').split(',').map((text) => text.trim())) {
    if (part === '') continue;
    const [, key, value] = /^([^=\s]+)\s*=\s*(.*)$/.exec(part) ?? [];
    try {
      if (key === undefined || value === undefined) throw new Error('no pair');
      pairs[decodeURIComponent(key)] = decodeURIComponent(value);
    } catch {
      env.problem(`${name} must be a list such as name=value,name=value`);
      break;
    }
  }
  return pairs;
}
