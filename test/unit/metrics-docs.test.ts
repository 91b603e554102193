import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../support/dist.js';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const namesIn = (text: string): string[] => [...new Set(text.match(/\bonepush_[a-z_]+\b/g) ?? [])].toSorted();

const SOURCES = [
  'common/metrics.ts',
  'common/tls/metrics.ts',
  'common/tracing/tracing.ts',
  'core/metrics.ts',
  'core/channel-metrics.ts',
  'core/registration-metrics.ts',
  'core/webhook-metrics.ts',
  'edge/metrics.ts',
  'edge/workers/parent.ts',
];
const defined = namesIn(SOURCES.map(read).join('\n'));
/** Names of series are those of their histograms with an ending. */
const toMetric = (name: string): string => {
  const base = name.replace(/_(bucket|sum|count)$/, '');
  return defined.includes(base) ? base : name;
};

describe('the metrics', () => {
  it('are all in the table of operations, and no others', () => {
    const rows = read('docs/operations.md').match(/^\| `onepush_[a-z_]+`/gm) ?? [];
    expect(defined.length).toBeGreaterThan(20);
    expect(rows.flatMap(namesIn).toSorted()).toEqual(defined);
  });

  it('have their unit or kind in the name', () => {
    const others = [
      'onepush_build_info',
      'onepush_sessions',
      'onepush_transport_sessions',
      'onepush_edge_workers',
      'onepush_link_open_calls',
      'onepush_channels',
      'onepush_webhooks',
      'onepush_open_apps',
    ];
    const endings = /_(total|seconds|bytes|items|pushes|settlements|attached|mismatches|in_doubt|queued|in_flight)$/;
    expect(defined.filter((name) => !endings.test(name) && !others.includes(name))).toEqual([]);
  });
});

describe('the dashboard', () => {
  const text = read('docs/grafana.json');

  it('names all metrics, and no others', () => {
    expect([...new Set(namesIn(text).map(toMetric))].toSorted()).toEqual(defined);
  });

  it('shows wakes by channel and outcome', () => {
    expect(text).toContain('sum by (channel, outcome) (rate(onepush_wakes_total');
  });

  it('asks for its data source, and gives each panel a place of its own', () => {
    const { templating, panels } = JSON.parse(text);
    expect(templating.list).toContainEqual(expect.objectContaining({ name: 'datasource', type: 'datasource' }));
    const places = panels.map(({ gridPos }: { gridPos: { x: number; y: number } }) => `${gridPos.x},${gridPos.y}`);
    expect(new Set(places).size).toBe(places.length);
    for (const { type, datasource } of panels) if (type !== 'row') expect(datasource.uid).toMatch(/^\$\{datasource\}$/);
  });

  it('says of each panel what it shows', () => {
    const { panels } = JSON.parse(text);
    for (const { type, title, description } of panels) {
      if (type !== 'row') expect(`${title}: ${description}`).toMatch(/: [A-Z1-9].{30,}\.$/);
    }
  });
});

describe('the alerts', () => {
  const path = join(ROOT, 'deploy/prometheus/onepush.rules.yml');
  const text = readFileSync(path, 'utf8');
  const rules = text.split(/^ {6}- alert: /m).slice(1);

  it('name metrics that exist', () => {
    expect(namesIn(text).length).toBeGreaterThan(10);
    for (const page of [text, read('docs/operations.md')]) {
      const names = namesIn(page).map(toMetric);
      expect(names.filter((name) => !defined.includes(name))).toEqual([]);
    }
  });

  it('each have a name of their own, an expression, a severity and a summary', () => {
    const rule =
      /^OnePush[A-Za-z]+\n {8}expr: (?:'[^']+'|"[^"]+")\n( {8}for: \d+[sm]\n)? {8}labels:\n {10}severity: (critical|warning)\n {8}annotations:\n {10}summary: "[^"]+"\n$/;
    expect(rules.filter((each) => !rule.test(each))).toEqual([]);
    expect(new Set(rules.map((each) => each.split('\n')[0])).size).toBe(rules.length);
  });

  const promtool = spawnSync('promtool', ['--version']).status === 0;
  it.runIf(promtool)('are rules that Prometheus takes', () => {
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'rules', path], { encoding: 'utf8' });
    expect({ status, said: status === 0 ? '' : stdout + stderr }).toEqual({ status: 0, said: '' });
  });
});
