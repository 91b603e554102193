import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Channel, ChannelSettingsError } from '../../../core/channel/channel.js';
import { smsWebhook } from '../../../core/channel/sms/webhook.js';
import { webhook } from '../../../core/channel/webhook/index.js';
import type { WakeMessage } from '../../../core/domain/wake.js';
import { signWebhook } from '../../../core/outbound/standard-webhooks.js';
import type { RunningVendor } from '../../support/vendors/fixture.js';
import { startReceiver, WEBHOOK_DEVICE, WEBHOOK_SECRET } from '../../support/vendors/webhook.js';

const target = { token: WEBHOOK_DEVICE, bundle: 'com.example' };
const expiresAt = Date.parse('2099-01-01T00:00:00Z');
const message = (fields: Partial<WakeMessage> = {}): WakeMessage => ({
  id: '17',
  appId: 'demo',
  kind: 'ALERT',
  key: 'order-7',
  title: 'Order 7',
  body: 'On its way 👨‍👩‍👧',
  priority: 'HIGH',
  expiresAt,
  ...fields,
});

describe('a signature', () => {
  it("is that of the example in the specification's documents, and of its library", () => {
    const body = '{"test": 2432232314}';
    const time = 1_614_265_330;
    const headers = signWebhook([WEBHOOK_SECRET], 'msg_p5jXN8AQM9LWM0D4loKWxJek', body, time * 1000 + 999);
    expect(headers).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': String(time),
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
    const library = new Webhook(WEBHOOK_SECRET);
    expect(library.sign(headers['webhook-id'] ?? '', new Date(time * 1000), body)).toBe(headers['webhook-signature']);
  });
});

describe('a webhook', () => {
  let receiver: RunningVendor;
  let channel: Channel;
  const open = (settings: object): Channel =>
    webhook.open(webhook.parseSettings({ ...receiver.settings, ...settings }));

  beforeAll(async () => {
    receiver = await startReceiver();
    channel = open({});
  });
  beforeEach(() => receiver.server.forget());
  afterAll(async () => {
    await channel.close();
    await receiver.server.stop();
  });

  it('brings all that is known of the message and of the device', async () => {
    expect(await channel.send(target, message())).toEqual({ kind: 'accepted' });
    const [request] = receiver.server.requests;
    const { type, timestamp, data } = JSON.parse(request?.body.toString() ?? '');
    expect(type).toBe('device.wake');
    expect(Math.abs(Date.parse(timestamp) - Date.now())).toBeLessThan(60_000);
    expect(data).toEqual({
      id: '17',
      appId: 'demo',
      token: WEBHOOK_DEVICE,
      bundle: 'com.example',
      kind: 'ALERT',
      key: 'order-7',
      title: 'Order 7',
      body: 'On its way 👨‍👩‍👧',
      priority: 'HIGH',
      expiresAt: '2099-01-01T00:00:00.000Z',
    });
    expect(request?.query.get('tenant')).toBe('7');
  });

  it('has the same id for the same wake whenever it is sent, and another one for another device or message', async () => {
    const before = receiver.sent.length;
    const wake = message({ id: '18' });
    await channel.send(target, wake);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
    const repeated = channel.send(target, wake);
    vi.useRealTimers();
    expect(await repeated).toEqual({ kind: 'accepted' });
    expect(receiver.sent.length).toBe(before + 1);
    await channel.send(target, message({ id: '19' }));
    await channel.send({ token: 'another' }, wake);
    const ids = receiver.server.requests.map(({ headers }) => headers['webhook-id']);
    expect(ids[1]).toBe(ids[0]);
    expect(new Set(ids).size).toBe(3);
  });

  it.each([
    [200, 'accepted'],
    [204, 'accepted'],
    [302, 'channel_down'],
    [400, 'payload_bad'],
    [401, 'channel_down'],
    [403, 'channel_down'],
    [404, 'channel_down'],
    [410, 'token_dead'],
    [413, 'payload_bad'],
    [429, 'retry'],
    [500, 'retry'],
    [503, 'retry'],
  ])('takes %i for %s', async (status, kind) => {
    const headers = { 'retry-after': '5', location: 'https://127.0.0.1/' };
    receiver.server.next({ kind: 'answer', answer: { status, headers } });
    const outcome = await channel.send(target, message());
    expect(outcome.kind).toBe(kind);
    if (outcome.kind === 'retry') expect(outcome).toMatchObject({ afterMs: 5_000, scope: 'channel' });
    expect(receiver.server.requests).toHaveLength(1);
  });

  it('reaches no private address, unless the operator says so', async () => {
    const before = receiver.server.connections;
    const { port } = new URL(receiver.server.url);
    for (const host of ['localhost', '127.0.0.1', '[::1]']) {
      const guarded = open({ url: `https://${host}:${port}/hooks/onepush`, allowPrivate: undefined });
      expect(await guarded.send(target, message())).toEqual({ kind: 'channel_down', reason: 'ENOTPUBLIC' });
      await guarded.close();
    }
    expect(receiver.server.connections).toBe(before);
  });

  it.each([webhook, smsWebhook])('of $channel shows its host alone', ({ describe: shown, parseSettings }) => {
    const { host } = new URL(receiver.server.url);
    expect(shown(parseSettings(receiver.settings))).toEqual({ host });
  });

  it.each([
    ['secret', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
    ['secret', 'whsec_c2hvcnQ='],
    ['secret', `whsec_${Buffer.alloc(65).toString('base64')}`],
    ['secret', `${WEBHOOK_SECRET}!`],
    ['url', 'http://example.com/'],
    ['url', 'https://user:secret@example.com/'],
    ['url', 'example.com'],
  ])('has no %s such as %s', (field, value) => {
    const parse = (): unknown => webhook.parseSettings({ ...receiver.settings, [field]: value });
    expect(parse).toThrow(ChannelSettingsError);
    expect(parse).toThrow(field);
    expect(parse).not.toThrow(value);
  });
});
