import { Code } from '@connectrpc/connect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RegistrationMode } from '../../gen/onepush/v1/app_pb.js';
import { Platform } from '../../gen/onepush/v1/device_pb.js';
import { InterruptionLevel, Priority, WakePolicy } from '../../gen/onepush/v1/push_pb.js';
import { PushReach, GetPushResponse_State as State } from '../../gen/onepush/v1/query_pb.js';
import { connectDevice } from '../support/device.js';
import { eventually } from '../support/eventually.js';
import { basic, bearer, failureOf, PROTOCOLS, type PushCoreClient, pushCoreClient } from '../support/rpc.js';
import { aliases } from '../support/rpc-audiences.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { uniqueName } from '../support/users.js';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

const app = basic(TEST_APP.appId, TEST_APP.appKey);

describe.each(PROTOCOLS)('questions over %s', (protocol) => {
  let client: PushCoreClient;
  beforeAll(() => {
    client = pushCoreClient(stack, protocol);
  });

  async function register(alias: string, tags: string[] = []): Promise<string> {
    const registration = { appId: TEST_APP.appId, alias, platform: Platform.WEB, nativeToken: uniqueName(), tags };
    return (await client.registerDevice(registration)).deviceId;
  }
  async function otherApp() {
    const { id, appKey } = await client.createApp(
      { name: 'other', registration: RegistrationMode.OPEN },
      bearer(stack.adminToken),
    );
    return basic(id, appKey);
  }

  it('tell what has become of a push, to its own app', async () => {
    const alias = uniqueName();
    const online = connectDevice(stack.wsUrl, await register(alias));
    await online.opened;
    await register(alias);
    const audience = { audience: { case: 'aliases' as const, value: { values: [alias] } } };
    const { requestId } = await client.sendPush({ audience, alert: 'hi', extraJson: '{"n":1.10}' }, app);
    const report = await eventually(async () => {
      const found = await client.getPush({ requestId }, app);
      return found.reach.case === 'deliveries' && found.reach.value.delivered === 1 && found;
    });
    expect(report).toMatchObject({ requestId, state: State.SENT, messageIds: [requestId] });
    expect(report.content).toMatchObject({ alert: 'hi', extraJson: '{"n":1.10}' });
    expect(report.reach.value).toMatchObject({ targeted: 2, pending: 1, delivered: 1 });
    await client.recallPush({ requestId }, app);
    const recalled = await client.getPush({ requestId }, app);
    expect(recalled.state).toBe(State.RECALLED);
    expect(recalled.content).toBeUndefined();
    expect(recalled.reach.value).toMatchObject({ targeted: 2, pending: 0, delivered: 1, recalled: 1 });
    expect((await failureOf(client.getPush({ requestId }, await otherApp()))).code).toBe(Code.NotFound);
    expect((await failureOf(client.getPush({ requestId: 'x' }, app))).code).toBe(Code.NotFound);
    await online.close();
  });

  it('are answered by deleting devices, too: counted first, each as if it had unregistered', async () => {
    const { id, appKey } = await client.createApp(
      { name: 'flooded', registration: RegistrationMode.OPEN },
      bearer(stack.adminToken),
    );
    const own = basic(id, appKey);
    const registered = async (given: { alias: string; tags?: string[]; platform?: Platform }) => {
      const nativeToken = uniqueName();
      return (await client.registerDevice({ appId: id, platform: Platform.WEB, ...given, nativeToken })).deviceId;
    };
    const kept = await registered({ alias: 'kept', tags: ['t'] });
    const [online, other] = [await registered({ alias: 'gone', tags: ['t'] }), await registered({ alias: 'gone' })];
    const session = connectDevice(stack.wsUrl, online);
    await session.opened;
    const audience = { audience: { case: 'aliases' as const, value: { values: ['gone'] } } };
    const { requestId } = await client.sendPush({ audience, alert: 'hi' }, own);
    await session.waitForMessage((message) => message.id === requestId);

    // Who has a session now has been seen, whatever is written.
    expect((await client.deleteDevices({ withoutSession: true, dryRun: true }, own)).devices).toBe(2);
    expect((await client.deleteDevices({ alias: 'gone', dryRun: true }, own)).devices).toBe(2);
    expect((await client.deleteDevices({ tag: 't', platform: Platform.IOS }, own)).devices).toBe(0);
    expect((await client.deleteDevices({ tag: 'nobody has it' }, own)).devices).toBe(0);
    const deleted = await client.deleteDevices({ appId: id, alias: 'gone' }, bearer(stack.adminToken));
    expect(deleted).toMatchObject({ devices: 2, nextPageToken: '' });
    expect((await session.closed).code).toBe(4410);
    expect((await client.deleteDevices({ alias: 'gone' }, own)).devices).toBe(0);
    expect((await client.unregisterDevice({ deviceId: other })).$typeName).toBeTruthy();
    const { devices } = await client.listDevices({ filter: { case: 'tag', value: 't' } }, own);
    expect(devices.map(({ deviceId }) => deviceId)).toEqual([kept]);
    const report = await client.getPush({ requestId }, own);
    expect(report.reach.value).toMatchObject({ targeted: 2, pending: 0, delivered: 1, discarded: 1 });
    const refused = [client.deleteDevices({}, own), client.deleteDevices({ appId: id, alias: 'x' }, app)];
    expect((await Promise.all(refused.map(failureOf))).map(({ code }) => code)).toEqual([
      Code.InvalidArgument,
      Code.Unauthenticated,
    ]);
  });

  it('tell that a push to a topic was recalled, and how it was to be pushed', async () => {
    const audience = { audience: { case: 'tags' as const, value: { values: [uniqueName()] } } };
    const options = { priority: Priority.HIGH, collapseKey: 'score', wake: WakePolicy.NEVER };
    const notification = {
      title: 'a',
      image: 'https://b',
      clickTarget: 'c',
      androidChannel: 'd',
      category: 'e',
      thread: 'f',
      interruption: InterruptionLevel.PASSIVE,
      wakeOverrides: '{"FCM":{"n":1.10}}',
      wakesPerSecond: 7,
    };
    const { requestId } = await client.sendPush({ audience, alert: 'hi', ...options, ...notification }, app);
    const content = { alert: 'hi', ...notification };
    expect(await client.getPush({ requestId }, app)).toMatchObject({ state: State.SENT, ...options, content });
    await client.recallPush({ requestId }, app);
    expect((await client.getPush({ requestId }, app)).state).toBe(State.RECALLED);
  });

  it('list devices page by page, by user and by tag', async () => {
    const [alias, tag] = [uniqueName(), uniqueName()];
    const ids = [await register(alias, [tag]), await register(alias, [tag, 'b']), await register(alias, [tag])];
    const filters = [
      { case: 'alias' as const, value: alias },
      { case: 'tag' as const, value: tag },
    ];
    for (const filter of filters) {
      const first = await client.listDevices({ filter, pageSize: 2 }, app);
      const second = await client.listDevices({ filter, pageSize: 2, pageToken: first.nextPageToken }, app);
      expect([...first.devices, ...second.devices].map(({ deviceId }) => deviceId)).toEqual(ids);
      expect(second.nextPageToken).toBe('');
      expect(first.devices[1]?.tags).toEqual([tag, 'b'].toSorted());
      expect((await client.listDevices({ filter }, await otherApp())).devices).toEqual([]);
      for (const pageToken of ['x', first.nextPageToken]) {
        const other = { case: 'alias' as const, value: 'somebody else' };
        expect((await failureOf(client.listDevices({ filter: other, pageToken }, app))).message).toContain('pageToken');
      }
    }
    expect((await failureOf(client.listDevices({ pageSize: 1001 }, app))).message).toContain('pageSize');
    expect((await failureOf(client.listDevices({}, app))).code).toBe(Code.InvalidArgument);
  });

  it('tell who is online', async () => {
    const alias = uniqueName();
    const deviceId = await register(alias);
    await register(alias);
    const device = connectDevice(stack.wsUrl, deviceId);
    const user = await eventually(async () => {
      const { users } = await client.getPresence({ aliases: [alias, 'nobody'] }, app);
      expect(users[1]).toMatchObject({ alias: 'nobody', devices: 0, online: [] });
      return users[0]?.online.length === 1 && users[0];
    });
    expect(user).toMatchObject({ alias, devices: 2, online: [{ deviceId, platform: Platform.WEB }] });
    expect(user.online[0]?.presence?.edgeId).not.toBe('');
    await device.close();
    await eventually(async () => (await client.getPresence({ aliases: [alias] }, app)).users[0]?.online.length === 0);
    expect((await failureOf(client.getPresence({ aliases: [] }, app))).code).toBe(Code.InvalidArgument);
  });

  it('list what an app has sent, and nothing of others', async () => {
    const { requestId } = await client.sendPush({ audience: aliases(uniqueName()), alert: 'to be listed' }, app);
    const { pushes, nextPageToken } = await client.listPushes({ pageSize: 1 }, app);
    expect(pushes).toMatchObject([
      { requestId, state: State.SENT, reach: PushReach.DEVICES, alert: 'to be listed', devices: 0 },
    ]);
    const [next] = (await client.listPushes({ pageSize: 1, pageToken: nextPageToken }, app)).pushes;
    expect(next?.requestId).not.toBe(requestId);
    const others = { state: State.RECALLED, pageSize: 1, pageToken: nextPageToken };
    expect((await failureOf(client.listPushes(others, app))).message).toContain('pageToken');
    expect((await client.listPushes({}, await otherApp())).pushes).toEqual([]);
  });

  it('change a device: tags, mobile, and hands', async () => {
    const [alias, next, tag] = [uniqueName(), uniqueName(), uniqueName()];
    const deviceId = await register(alias, ['a', 'b']);
    const open = connectDevice(stack.wsUrl, deviceId);
    await eventually(async () => (await client.getPresence({ aliases: [alias] }, app)).users[0]?.online.length === 1);
    const change = { deviceId, addTags: [tag], removeTags: ['a'], mobile: '123' };
    const { device } = await client.updateDevice(change, app);
    expect(device).toMatchObject({ deviceId, alias, tags: ['b', tag].toSorted(), mobile: '123' });
    const audience = { audience: { case: 'tags' as const, value: { values: [tag] } } };
    await client.sendPush({ audience, alert: 'to the new tag' }, app);
    await open.waitForCount(1);
    const moved = await client.updateDevice({ deviceId, alias: next }, app);
    expect(moved.device).toMatchObject({ alias: next, tags: ['b', tag].toSorted(), mobile: '123' });
    expect(await open.closed).toMatchObject({ code: 4410 });
    expect((await client.listDevices({ filter: { case: 'alias', value: alias } }, app)).devices).toEqual([]);
    const addTags = Array.from({ length: 99 }, (_, index) => `t${index}`);
    expect((await failureOf(client.updateDevice({ deviceId, addTags }, app))).message).toContain('addTags');
    expect((await failureOf(client.updateDevice({ deviceId, alias: 'all' }, app))).message).toContain('alias');
    expect((await failureOf(client.updateDevice({ deviceId }, await otherApp()))).code).toBe(Code.NotFound);
    await client.unregisterDevice({ deviceId });
    expect((await failureOf(client.updateDevice({ deviceId }, app))).code).toBe(Code.NotFound);
  });
});
