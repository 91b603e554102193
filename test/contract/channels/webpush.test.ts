import { createECDH } from 'node:crypto';
import { decrypt } from 'http_ece';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import webPush from 'web-push';
import type { Channel } from '../../../core/channel/channel.js';
import { webPushKind } from '../../../core/channel/webpush/index.js';
import type { WakeMessage } from '../../../core/domain/wake.js';
import { type RunningPushService, startPushService } from '../../support/vendors/webpush.js';

let service: RunningPushService;
let channel: Channel;
const open = (settings: object = {}): Channel =>
  webPushKind.open(webPushKind.parseSettings({ ...service.settings, ...settings }));

beforeAll(async () => {
  service = await startPushService();
  channel = open();
});
afterEach(() => {
  vi.useRealTimers();
  service.server.forget();
});
afterAll(async () => {
  await channel.close();
  await service.server.stop();
});

const message = (fields: Partial<WakeMessage> = {}): WakeMessage => ({
  id: '17',
  appId: 'demo',
  kind: 'ALERT',
  key: 'order-7',
  title: 'Order 7',
  body: 'On its way 👨‍👩‍👧',
  priority: 'HIGH',
  expiresAt: Date.now() + 3_600_000,
  ...fields,
});

/** The example of RFC 8291, section 5 and appendix A. */
const RFC = {
  text: 'When I grow up, I want to be a watermelon',
  privateKey: 'q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94',
  p256dh: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
  auth: 'BTBZMqHH6r4Tts7J_aSIgg',
  body:
    'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl' +
    '7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN',
};

describe('the encryption', () => {
  const privateKey = createECDH('prime256v1');
  privateKey.setPrivateKey(RFC.privateKey, 'base64url');
  const open = (body: Buffer): string =>
    decrypt(body, { version: 'aes128gcm', privateKey, authSecret: RFC.auth }).toString();

  it('of the example in RFC 8291 is opened by what the fake browsers open messages with', () => {
    expect(privateKey.getPublicKey('base64url')).toBe(RFC.p256dh);
    expect(open(Buffer.from(RFC.body, 'base64url'))).toBe(RFC.text);
  });

  it('is one that the browser of that example opens', () => {
    const { cipherText } = webPush.encrypt(RFC.p256dh, RFC.auth, RFC.text, 'aes128gcm');
    expect(open(cipherText)).toBe(RFC.text);
    expect(cipherText.length).toBe(RFC.text.length + 103);
  });
});

describe('Web Push', () => {
  it('brings the browser what it shows, under the key that replaces', async () => {
    expect(await channel.send(service.subscribe(), message())).toEqual({ kind: 'accepted' });
    const { headers, text } = service.pushed.at(-1) ?? { headers: {}, text: '' };
    const shown = { title: 'Order 7', body: 'On its way 👨‍👩‍👧', tag: 'order-7' };
    expect(JSON.parse(text)).toEqual({ id: '17', appId: 'demo', ...shown });
    expect(headers).toMatchObject({ urgency: 'high', topic: expect.stringMatching(/^[\w-]{32}$/) });
    expect(Number(headers.ttl)).toBeGreaterThan(3_500);
  });

  it('signs once for a push service in 12 hours, and again after them', async () => {
    const begun = Date.now();
    const signed = open();
    const headers: (string | undefined)[] = [];
    for (const hours of [0, 11.9, 12.1]) {
      vi.useFakeTimers({ toFake: ['Date'], now: begun + hours * 3_600_000 });
      expect(await signed.send(service.subscribe(), message())).toEqual({ kind: 'accepted' });
      headers.push(service.pushed.at(-1)?.headers.authorization);
    }
    expect(headers[1]).toBe(headers[0]);
    expect(headers[2]).not.toBe(headers[0]);
    await signed.close();
  });

  it('is taken by a push service whose clock is 10 minutes off', async () => {
    for (const minutes of [-10, 10]) {
      const signed = open();
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + minutes * 60_000 });
      const sending = signed.send(service.subscribe(), message());
      vi.useRealTimers();
      expect(await sending).toEqual({ kind: 'accepted' });
      await signed.close();
    }
  });

  it('sets subscriptions of another key aside, and is down where all are of another key', async () => {
    const other = webPush.generateVAPIDKeys();
    const kinds: string[] = [];
    for (const publicKey of [other.publicKey, other.publicKey, undefined, other.publicKey]) {
      kinds.push((await channel.send(service.subscribe(publicKey), message())).kind);
    }
    expect(kinds).toEqual(['token_set_aside', 'token_set_aside', 'accepted', 'token_set_aside']);
    const wrong = open(other);
    const outcomes = [];
    for (let n = 0; n < 3; n++) outcomes.push(await wrong.send(service.subscribe(), message()));
    expect(outcomes.at(-1)).toEqual({ kind: 'channel_down', reason: 'http_403' });
    await wrong.close();
  });

  it('knows a subscription that the browser has ended', async () => {
    const gone = { ...service.subscribe(), token: `${service.server.url}/push/gone` };
    expect(await channel.send(gone, message())).toEqual({ kind: 'token_dead', reason: 'http_410' });
  });

  it.each([
    ['no keys', undefined],
    ['a key that is no point', { p256dh: Buffer.alloc(65, 4).toString('base64url'), auth: RFC.auth }],
    ['a short secret', { p256dh: RFC.p256dh, auth: 'AAAA' }],
    ['texts that are no base64', { p256dh: '"', auth: '"' }],
  ])('sets a subscription with %s aside', async (_, keys) => {
    const { token } = service.subscribe();
    expect(await channel.send({ token, keys }, message())).toEqual({
      kind: 'token_set_aside',
      reason: 'bad_keys',
      unasked: true,
    });
  });

  it('refuses an override that is larger than a message', async () => {
    const outcome = await channel.send(service.subscribe(), message({ override: { data: 'x'.repeat(4_000) } }));
    expect(outcome).toEqual({ kind: 'payload_bad', reason: 'override_too_large', unasked: true });
  });
});

describe('an endpoint of a private network', () => {
  const port = (): string => new URL(service.server.url).port;

  it.each([
    'https://127.0.0.1:PORT/push/1',
    'https://[::1]:PORT/push/1',
    'https://[::ffff:127.0.0.1]:PORT/push/1',
    'https://0x7f000001:PORT/push/1',
    'http://fcm.googleapis.com/push/1',
    'https://push.example.com/push/1',
    'file:///etc/passwd',
    'push',
  ])('is never connected to: %s', async (template) => {
    const { keys } = service.subscribe();
    const outcome = await channel.send({ token: template.replace('PORT', port()), keys }, message());
    expect(outcome).toEqual({ kind: 'token_set_aside', reason: 'endpoint_not_allowed', unasked: true });
    expect(service.server.requests).toEqual([]);
  });

  it('is not connected to where its name is one of the internet', async () => {
    const before = service.server.connections;
    const anywhere = open({ allowedHosts: ['*'] });
    const outcome = await anywhere.send(service.subscribe(), message());
    expect(outcome).toEqual({ kind: 'token_set_aside', reason: 'ENOTPUBLIC' });
    expect(service.server.connections).toBe(before);
    await anywhere.close();
  });

  it('is not followed to from a public one', async () => {
    const location = 'https://127.0.0.1/latest/meta-data';
    service.server.next({ kind: 'answer', answer: { status: 307, headers: { location } } });
    const outcome = await channel.send(service.subscribe(), message());
    expect(outcome).toEqual({ kind: 'token_set_aside', reason: 'http_307' });
    expect(service.server.requests).toHaveLength(1);
  });
});
