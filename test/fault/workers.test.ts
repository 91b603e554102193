import { createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectDevice, type TestDevice } from '../support/device.js';
import { eventually } from '../support/eventually.js';
import { scrape } from '../support/metrics.js';
import { startProcess } from '../support/process.js';
import { type Stack, startStack } from '../support/stack.js';
import { newDevice, sendPush, uniqueName } from '../support/users.js';

describe('an edge with two workers', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ edgeEnv: { ONEPUSH_EDGE_WORKERS: '2' } });
  });
  const open: TestDevice[] = [];
  beforeEach(async () => {
    await stack.revive();
    await allReady();
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((device) => device.close()));
  });
  afterAll(() => stack?.stop());

  const allReady = () => eventually(async () => (await fetch(`http://${stack.edge.ready.ops}/readyz`)).status === 200);
  function lives(pid: number): boolean {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  }
  /** The workers that run: their pids are in the lines of their links. */
  const workers = (): number[] => {
    const lines = stack.edge.logs().filter((line) => line.includes('"attached to a core"'));
    return [...new Set(lines.map((line) => Number(JSON.parse(line).pid)))].filter(lives);
  };
  /** Resolves when both have said that they are attached. */
  const twoWorkers = (): Promise<[number, number]> =>
    eventually(() => {
      const [one, two, ...more] = workers();
      return one !== undefined && two !== undefined && more.length === 0 && ([one, two] as [number, number]);
    });
  async function connect(count: number): Promise<TestDevice[]> {
    await eventually(async () => (await scrape(stack.edge)).get('onepush_sessions{state="live"}') === 0);
    const ids = await Promise.all(Array.from({ length: count }, () => newDevice(stack.httpUrl, uniqueName())));
    const devices = ids.map((id) => connectDevice(stack.wsUrl, id));
    open.push(...devices);
    await Promise.all(devices.map((device) => device.opened));
    await eventually(async () => (await scrape(stack.edge)).get('onepush_sessions{state="live"}') === count);
    return devices;
  }

  it('says once that it is ready, and has a link for each', async () => {
    expect(stack.edge.logs().filter((line) => line.includes('"msg":"ready"'))).toHaveLength(1);
    const metrics = await scrape(stack.edge);
    expect(metrics.get('onepush_edge_workers')).toBe(2);
    expect(metrics.get('onepush_links_attached')).toBe(2);
  });

  it('goes on when one is killed, starts another, and counts on', async () => {
    const devices = await connect(24);
    const first = await sendPush(stack.httpUrl, { audiences: 'ALL' });
    await Promise.all(devices.map((device) => device.waitForMessage(({ id }) => id === first)));
    const [victim] = await twoWorkers();
    const before = await scrape(stack.edge);
    process.kill(victim, 'SIGKILL');
    const line = await stack.edge.waitForLog(
      (entry) => entry.includes('a worker died') && entry.includes(String(victim)),
    );
    expect(JSON.parse(line)).toMatchObject({ worker: victim, signal: 'SIGKILL' });
    const left = await eventually(async () => {
      const open = (await scrape(stack.edge)).get('onepush_sessions{state="live"}') ?? 0;
      return open < devices.length && open;
    });
    // The kernel spreads 24 connections over two sockets by a hash: all on one has a chance of one in 8 million.
    expect(left).toBeGreaterThan(0);
    await allReady();
    const after = await scrape(stack.edge);
    expect(after.get('onepush_edge_worker_restarts_total')).toBe(
      (before.get('onepush_edge_worker_restarts_total') ?? 0) + 1,
    );
    for (const series of ['onepush_sessions_opened_total', 'onepush_frames_total{result="taken"}']) {
      expect(after.get(series)).toBe(before.get(series));
    }
    await twoWorkers();
  });

  it('reaches the devices of all of them with a push to everyone', async () => {
    const devices = await connect(24);
    const id = await sendPush(stack.httpUrl, { audiences: 'ALL' });
    await Promise.all(devices.map((device) => device.waitForMessage((message) => message.id === id)));
    expect(await stack.edge.stop()).toBe(0);
    for (const device of devices) expect(await device.closed).toMatchObject({ code: 1012 });
    await stack.restartEdge();
  });

  it('stops its workers when it is killed itself', async () => {
    const pids = await twoWorkers();
    await stack.edge.kill();
    await eventually(() => !pids.some(lives));
    await stack.restartEdge();
  });

  it('refuses a port that another program has', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const env = { ONEPUSH_HTTP_LISTEN: `127.0.0.1:${port}`, ONEPUSH_EDGE_WORKERS: '2' };
    await expect(startProcess('edge', env)).rejects.toThrow('ONEPUSH_HTTP_LISTEN');
    server.close();
  });
});
