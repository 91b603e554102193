import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { to } from '../../client/index.js';
import { Platform } from '../../gen/onepush/v1/device_pb.js';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import { connectDevice } from '../support/device.js';
import { ODD_TEXTS } from '../support/odd-texts.js';
import { CREDENTIALS, callRaw, connectRaw, frame } from '../support/raw-grpc.js';
import { post, registerDevice, send } from '../support/rest.js';
import { type PushCoreClient, pushCoreClient } from '../support/rpc.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { storeKinds } from '../support/stores.js';
import { uniqueName } from '../support/users.js';

const credentials = { headers: CREDENTIALS };

describe.each(storeKinds())('odd texts on %s', (store) => {
  let stack: Stack;
  let doors: Record<string, PushCoreClient>;
  beforeAll(async () => {
    stack = await startStack({ store });
    const connect = { baseUrl: stack.connectUrl, httpVersion: '1.1' } as const;
    doors = {
      gRPC: pushCoreClient(stack, 'grpc'),
      Connect: createClient(PushCore, createConnectTransport({ ...connect, useBinaryFormat: true })),
      'Connect JSON': createClient(PushCore, createConnectTransport({ ...connect, useBinaryFormat: false })),
    };
  });
  afterAll(() => stack?.stop());

  it('are users of their own, whatever door they come and go through', async () => {
    expect(new Set(ODD_TEXTS).size).toBe(66);
    await Promise.all(
      ODD_TEXTS.map(async (alias, index) => {
        // One device for each door, also where this is tried again.
        const device = (door: string) => ({ appId: TEST_APP.appId, alias, nativeToken: `${index} by ${door}` });
        const { status } = await registerDevice(stack.httpUrl, { ...device('REST'), platform: 'WEB' });
        expect(status).toBe(200);
        for (const [name, door] of Object.entries(doors)) {
          await door.registerDevice({ ...device(name), platform: Platform.WEB });
        }
      }),
    );
    for (const door of Object.values(doors)) {
      const { users } = await door.getPresence({ aliases: [...ODD_TEXTS] }, credentials);
      expect(users.map(({ alias, devices }) => [alias, devices])).toEqual(ODD_TEXTS.map((alias) => [alias, 4]));
    }
    // As the store has them.
    await Promise.all(
      ODD_TEXTS.map(async (alias) => {
        const found = await doors.gRPC?.listDevices({ filter: { case: 'alias', value: alias } }, credentials);
        expect(found?.devices.map((device) => device.alias)).toEqual(Array(4).fill(alias));
      }),
    );
  });

  it('reach a device as they were, whatever door they come through', async () => {
    const { body } = await registerDevice(stack.httpUrl, {
      appId: TEST_APP.appId,
      alias: uniqueName(),
      platform: 'WEB',
      nativeToken: uniqueName(),
    });
    const texts = [...ODD_TEXTS, 'a\u0000b', '\u0000'];
    for (const alert of texts) {
      await send(stack.httpUrl, { ...TEST_APP, audienceType: 'DEVICE', audiences: [body.id], alert });
      for (const door of Object.values(doors))
        await door.sendPush({ audience: to.devices(body.id), alert }, credentials);
    }
    // After they were stored: what waits is read from there.
    const device = connectDevice(stack.wsUrl, body.id);
    const messages = await device.waitForCount(texts.length * 4, 30_000);
    expect(messages.map(({ alert }) => alert)).toEqual(texts.flatMap((alert) => Array(4).fill(alert)));
    await device.close();
  });
});

describe('what is no text', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack();
  });
  afterAll(() => stack?.stop());

  const BROKEN: [string, number[]][] = [
    ['a byte that no text has', [0xff]],
    ['GBK', [0xcd, 0xf5, 0xce, 0xe5]],
    ['a cut character', [0xe4, 0xb8]],
    ['half a surrogate pair', [0xed, 0xa0, 0x80]],
    ['an overlong slash', [0xc0, 0xaf]],
    ['beyond Unicode', [0xf4, 0x90, 0x80, 0x80]],
    ['a lone continuation', [0x80]],
  ];
  const PUSH = { audience: { aliases: { values: ['@'] } }, alert: '@', sender: '@', tenantCode: '@', '@': 1 };
  const PLACES = [...JSON.stringify(PUSH).matchAll(/@/g)].map(({ index }) => index);

  it.each(BROKEN)('is refused in every text and name of JSON: %s', async (_, bytes) => {
    const text = JSON.stringify(PUSH);
    for (const at of PLACES) {
      const body = Buffer.concat([Buffer.from(text.slice(0, at)), Buffer.from(bytes), Buffer.from(text.slice(at + 1))]);
      const headers = { ...CREDENTIALS, 'content-type': 'application/json' };
      const url = `${stack.connectUrl}/onepush.v1.PushCore/SendPush`;
      const response = await fetch(url, { method: 'POST', body, headers });
      expect([response.status, JSON.parse(await response.text()).code]).toEqual([400, 'invalid_argument']);
    }
  });

  it.each(BROKEN)('is refused in every text of Protobuf: %s', async (_, bytes) => {
    const session = connectRaw(stack.grpcAddr);
    const text = (tag: number) => [tag, bytes.length, ...bytes];
    const names = [0x0a, bytes.length + 4, 0x0a, bytes.length + 2, ...text(0x0a)];
    for (const message of [names, text(0x1a), text(0x3a), text(0x42), text(0x5a), text(0x72)]) {
      const { status } = await callRaw(
        session,
        '/onepush.v1.PushCore/SendPush',
        frame(Buffer.from(message)),
        CREDENTIALS,
      );
      expect(status).toBe(3);
    }
    session.destroy();
  });

  it('is refused as an escape of JSON too: half a surrogate pair', async () => {
    const url = `${stack.connectUrl}/onepush.v1.PushCore`;
    const body = { audience: { aliases: { values: ['@'] } }, alert: 'x' };
    const text = JSON.stringify(body).replace('@', '\\ud800');
    expect((await post(url, '/SendPush', text, CREDENTIALS)).status).toBe(400);
  });

  it('is refused in an idempotency key, with what a header cannot carry', async () => {
    const push = { ...TEST_APP, audiences: ['nobody'], alert: 'x' };
    // The edge's HTTP server takes what is not ASCII away from both ends of a header: what stands between can be
    // refused, and a key of which nothing is left. The last one is \u4e00 in UTF-8.
    for (const key of ['order-\u00e4-1', 'order-\u00ff\u00ff-1', '', '\u00e4', '\u00e4\u00b8\u0080']) {
      const answer = await send(stack.httpUrl, push, { 'Idempotency-Key': key });
      expect(answer.body.code).toBe(40001);
    }
    const idempotencyKey = 'order-\u4e00';
    const rpc = { audience: to.aliases('nobody'), alert: 'x', idempotencyKey };
    for (const protocol of ['grpc', 'connect'] as const) {
      await expect(pushCoreClient(stack, protocol).sendPush(rpc, credentials)).rejects.toThrow('idempotencyKey');
    }
  });
});

describe('JSON on the Connect port', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack();
  });
  afterAll(() => stack?.stop());

  const sendJson = (body: object | string, method = 'SendPush') =>
    post<{ message: string }>(`${stack.connectUrl}/onepush.v1.PushCore`, `/${method}`, body, CREDENTIALS);
  const EVERYONE = { audience: { everyone: {} }, alert: 'x' };

  it.each([
    [
      'platform',
      { ...EVERYONE, platform: 'SYMBIAN' },
      'platform must be one of PLATFORM_UNSPECIFIED, PLATFORM_ANDROID',
    ],
    ['platform', { ...EVERYONE, platform: 'ios' }, 'platform must be one of'],
    ['match', { audience: { tags: { values: ['a'], match: 'EVERY' } }, alert: 'x' }, 'match must be one of'],
    ['priority', { ...EVERYONE, priority: 'URGENT' }, 'priority must be one of'],
    ['dryrun', { ...EVERYONE, dryrun: true }, 'the body has a field that is not known; known are audience'],
    [
      'in a list',
      { audience: { anyOf: { audiences: [{ aliases: { values: ['a'] }, x: 1 }] } }, alert: 'x' },
      'audiences[0] has a',
    ],
    ['__proto__', '{"audience":{"everyone":{}},"alert":"x","__proto__":{"dryRun":true}}', 'not known'],
  ])('refuses a word that nobody knows: %s', async (_, body, rule) => {
    const { status, body: answer } = await sendJson(body);
    expect(status).toBe(400);
    expect(answer.message).toContain(rule);
  });

  it("takes REST's short words for enums, and the schema's", async () => {
    for (const platform of ['IOS', 'PLATFORM_IOS', 'ALL', 2]) {
      expect((await sendJson({ ...EVERYONE, platform, pushMsgType: 'CMD', priority: 'LOW' })).status).toBe(200);
    }
    const tags = { values: ['a', 'b'], match: 'ALL' };
    expect((await sendJson({ audience: { tags }, alert: 'x' })).status).toBe(200);
    const { body } = await sendJson({ audience: { platforms: { values: ['IOS', 'WEB'] } } }, 'EstimateAudience');
    expect(body).toEqual({});
  });

  it.each([
    ['a text', { ...EVERYONE, alert: 4711 }],
    ['a flag', { ...EVERYONE, dryRun: 'MY-SECRET' }],
    ['a number', { ...EVERYONE, badge: 'MY-SECRET' }],
    ['a time', { ...EVERYONE, sendAt: 'MY-SECRET' }],
    ['a list', { audience: { aliases: { values: 'MY-SECRET' } }, alert: 'x' }],
    ['a message', { audience: 'MY-SECRET', alert: 'x' }],
    ['a word', { ...EVERYONE, platform: 'MY-SECRET' }],
    ['a name', { ...EVERYONE, 'MY-SECRET': 1 }],
    ['both of its names', { ...EVERYONE, dryRun: true, dry_run: false }],
    ['JSON', '{"alert":MY-SECRET'],
    ['an object', '"MY-SECRET"'],
  ])('is answered 400 without a word of it where it is not %s', async (_, body) => {
    const { status, text } = await sendJson(body);
    expect(status).toBe(400);
    expect(JSON.parse(text).code).toBe('invalid_argument');
    expect(text).not.toMatch(/MY-SECRET|4711| at /);
  });
});
