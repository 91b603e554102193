import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { Code } from '@connectrpc/connect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from '../../gen/google/rpc/error_details_pb.js';
import { Platform } from '../../gen/onepush/v1/device_pb.js';
import { ErrorDetailSchema } from '../../gen/onepush/v1/error_pb.js';
import { type AudienceSchema, InterruptionLevel, PushMsgType, WakePolicy } from '../../gen/onepush/v1/push_pb.js';
import { connectDevice } from '../support/device.js';
import { basic, bearer, failureOf, PROTOCOLS, type PushCoreClient, pushCoreClient } from '../support/rpc.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { uniqueName } from '../support/users.js';

const run = promisify(execFile);
let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

const app = basic(TEST_APP.appId, TEST_APP.appKey);
const toAlias = (alias: string) => ({ audience: { case: 'aliases' as const, value: { values: [alias] } } });

describe.each(PROTOCOLS)('PushCore over %s', (protocol) => {
  let client: PushCoreClient;
  beforeAll(() => {
    client = pushCoreClient(stack, protocol);
  });

  async function register(alias: string, platform = Platform.IOS): Promise<string> {
    const { deviceId } = await client.registerDevice({
      appId: TEST_APP.appId,
      alias,
      platform,
      nativeToken: uniqueName(),
    });
    return deviceId;
  }

  it('registers a device, and sends it a push with every field', async () => {
    const alias = uniqueName();
    const device = connectDevice(stack.wsUrl, await register(alias));
    await device.opened;
    const { requestId } = await client.sendPush(
      {
        audience: toAlias(alias),
        platform: Platform.IOS,
        tenantCode: 'tenant',
        pushMsgType: PushMsgType.CMD,
        needConfirm: true,
        duration: 60,
        alert: 'hello',
        extraJson: '{"id": 12345678901234567890, "price": 1.10}',
        sound: 'bell',
        badge: 3,
        sender: 'billing',
        sendDevice: 'server-1',
        smsMessage: 'hello by sms',
        wake: WakePolicy.ALWAYS,
        title: 'title',
        image: 'https://example.com/a.png',
        clickTarget: 'app://a',
        androidChannel: 'news',
        category: 'NEWS',
        thread: 'thread-1',
        interruption: InterruptionLevel.CRITICAL,
        wakeOverrides: '{"APNS":{"id":12345678901234567890}}',
        wakesPerSecond: 10,
      },
      app,
    );
    await device.waitForCount(1);
    expect(device.frames).toEqual([
      `{"id":"${requestId}","appId":"testapp1","tenantCode":"tenant","alert":"hello",` +
        '"extra":{"id": 12345678901234567890, "price": 1.10},"pushMsgType":"CMD","needConfirm":true,' +
        '"title":"title","image":"https://example.com/a.png","clickTarget":"app://a","sound":"bell","badge":3}',
    ]);
    await device.close();
  });

  it('reaches everyone, tags and devices', async () => {
    const alias = uniqueName();
    const tag = uniqueName('tag');
    const { deviceId } = await client.registerDevice({
      appId: TEST_APP.appId,
      alias,
      platform: Platform.WEB,
      nativeToken: uniqueName(),
      tags: [tag],
    });
    const device = connectDevice(stack.wsUrl, deviceId);
    await device.opened;
    const audiences: MessageInitShape<typeof AudienceSchema>[] = [
      { audience: { case: 'everyone', value: {} } },
      { audience: { case: 'tags', value: { values: [tag, uniqueName('tag')] } } },
      { audience: { case: 'devices', value: { ids: [deviceId, 'nobody'] } } },
    ];
    const sent: string[] = [];
    for (const audience of audiences) sent.push((await client.sendPush({ audience, alert: 'x' }, app)).requestId);
    await device.waitForCount(3);
    expect(device.messages.map((message) => message.id)).toEqual(sent);
    await device.close();
  });

  it('unregisters a device, twice if it must', async () => {
    const deviceId = await register(uniqueName());
    await client.unregisterDevice({ deviceId });
    await client.unregisterDevice({ deviceId });
    const error = await failureOf(client.unregisterDevice({ deviceId: '0'.repeat(32) }));
    expect(error.code).toBe(Code.NotFound);
  });

  it('creates an app whose key works, and shows it without the key', async () => {
    const admin = bearer(stack.adminToken);
    const created = await client.createApp({ name: 'Billing' }, admin);
    expect(await client.getApp({ id: created.id }, admin)).toMatchObject({ id: created.id, name: 'Billing' });
    const push = { audience: toAlias('nobody'), alert: 'x' };
    const { requestId } = await client.sendPush(push, basic(created.id, created.appKey));
    expect(requestId).toMatch(/^\d+$/);
    expect((await failureOf(client.createApp({ name: 'x' }))).code).toBe(Code.Unauthenticated);
    const wrong = bearer('wrong');
    expect((await failureOf(client.getApp({ id: created.id }, wrong))).code).toBe(Code.Unauthenticated);
  });

  it('refuses wrong credentials', async () => {
    const push = { audience: toAlias('nobody'), alert: 'x' };
    expect((await failureOf(client.sendPush(push))).code).toBe(Code.Unauthenticated);
    expect((await failureOf(client.sendPush(push, basic(TEST_APP.appId, 'wrong')))).code).toBe(Code.Unauthenticated);
    expect((await failureOf(client.sendPush(push, bearer(stack.adminToken)))).code).toBe(Code.Unauthenticated);
    expect((await failureOf(client.sendPush(push, basic('unknown', 'x')))).code).toBe(Code.NotFound);
  });

  it('names every offending field', async () => {
    const many = { audience: { case: 'aliases' as const, value: { values: Array.from({ length: 1001 }, String) } } };
    const push = { audience: many, alert: '', extraJson: '{"broken":', platform: 9 };
    const error = await failureOf(client.sendPush(push, app));
    expect(error.code).toBe(Code.InvalidArgument);
    for (const field of ['audience', 'alert', 'extraJson', 'platform']) expect(error.message).toContain(field);
    const registration = { appId: '', alias: 'ALL', platform: 0, nativeToken: '', tags: ['ok', 'All'] };
    const other = await failureOf(client.registerDevice(registration));
    for (const field of ['appId', 'alias', 'platform', 'nativeToken', 'tags[1]'])
      expect(other.message).toContain(field);
  });

  it('gives errors their own detail and the standard ones', async () => {
    const error = await failureOf(client.sendPush({ audience: toAlias('nobody'), alert: '', extraJson: '{' }, app));
    const [detail] = error.findDetails(ErrorDetailSchema);
    expect(detail?.reason).toBe('INVALID_FIELDS');
    expect(detail?.violations.map(({ field }) => field)).toEqual(['alert', 'extraJson']);
    expect(error.findDetails(ErrorInfoSchema)).toMatchObject([{ reason: 'INVALID_FIELDS', domain: 'onepush.v1' }]);
    const [badRequest] = error.findDetails(BadRequestSchema);
    expect(badRequest?.fieldViolations).toMatchObject(
      detail?.violations.map(({ field, rule }) => ({ field, description: rule })) ?? [],
    );
    expect(error.findDetails(RetryInfoSchema)).toEqual([]);

    const wrong = await failureOf(client.sendPush({ audience: toAlias('nobody'), alert: 'x' }));
    expect(wrong.findDetails(ErrorInfoSchema)).toMatchObject([{ reason: 'WRONG_APP_KEY' }]);
    expect(wrong.findDetails(BadRequestSchema)).toEqual([]);
  });

  it('tells of very many violations with an error that clients take', async () => {
    const bad = { audience: { case: 'aliases' as const, value: { values: Array.from({ length: 20 }, () => '') } } };
    const anyOf = { audiences: Array.from({ length: 40 }, () => bad) };
    const error = await failureOf(client.sendPush({ audience: { audience: { case: 'anyOf', value: anyOf } } }, app));
    expect(error.code).toBe(Code.InvalidArgument);
    const [badRequest] = error.findDetails(BadRequestSchema);
    expect(badRequest?.fieldViolations[0]?.field).toBe('audience.anyOf.audiences[0].aliases.values[0]');
    if (protocol === 'grpc') {
      const trailers = [...error.metadata].map(([name, value]) => name.length + value.length + 32);
      expect(trailers.reduce((sum, size) => sum + size, 0) + error.message.length).toBeLessThan(8192);
    }
  });
});

describe('curl', () => {
  it('calls SendPush with its own basic credentials on the Connect port', async () => {
    const { stdout } = await run('curl', [
      '-s',
      '-u',
      'testapp1:dkdka',
      '-H',
      'Content-Type: application/json',
      '-d',
      '{"audience":{"aliases":{"values":["nobody"]}},"alert":"from curl"}',
      `${stack.connectUrl}/onepush.v1.PushCore/SendPush`,
    ]);
    expect(JSON.parse(stdout)).toEqual({ requestId: expect.stringMatching(/^\d+$/) });
  });
});

describe('health of the core', () => {
  it('is up and ready', async () => {
    expect((await fetch(`${stack.connectUrl}/healthz`)).status).toBe(200);
    expect((await fetch(`${stack.connectUrl}/readyz`)).status).toBe(200);
  });
});
