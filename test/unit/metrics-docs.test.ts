import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../support/dist.js';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const namesIn = (text: string): string[] => [...new Set(text.match(/\bonepush_[a-z_]+\b/g) ?? [])].toSorted();

const SOURCES = [
  'common/metrics.ts',
  'common/tls/metrics.ts',
  'core/metrics.ts',
  'core/channel-metrics.ts',
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
      'onepush_edge_workers',
      'onepush_link_open_calls',
      'onepush_channels',
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

  it('asks for its data source, and gives each panel a place of its own', () => {
    const { templating, panels } = JSON.parse(text);
    expect(templating.list).toContainEqual(expect.objectContaining({ name: 'datasource', type: 'datasource' }));
    const places = panels.map(({ gridPos }: { gridPos: { x: number; y: number } }) => `${gridPos.x},${gridPos.y}`);
    expect(new Set(places).size).toBe(places.length);
    for (const { type, datasource } of panels) if (type !== 'row') expect(datasource.uid).toMatch(/^\$\{datasource\}$/);
  });
});

describe('the alerts', () => {
  it('name metrics that exist', () => {
    expect(
      namesIn(read('docs/operations.md'))
        .map(toMetric)
        .filter((name) => !defined.includes(name)),
    ).toEqual([]);
  });
});
