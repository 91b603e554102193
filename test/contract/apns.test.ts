import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { apns } from '../../core/channel/apns/index.js';
import { type Channel, ChannelSettingsError } from '../../core/channel/channel.js';
import type { WakeMessage, WakeOutcome } from '../../core/domain/wake.js';
import { eventually } from '../support/eventually.js';
import { startProxy } from '../support/proxy.js';
import { apnsRefusal, apnsToken, type FakeApns, startApns } from '../support/vendors/apns.js';
import { loadApns } from '../support/vendors/apns-load.js';

const MINUTE_MS = 60_000;
const TOKEN = apnsToken(1);

let vendor: FakeApns;
const channels: Channel[] = [];
beforeEach(async () => {
  vendor = await startApns();
});
afterEach(async () => {
  for (const channel of channels.splice(0)) await channel.close();
  await vendor.server.stop();
});

function open(settings: Readonly<Record<string, unknown>> = {}): Channel {
  const channel = apns.open(apns.parseSettings({ ...vendor.settings, ...settings }));
  channels.push(channel);
  return channel;
}

function message(id: string | number): WakeMessage {
  const expiresAt = Date.now() + 3_600_000;
  return { id: `${id}`, appId: 'shop', kind: 'ALERT', key: `${id}`, body: 'Text', priority: 'NORMAL', expiresAt };
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
const sendAll = (channel: Channel, count: number): Promise<WakeOutcome[]> =>
  Promise.all(numbers(count).map((number) => channel.send({ token: apnsToken(number) }, message(number))));
const countOf = (outcomes: readonly WakeOutcome[], kind: WakeOutcome['kind']): number =>
  outcomes.filter((outcome) => outcome.kind === kind).length;

describe('APNs', () => {
  it('gets a burst by few connections, each with one stream until its first JWT, and each message once', async () => {
    const outcomes = await sendAll(open(), 300);
    expect(countOf(outcomes, 'accepted')).toBe(300);
    expect([...vendor.received.values()]).toEqual(Array(300).fill(1));
    expect(vendor.server.connections).toBeLessThanOrEqual(4);
    const jwts = vendor.server.requests.map(({ headers }) => headers.authorization);
    expect(new Set(jwts).size).toBe(1);
  });

  it('tells when a token died', async () => {
    vendor.answerBy((token) =>
      token === TOKEN ? apnsRefusal(410, 'Unregistered', { timestamp: 1_700_000_000_000 }) : undefined,
    );
    const channel = open();
    expect(await channel.send({ token: TOKEN }, message(1))).toEqual({
      kind: 'token_dead',
      reason: 'Unregistered',
      at: 1_700_000_000_000,
    });
    expect(await channel.send({ token: apnsToken(2) }, message(2))).toEqual({ kind: 'accepted' });
  });

  it('gets no token that is no hexadecimal number', async () => {
    const channel = open();
    for (const token of ['', 'xyz', 'abc', `${TOKEN}/../x`, `${TOKEN}\n`, 'ａｂ', 'ab'.repeat(600)]) {
      expect(await channel.send({ token }, message(1))).toEqual({ kind: 'token_set_aside', reason: 'not_hexadecimal' });
    }
    expect(vendor.server.requests).toEqual([]);
    expect(await channel.send({ token: TOKEN.toUpperCase() }, message(1))).toEqual({ kind: 'accepted' });
  });

  it('sets a token of the wrong environment aside', async () => {
    vendor.answerBy(() => apnsRefusal(400, 'BadDeviceToken'));
    const outcome = await open().send({ token: TOKEN }, message(1));
    expect(outcome).toEqual({ kind: 'token_set_aside', reason: 'BadDeviceToken' });
  });

  it('is down with a wrong key, team, key id or bundle, and no token dies of it', async () => {
    const wrong = { teamId: 'TEAM999999', keyId: 'KEY9999999', bundle: 'com.example.other' };
    for (const [name, value] of Object.entries(wrong)) {
      const channel = open({ [name]: value });
      expect(await channel.send({ token: TOKEN }, message(1)), name).toMatchObject({ kind: 'channel_down' });
      expect(await channel.probe(), name).toMatchObject({ kind: 'refused' });
    }
    expect(vendor.sent).toEqual([]);
  });

  it('takes our clock 10 minutes late, and says that it is wrong 10 minutes ahead or 70 late', async () => {
    vendor.setClock(10 * MINUTE_MS);
    expect(await open().send({ token: TOKEN }, message(1))).toEqual({ kind: 'accepted' });
    for (const minutes of [-10, 70]) {
      vendor.setClock(minutes * MINUTE_MS);
      const outcome = await open().send({ token: TOKEN }, message(2));
      expect(outcome).toEqual({ kind: 'channel_down', reason: 'ExpiredProviderToken:check_the_clock' });
    }
  });

  it('keeps the JWT when it says that there were too many', async () => {
    const channel = open();
    expect(await channel.send({ token: TOKEN }, message(1))).toEqual({ kind: 'accepted' });
    vendor.server.next({ kind: 'answer', answer: apnsRefusal(429, 'TooManyProviderTokenUpdates') });
    expect(await channel.send({ token: TOKEN }, message(2))).toMatchObject({ kind: 'retry', scope: 'channel' });
    expect(await channel.send({ token: TOKEN }, message(3))).toEqual({ kind: 'accepted' });
    expect(new Set(vendor.server.requests.map(({ headers }) => headers.authorization)).size).toBe(1);
  });

  it('gets 1,000 messages a second, each once, while tokens die, some are throttled and it goes away', async () => {
    const { taken, dead, throttled, unexpected } = await loadApns(vendor, open(), { wakes: 2000, perSecond: 1000 });
    expect(unexpected).toEqual([]);
    expect(taken).toEqual({ 1: 1980 });
    expect(dead).toEqual({ reported: 20, right: 20, expected: 20 });
    expect(throttled).toBe(20);
  }, 60_000);

  it('leaves unknown what a black hole swallows, and gets the next message by another connection', async () => {
    const proxy = await startProxy(vendor.server.address);
    const channel = open({ baseUrl: `https://${proxy.address}` });
    expect(await channel.send({ token: TOKEN }, message(0))).toEqual({ kind: 'accepted' });
    expect(await channel.send({ token: TOKEN }, message(1))).toEqual({ kind: 'accepted' });
    const stranded = proxy.strandAt(() => true, 'requests');
    const swallowed = channel.send({ token: TOKEN }, message(2));
    await stranded;
    proxy.reset();
    expect(await swallowed).toMatchObject({ kind: 'unknown' });
    expect(await eventually(async () => (await channel.send({ token: TOKEN }, message(3))).kind)).toBe('accepted');
    expect(vendor.received.get('2')).toBeUndefined();
    await proxy.stop();
  });

  it('has a base address with a path', async () => {
    const channel = open({ baseUrl: `${vendor.server.url}/apns/` });
    expect(await channel.send({ token: TOKEN }, message(1))).toMatchObject({ kind: 'channel_down', reason: 'BadPath' });
    expect(vendor.server.requests[0]?.path).toBe(`/apns/3/device/${TOKEN}`);
  });
});

describe('the settings of APNs', () => {
  const problemsOf = (settings: Readonly<Record<string, unknown>>): string => {
    try {
      apns.parseSettings({ ...vendor.settings, ...settings });
    } catch (error) {
      if (error instanceof ChannelSettingsError) return error.message;
    }
    return '';
  };

  it('need a private key of the curve P-256', async () => {
    const { generateKeyPairSync } = await import('node:crypto');
    const pem = { type: 'pkcs8', format: 'pem' } as const;
    const curve = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export(pem);
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export(pem);
    const cut = String(vendor.settings.privateKey).slice(0, 60);
    const publicKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({
      type: 'spki',
      format: 'pem',
    });
    for (const privateKey of [curve, rsa, publicKey, cut, 'secret', '']) {
      const problem = problemsOf({ privateKey });
      expect(problem).toBe('privateKey must be a private key of the curve P-256 in PEM, as the .p8 file has it');
    }
  });

  it('name all that is wrong at once', () => {
    expect(problemsOf({ teamId: 'x', keyId: 'a'.repeat(11), bundle: 'a b', environment: 'TEST' }).split('; ')).toEqual([
      'teamId must be ten capital letters or digits',
      'keyId must be ten capital letters or digits',
      'bundle must be a bundle id of letters, digits, dots and hyphens',
      'environment must be PRODUCTION or SANDBOX, or absent: then it is for both',
    ]);
  });

  it('say which tokens they are for', () => {
    expect(apns.scope(apns.parseSettings(vendor.settings))).toEqual({ bundle: 'com.example.app' });
    expect(apns.scope(apns.parseSettings({ ...vendor.settings, environment: 'SANDBOX' }))).toEqual({
      bundle: 'com.example.app',
      environment: 'SANDBOX',
    });
  });
});
