import { expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { type Collector, startCollector } from '../support/otlp.js';
import { send } from '../support/rest.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';

/** Runs a core and an edge that export nothing before they stop. */
async function withStack(
  workers: '1' | '2',
  work: (stack: Stack, collector: Collector) => Promise<void>,
): Promise<void> {
  const collector = await startCollector();
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_TRACES_SAMPLER: 'always_on',
    OTEL_BSP_SCHEDULE_DELAY: '600000',
  };
  const stack = await startStack({ coreEnv: env, edgeEnv: { ...env, ONEPUSH_EDGE_WORKERS: workers } });
  try {
    await work(stack, collector);
  } finally {
    await stack.stop();
    await collector.stop();
  }
}

const push = { ...TEST_APP, audiences: ['nobody'], alert: 'hello' };

it('a process that stops exports what waits, a worker of an edge too', async () => {
  await withStack('2', async (stack, collector) => {
    // Both workers have their link.
    await eventually(async () => (await fetch(`http://${stack.edge.ready.ops}/readyz`)).status === 200);
    expect((await send(stack.httpUrl, push)).status).toBe(200);
    expect(collector.spans).toEqual([]);
    expect(await stack.edge.stop()).toBe(0);
    expect(await stack.core.stop()).toBe(0);
    const names = collector.spans.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['POST /msgpush/send', 'link sendPush', 'commit']));
  });
});

it('a collector that never answers keeps no push, and no process from stopping', async () => {
  await withStack('1', async (stack, collector) => {
    collector.answer('never');
    for (let count = 0; count < 200; count++) expect((await send(stack.httpUrl, push)).status).toBe(200);
    expect(await stack.edge.stop()).toBe(0);
    expect(await stack.core.stop()).toBe(0);
    expect(collector.spans).toEqual([]);
  });
});
