import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Code } from '@connectrpc/connect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Platform } from '../../gen/onepush/v1/device_pb.js';
import { DeliveryState } from '../../gen/onepush/v1/receipt_pb.js';
import { connectDevice } from '../support/device.js';
import { eventually } from '../support/eventually.js';
import { basic, bearer, failureOf, PROTOCOLS, type PushCoreClient, pushCoreClient } from '../support/rpc.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { uniqueName } from '../support/users.js';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

const app = basic(TEST_APP.appId, TEST_APP.appKey);

describe.each(PROTOCOLS)('deliveries over %s', (protocol) => {
  let client: PushCoreClient;
  beforeAll(() => {
    client = pushCoreClient(stack, protocol);
  });

  async function register(alias: string, tags: string[] = []): Promise<string> {
    const registration = { appId: TEST_APP.appId, alias, platform: Platform.WEB, nativeToken: uniqueName(), tags };
    return (await client.registerDevice(registration)).deviceId;
  }
  async function otherApp() {
    const { id, appKey } = await client.createApp({ name: 'other' }, bearer(stack.adminToken));
    return basic(id, appKey);
  }
  async function send(to: 'aliases' | 'tags', name: string, needConfirm = false): Promise<string> {
    const audience = { audience: { case: to, value: { values: [name] } } };
    return (await client.sendPush({ audience, alert: 'hi', needConfirm }, app)).requestId;
  }

  it('of a push are listed page by page, all or those in one state', async () => {
    const alias = uniqueName();
    const ids = [await register(alias), await register(alias), await register(alias)];
    const device = connectDevice(stack.wsUrl, ids[1] ?? '');
    const requestId = await send('aliases', alias);
    await device.waitForCount(1);
    const delivered = await eventually(async () => {
      const { deliveries } = await client.listDeliveries({ requestId, state: DeliveryState.DELIVERED }, app);
      return deliveries.length === 1 && deliveries[0];
    });
    expect(delivered).toMatchObject({ deviceId: ids[1], messageId: requestId });
    expect(delivered.time).toBeDefined();
    const found: string[] = [];
    for (let pageToken: string | undefined = ''; pageToken !== undefined; ) {
      const page = await client.listDeliveries({ requestId, pageSize: 2, pageToken }, app);
      found.push(...page.deliveries.map(({ deviceId }) => deviceId));
      pageToken = page.nextPageToken || undefined;
    }
    expect(found.toSorted()).toEqual(ids.toSorted());
    const { deliveries } = await client.listDeliveries({ requestId, state: DeliveryState.PENDING }, app);
    expect(deliveries.map(({ deviceId, time }) => [deviceId, time])).toEqual([
      [ids[0], undefined],
      [ids[2], undefined],
    ]);
    await device.close();
  });

  it('of a push are for its own app, and their pages for their own question', async () => {
    const alias = uniqueName();
    await register(alias);
    await register(alias);
    const requestId = await send('aliases', alias);
    expect((await failureOf(client.listDeliveries({ requestId }, await otherApp()))).code).toBe(Code.NotFound);
    expect((await failureOf(client.listDeliveries({ requestId: 'x' }, app))).code).toBe(Code.NotFound);
    const { nextPageToken } = await client.listDeliveries({ requestId, pageSize: 1 }, app);
    expect(nextPageToken).not.toBe('');
    const others = [
      () => client.listDeliveries({ requestId, state: DeliveryState.PENDING, pageToken: nextPageToken }, app),
      () => client.listDeliveries({ requestId, pageToken: `${nextPageToken}x` }, app),
      () => client.deviceTimeline({ device: { case: 'alias', value: alias }, pageToken: nextPageToken }, app),
    ];
    for (const other of others) expect((await failureOf(other())).message).toContain('pageToken');
    // One that no release knows.
    const state = 99 as DeliveryState;
    expect((await failureOf(client.listDeliveries({ requestId, state }, app))).message).toContain('state');
    expect((await failureOf(client.listDeliveries({ requestId, pageSize: 1001 }, app))).message).toContain('pageSize');
  });

  it('of a push that is not made yet are none', async () => {
    const audience = { audience: { case: 'aliases' as const, value: { values: [uniqueName()] } } };
    const sendAt = timestampFromMs(Date.now() + 3_600_000);
    const { requestId } = await client.sendPush({ audience, alert: 'later', sendAt }, app);
    expect(await client.listDeliveries({ requestId }, app)).toMatchObject({ deliveries: [], nextPageToken: '' });
    expect((await failureOf(client.listDeliveries({ requestId }, await otherApp()))).code).toBe(Code.NotFound);
  });

  it('tell why a message did not arrive', async () => {
    const [alias, tag] = [uniqueName(), uniqueName()];
    const deviceId = await register(alias, [tag]);
    const timeline = async (to: { case: 'alias' | 'deviceId'; value: string }) => {
      const { entries } = await client.deviceTimeline({ device: to }, app);
      return entries.map(({ requestId, state, topic }) => ({ requestId, state, topic }));
    };
    const topic = await send('tags', tag);
    const recalled = await send('aliases', alias);
    await client.recallPush({ requestId: recalled }, app);
    const confirmed = await send('tags', tag, true);
    const before = [
      { requestId: confirmed, state: DeliveryState.PENDING, topic: true },
      { requestId: recalled, state: DeliveryState.RECALLED, topic: false },
      { requestId: topic, state: DeliveryState.PENDING, topic: true },
    ];
    expect(await timeline({ case: 'alias', value: alias })).toEqual(before);
    expect(await timeline({ case: 'deviceId', value: deviceId })).toEqual(before);
    const device = connectDevice(stack.wsUrl, deviceId);
    await device.waitForCount(2);
    device.send(`CFM:${confirmed}`);
    const after = [
      { requestId: confirmed, state: DeliveryState.CONFIRMED, topic: true },
      { requestId: recalled, state: DeliveryState.RECALLED, topic: false },
      { requestId: topic, state: DeliveryState.DELIVERED, topic: true },
    ];
    // While it is connected, and when its position is known.
    const settled = () =>
      eventually(async () => JSON.stringify(await timeline({ case: 'alias', value: alias })) === JSON.stringify(after));
    await settled();
    await device.close();
    await settled();
    expect((await client.deviceTimeline({ device: { case: 'alias', value: 'nobody' } }, app)).entries).toEqual([]);
  });

  it('of a device are for its own app', async () => {
    const device = { case: 'deviceId' as const, value: await register(uniqueName()) };
    expect((await failureOf(client.deviceTimeline({ device }, await otherApp()))).code).toBe(Code.NotFound);
    const unknown = { case: 'deviceId' as const, value: 'x' };
    expect((await failureOf(client.deviceTimeline({ device: unknown }, app))).code).toBe(Code.NotFound);
    expect((await failureOf(client.deviceTimeline({}, app))).code).toBe(Code.InvalidArgument);
  });
});
