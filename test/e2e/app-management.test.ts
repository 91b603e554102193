import { timestampMs } from '@bufbuild/protobuf/wkt';
import { Code } from '@connectrpc/connect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RegistrationMode } from '../../gen/onepush/v1/app_pb.js';
import { Platform } from '../../gen/onepush/v1/device_pb.js';
import { must } from '../contract/each-store.js';
import { connectDevice } from '../support/device.js';
import { basic, bearer, failureOf, PROTOCOLS, pushCoreClient } from '../support/rpc.js';
import { type Stack, startStack } from '../support/stack.js';
import { uniqueName } from '../support/users.js';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

const push = { audience: { audience: { case: 'aliases' as const, value: { values: ['nobody'] } } }, alert: 'x' };

describe.each(PROTOCOLS)('apps over %s', (protocol) => {
  it('get new keys, by themselves or by the admin, and the earlier ones end', async () => {
    const client = pushCoreClient(stack, protocol);
    const admin = bearer(stack.adminToken);
    const { id, appKey } = await client.createApp({ name: 'rotating' }, admin);
    const kept = await client.rotateAppKey({ id, keepOldSeconds: 3600 }, basic(id, appKey));
    for (const key of [appKey, kept.appKey]) await client.sendPush(push, basic(id, key));
    const { appKey: last } = await client.rotateAppKey({ id, keepOldSeconds: 0 }, admin);
    await client.sendPush(push, basic(id, last));
    for (const key of [appKey, kept.appKey]) {
      expect((await failureOf(client.sendPush(push, basic(id, key)))).code).toBe(Code.Unauthenticated);
    }
    const other = await client.createApp({ name: 'other' }, admin);
    const foreign = client.rotateAppKey({ id: other.id }, basic(id, last));
    expect((await failureOf(foreign)).code).toBe(Code.Unauthenticated);
    expect((await failureOf(client.rotateAppKey({ id }))).code).toBe(Code.Unauthenticated);
    expect((await failureOf(client.rotateAppKey({ id: 'nobody' }, admin))).code).toBe(Code.NotFound);
    const long = await failureOf(client.rotateAppKey({ id, keepOldSeconds: 604_801 }, admin));
    expect(long.message).toContain('keepOldSeconds');
  });

  it('are refused while they are disabled', async () => {
    const client = pushCoreClient(stack, protocol);
    const admin = bearer(stack.adminToken);
    const { id, appKey } = await client.createApp({ name: 'stopped', registration: RegistrationMode.OPEN }, admin);
    const registration = { appId: id, alias: 'a', platform: Platform.WEB, nativeToken: uniqueName() };
    const { deviceId } = await client.registerDevice(registration);
    const open = connectDevice(stack.wsUrl, deviceId);
    await open.opened;
    for (let twice = 0; twice < 2; twice++) await client.disableApp({ id }, admin);
    expect(await client.getApp({ id }, admin)).toMatchObject({ disabled: true });
    expect((await failureOf(client.sendPush(push, basic(id, appKey)))).code).toBe(Code.PermissionDenied);
    expect((await failureOf(client.registerDevice(registration))).code).toBe(Code.PermissionDenied);
    const late = connectDevice(stack.wsUrl, deviceId);
    expect(await late.closed).toMatchObject({ code: 4403 });
    for (let twice = 0; twice < 2; twice++) await client.enableApp({ id }, admin);
    expect(await client.getApp({ id }, admin)).toMatchObject({ disabled: false });
    await client.sendPush(push, basic(id, appKey));
    expect((await failureOf(client.disableApp({ id }, basic(id, appKey)))).code).toBe(Code.Unauthenticated);
    expect((await failureOf(client.enableApp({ id: 'nobody' }, admin))).code).toBe(Code.NotFound);
    await open.close();
  });

  it('are listed, and deleted ones stay for a day, in which they can be kept as they were', async () => {
    const client = pushCoreClient(stack, protocol);
    const admin = bearer(stack.adminToken);
    const [{ id, appKey }, { id: next }] = [
      await client.createApp({ name: 'leaving' }, admin),
      await client.createApp({ name: 'staying' }, admin),
    ];
    const listed = async () => {
      const all = [];
      for (let pageToken = ''; ; ) {
        const page = await client.listApps({ pageSize: 2, pageToken }, admin);
        expect(page.apps.length).toBeLessThanOrEqual(2);
        all.push(...page.apps);
        pageToken = page.nextPageToken;
        if (pageToken === '') return all.filter((app) => [id, next].includes(app.id));
      }
    };
    expect(await listed()).toMatchObject([
      { id, name: 'leaving', disabled: false, registration: RegistrationMode.SIGNED },
      { id: next, name: 'staying' },
    ]);
    const { removedAt } = await client.deleteApp({ id }, admin);
    expect(timestampMs(must(removedAt)) - Date.now()).toBeGreaterThan(86_000_000);
    expect((await client.deleteApp({ id }, admin)).removedAt).toEqual(removedAt);
    expect(await client.getApp({ id }, admin)).toMatchObject({ disabled: true, removedAt });
    expect((await listed())[0]).toMatchObject({ disabled: true, removedAt });
    expect((await failureOf(client.sendPush(push, basic(id, appKey)))).code).toBe(Code.PermissionDenied);
    expect(await client.undeleteApp({ id }, admin)).toMatchObject({ disabled: false });
    expect((await client.getApp({ id }, admin)).removedAt).toBeUndefined();
    await client.sendPush(push, basic(id, appKey));
    await client.disableApp({ id }, admin);
    await client.deleteApp({ id }, admin);
    for (let twice = 0; twice < 2; twice++) {
      expect(await client.undeleteApp({ id }, admin)).toMatchObject({ disabled: true });
    }
    expect((await failureOf(client.sendPush(push, basic(id, appKey)))).code).toBe(Code.PermissionDenied);
    await client.deleteApp({ id }, admin);
    await client.enableApp({ id }, admin);
    await client.sendPush(push, basic(id, appKey));
    expect((await failureOf(client.deleteApp({ id: 'nobody' }, admin))).code).toBe(Code.NotFound);
    const wrong = client.listApps({ pageToken: 'nothing' }, admin);
    expect((await failureOf(wrong)).message).toContain('pageToken');
  });

  it('are told what runs here, and the admin all of it', async () => {
    const client = pushCoreClient(stack, protocol);
    const { id, appKey } = await client.createApp({ name: 'asking' }, bearer(stack.adminToken));
    const short = await client.serverInfo({}, basic(id, appKey));
    expect(short).toMatchObject({
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      store: '',
      edges: [],
      samples: [],
    });
    const info = await client.serverInfo({}, bearer(stack.adminToken));
    expect(info).toMatchObject({ version: short.version, store: expect.stringMatching(/^(sqlite|mysql)$/) });
    expect(info.storeVersion).toMatch(/^\d+\.\d+/);
    expect(info.epoch).toBeGreaterThan(0n);
    expect(info.edges).toEqual([expect.objectContaining({ id: expect.stringMatching(/^[\w-]+$/) })]);
    const names = info.samples.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['onepush_pushes_accepted_total', 'onepush_commit_seconds_sum']));
    expect(names.filter((name) => name.startsWith('onepush_rpc'))).toEqual([]);
  });
});
