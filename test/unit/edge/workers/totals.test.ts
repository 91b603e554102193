import { describe, expect, it } from 'vitest';
import { createMeters } from '../../../../common/metrics.js';
import type { MetricJson } from '../../../../edge/workers/messages.js';
import { createTotals } from '../../../../edge/workers/totals.js';

async function worker(done: number, open: number): Promise<MetricJson[]> {
  const { registry, counter, gauge, histogram } = createMeters({ process: false });
  counter('done_total', 'Done.', () => done);
  gauge('open', 'Open.', () => open);
  gauge('worst', 'Worst.', () => open, 'max');
  histogram('sizes', 'Sizes.', [1, 10]).observe(done);
  return registry.getMetricsAsJSON();
}

describe('the totals of workers', () => {
  it('add counters and gauges up, and take the worst where the sum says nothing', async () => {
    const totals = createTotals();
    totals.reported(0, await worker(3, 5));
    totals.reported(1, await worker(20, 7));
    const page = await totals.page();
    for (const line of [
      'done_total 23',
      'open 12',
      'worst 7',
      'sizes_bucket{le="10"} 1',
      'sizes_count 2',
      'sizes_sum 23',
    ])
      expect(page.split('\n')).toContain(line);
  });

  it('keep what counted when a worker dies, but not what it had open', async () => {
    const totals = createTotals();
    totals.reported(0, await worker(3, 5));
    totals.reported(1, await worker(20, 7));
    totals.died(0);
    totals.reported(0, undefined);
    expect(await totals.page()).toContain('\ndone_total 23\n');
    totals.reported(0, await worker(1, 1));
    totals.died(1);
    const page = (await totals.page()).split('\n');
    for (const line of ['done_total 24', 'open 1', 'sizes_count 3']) expect(page).toContain(line);
    expect(await totals.page()).toContain('\ndone_total 24\n');
  });

  it('keep what counted of a worker that does not answer', async () => {
    const totals = createTotals();
    totals.reported(0, await worker(3, 5));
    totals.reported(0, undefined);
    const page = (await totals.page()).split('\n');
    expect(page).toContain('done_total 3');
    expect(page).not.toContain('open 5');
  });
});
