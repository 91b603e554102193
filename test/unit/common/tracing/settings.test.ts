import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError, EnvReader } from '../../../../common/settings/env.js';
import { readTracing } from '../../../../common/tracing/settings.js';
import { ROOT } from '../../../support/dist.js';

const ENDPOINT = 'OTEL_EXPORTER_OTLP_ENDPOINT';
const ON = { [ENDPOINT]: 'http://collector:4318' };

function read(env: Record<string, string>) {
  const reader = new EnvReader(env);
  const config = readTracing(reader, 'core');
  reader.done();
  return config;
}

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    read(env);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems;
  }
}

/** The names that a page explains. */
function documented(page: string): string[] {
  const [, section = ''] = readFileSync(join(ROOT, page), 'utf8').split(/^## (?:Traces|链路追踪)$/m);
  const rows = section.split(/^## /m)[0]?.match(/^\| `OTEL_[^|]+\|/gm) ?? [];
  return rows.flatMap((row) => row.match(/OTEL_[A-Z_]+/g) ?? []);
}

describe('the settings of traces', () => {
  it('turn them on by the address of a collector alone, and not where OpenTelemetry is told to be off', () => {
    expect(read({})).toBeUndefined();
    expect(read({ OTEL_TRACES_SAMPLER: 'nonsense' })).toBeUndefined();
    expect(read({ [ENDPOINT]: '' })).toBeUndefined();
    expect(read({ ...ON, OTEL_SDK_DISABLED: 'True' })).toBeUndefined();
    expect(read({ ...ON, OTEL_TRACES_EXPORTER: 'none' })).toBeUndefined();
    expect(read({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://c/x' })).toMatchObject({ collector: 'c' });
  });

  it('have defaults for a push service', () => {
    expect(read(ON)).toEqual({
      collector: 'collector:4318',
      serviceName: 'onepush-core',
      resource: {},
      sampler: 'parentbased_traceidratio',
      ratio: 0.01,
      batch: {
        maxQueueSize: 2048,
        maxExportBatchSize: 512,
        scheduledDelayMillis: 5000,
        exportTimeoutMillis: 30_000,
      },
    });
    const given = { ...ON, OTEL_TRACES_SAMPLER_ARG: '1', OTEL_RESOURCE_ATTRIBUTES: 'a=b%20c, d=e=f' };
    expect(read(given)).toMatchObject({ ratio: 1, resource: { a: 'b c', d: 'e=f' } });
  });

  it('are reported together where they are wrong, by name and without their values', () => {
    const wrong = {
      [ENDPOINT]: 'collector:4318',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'brotli',
      OTEL_EXPORTER_OTLP_TIMEOUT: '-1',
      OTEL_EXPORTER_OTLP_HEADERS: 'secret',
      OTEL_EXPORTER_OTLP_CERTIFICATE: '/no/such/file',
      OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: '/no/such/file',
      OTEL_EXPORTER_OTLP_CLIENT_KEY: '/no/such/file',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'ftp://collector',
      OTEL_TRACES_SAMPLER: 'jaeger_remote',
      OTEL_TRACES_SAMPLER_ARG: '1.5',
      OTEL_RESOURCE_ATTRIBUTES: 'a=%E0%A4%A',
      OTEL_BSP_MAX_QUEUE_SIZE: '0',
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '4096',
      OTEL_BSP_SCHEDULE_DELAY: 'soon',
      OTEL_BSP_EXPORT_TIMEOUT: '1e3',
      OTEL_TRACES_EXPORTER: 'zipkin',
    };
    const problems = problemsOf(wrong);
    expect(problems.map((text) => text.split(' ')[0]).toSorted()).toEqual(Object.keys(wrong).toSorted());
    expect(problems.join('\n')).not.toMatch(/brotli|secret|no\/such|zipkin|ftp/);
    // What cannot be wrong, and all that can be: the pages have both, and no others.
    const names = [...Object.keys(wrong), 'OTEL_SERVICE_NAME', 'OTEL_SDK_DISABLED'].toSorted();
    for (const page of ['docs/operations.md', 'docs/operations.zh-CN.md']) {
      const known = documented(page).filter((name) => name !== 'OTEL_EXPORTER_OTLP_TRACES_');
      expect(known.toSorted()).toEqual(names);
    }
  });
});
