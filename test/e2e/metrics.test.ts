import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectDevice } from '../support/device.js';
import { eventually } from '../support/eventually.js';
import { scrape } from '../support/metrics.js';
import type { RunningProcess } from '../support/process.js';
import { request } from '../support/rest.js';
import { changeRows } from '../support/rows.js';
import { basic, pushCoreClient } from '../support/rpc.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { storeKinds } from '../support/stores.js';
import { newDevice, sendPush, uniqueName } from '../support/users.js';

describe.each(storeKinds())('the metrics, on %s', (store) => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({
      store,
      coreEnv: { ONEPUSH_OFFLINE_TTL: '1', ONEPUSH_SUM_CHECK_INTERVAL: '1' },
      edgeEnv: { ONEPUSH_CONFIRM_INTERVAL: '100' },
    });
  });
  afterAll(() => stack.stop());

  /** By how much a series has grown since `before`. */
  async function grown(of: RunningProcess, before: Map<string, number>, series: string): Promise<number> {
    return ((await scrape(of)).get(series) ?? 0) - (before.get(series) ?? 0);
  }

  async function growsTo(of: RunningProcess, before: Map<string, number>, series: string, by: number): Promise<void> {
    await eventually(async () => (await grown(of, before, series)) === by, { message: `${series} to grow by ${by}` });
  }

  it('count what is pushed, delivered, confirmed, expired and recalled', async () => {
    const alias = uniqueName();
    const away = uniqueName();
    const device = connectDevice(stack.wsUrl, await newDevice(stack.httpUrl, alias));
    await newDevice(stack.httpUrl, away);
    await device.opened;
    const core = await scrape(stack.core);
    const edge = await scrape(stack.edge);
    await sendPush(stack.httpUrl, { audiences: [alias] });
    await sendPush(stack.httpUrl, { audiences: 'ALL' });
    const asked = await sendPush(stack.httpUrl, { audiences: [alias], needConfirm: true });
    await sendPush(stack.httpUrl, { audiences: [away] });
    const recalled = await sendPush(stack.httpUrl, { audiences: [away], needConfirm: true });
    await device.waitForCount(4);
    device.send(`CFM:${asked}`);
    const rpc = pushCoreClient(stack, 'grpc');
    await rpc.recallPush({ requestId: recalled }, basic(TEST_APP.appId, TEST_APP.appKey));

    for (const state of ['delivered', 'confirmed', 'expired', 'recalled']) {
      await growsTo(stack.core, core, `onepush_deliveries_ended_total{state="${state}"}`, 1);
    }
    expect(await grown(stack.core, core, 'onepush_pushes_accepted_total{target="directed"}')).toBe(4);
    expect(await grown(stack.core, core, 'onepush_pushes_accepted_total{target="topics"}')).toBe(1);
    expect(await grown(stack.core, core, 'onepush_deliveries_created_total')).toBe(4);
    expect(await grown(stack.core, core, 'onepush_recalls_total')).toBe(1);
    const recalls = 'onepush_rpc_seconds_count{transport="grpc",method="RecallPush",code="OK"}';
    expect(await grown(stack.core, core, recalls)).toBe(1);
    const sends = 'onepush_rpc_seconds_count{transport="link",method="SendPush",code="OK"}';
    expect(await grown(stack.core, core, sends)).toBe(5);
    expect(await grown(stack.edge, edge, 'onepush_http_seconds_count{route="/msgpush/send",status="2xx"}')).toBe(5);
    expect(await grown(stack.edge, edge, 'onepush_redeliveries_total')).toBeGreaterThan(0);
    expect((await scrape(stack.core)).get('onepush_edges_attached')).toBe(1);
    await device.close();
  });

  it('count sessions, and closes by code', async () => {
    const before = await scrape(stack.edge);
    const device = connectDevice(stack.wsUrl, await newDevice(stack.httpUrl, uniqueName()));
    await device.opened;
    await eventually(async () => (await scrape(stack.edge)).get('onepush_sessions{state="live"}') === 1);
    await device.close();
    const malformed = connectDevice(stack.wsUrl, 'x');
    await malformed.closed;
    await growsTo(stack.edge, before, 'onepush_sessions_opened_total', 2);
    await growsTo(stack.edge, before, 'onepush_sessions_closed_total{code="4400"}', 1);
    await growsTo(stack.edge, before, 'onepush_sessions_closed_total{code="1005"}', 1);
    expect((await scrape(stack.edge)).get('onepush_sessions{state="live"}')).toBe(0);
  });

  it('count refusals by class of status', async () => {
    const before = await scrape(stack.edge);
    await request(stack.httpUrl, '/msgpush/send', { method: 'POST', body: 'x' });
    await request(stack.httpUrl, '/nowhere');
    expect(await grown(stack.edge, before, 'onepush_http_seconds_count{route="/msgpush/send",status="4xx"}')).toBe(1);
    expect(await grown(stack.edge, before, 'onepush_http_seconds_count{route="other",status="4xx"}')).toBe(1);
  });

  it('tell of a push whose deliveries do not add up', async () => {
    const alias = uniqueName();
    await newDevice(stack.httpUrl, alias);
    expect((await scrape(stack.core)).get('onepush_delivery_sum_mismatches')).toBe(0);
    const id = await sendPush(stack.httpUrl, { audiences: [alias], needConfirm: true });
    await changeRows(stack.databaseUrl, 'DELETE FROM inbox WHERE push_id = ?', [Number(id)]);
    const line = await stack.core.waitForLog((entry) => entry.includes('do not add up'), 10_000);
    expect(JSON.parse(line)).toMatchObject({ pushId: Number(id), targeted: 1, ended: 0, pending: 0 });
    expect((await scrape(stack.core)).get('onepush_delivery_sum_mismatches')).toBe(1);
  });

  it('are on a port of their own, with health', async () => {
    for (const { ready } of [stack.core, stack.edge]) {
      expect((await request(`http://${ready.ops}`, '/healthz')).text).toBe('ok\n');
      expect((await request(`http://${ready.ops}`, '/readyz')).text).toBe('ready\n');
      expect((await request(`http://${ready.ops}`, '/other')).status).toBe(404);
    }
    expect((await request(stack.httpUrl, '/metrics')).status).toBe(404);
  });
});
