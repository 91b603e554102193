import { generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Channel, ChannelSettingsError } from '../../core/channel/channel.js';
import { fcm } from '../../core/channel/fcm/index.js';
import type { WakeMessage, WakeOutcome } from '../../core/domain/wake.js';
import { type FakeFcm, fcmRefusal, fcmToken, startFcm } from '../support/vendors/fcm.js';

let vendor: FakeFcm;
const channels: Channel[] = [];
beforeEach(async () => {
  vendor = await startFcm();
});
afterEach(async () => {
  for (const channel of channels.splice(0)) await channel.close();
  await vendor.server.stop();
});

const account = (): Record<string, unknown> => ({ ...(vendor.settings.serviceAccount as Record<string, unknown>) });

function open(changes: Readonly<Record<string, unknown>> = {}): Channel {
  const settings = { ...vendor.settings, serviceAccount: { ...account(), ...changes } };
  const channel = fcm.open(fcm.parseSettings(settings));
  channels.push(channel);
  return channel;
}

function message(id: number): WakeMessage {
  const expiresAt = Date.now() + 3_600_000;
  return { id: `${id}`, appId: 'shop', kind: 'ALERT', key: `${id}`, body: 'Text', priority: 'NORMAL', expiresAt };
}
const send = (channel: Channel, id = 1): Promise<WakeOutcome> => channel.send({ token: fcmToken(id) }, message(id));

describe('FCM', () => {
  it('gets a burst by few connections with one access token, and each message once', async () => {
    const channel = open();
    const outcomes = await Promise.all(Array.from({ length: 200 }, (_, index) => send(channel, index + 2)));
    expect(outcomes.every(({ kind }) => kind === 'accepted')).toBe(true);
    expect([...vendor.received.values()]).toEqual(Array(200).fill(1));
    expect(vendor.accessTokens.given).toBe(1);
    expect(vendor.server.connections).toBeLessThanOrEqual(5);
  });

  it('gets another access token before the old one ends', async () => {
    vendor.setLife(1);
    const channel = open();
    while (vendor.accessTokens.given < 3) expect(await send(channel)).toEqual({ kind: 'accepted' });
    // None of them was refused.
    const asked = vendor.server.requests.filter(({ path }) => path !== '/token');
    expect(asked.length).toBe(vendor.sent.length);
  });

  it('is down with a wrong key, account or project, and no token dies of it', async () => {
    const pem = { type: 'pkcs8', format: 'pem' } as const;
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export(pem);
    for (const [name, value, reason] of [
      ['private_key', other, 'invalid_grant'],
      ['client_email', 'other@example.com', 'invalid_grant'],
      ['project_id', 'other', 'NOT_FOUND'],
    ] as const) {
      const channel = open({ [name]: value });
      expect(await send(channel), name).toEqual({ kind: 'channel_down', reason });
      expect(await channel.probe(), name).toEqual({ kind: 'refused', reason });
    }
  });

  it('is down when our clock is 10 minutes off', async () => {
    for (const minutes of [-10, 10]) {
      vendor.setClock(minutes * 60_000);
      expect(await send(open())).toEqual({ kind: 'channel_down', reason: 'invalid_grant' });
    }
  });

  it('gets a new access token once, if it takes the old one no more, and is down if it takes neither', async () => {
    let refused = 0;
    vendor.answerBy((_token, id) => {
      if (id !== '8' && !(id === '7' && refused === 0)) return undefined;
      refused += 1;
      return fcmRefusal(401, 'UNAUTHENTICATED');
    });
    const channel = open();
    expect(await send(channel, 7)).toEqual({ kind: 'accepted' });
    expect(vendor.accessTokens.given).toBe(2);
    expect(await send(channel, 8)).toEqual({ kind: 'channel_down', reason: 'access_token_refused' });
    expect(vendor.accessTokens.given).toBe(3);
  });

  it('tells of a dead token, and sets one aside that is none of FCM', async () => {
    vendor.answerBy((_token, id) => (id === '7' ? fcmRefusal(404, 'NOT_FOUND', 'UNREGISTERED') : undefined));
    const channel = open();
    expect(await send(channel, 7)).toEqual({ kind: 'token_dead', reason: 'UNREGISTERED' });
    const outcome = await channel.send({ token: 'no token' }, message(1));
    expect(outcome).toEqual({ kind: 'token_set_aside', reason: 'INVALID_ARGUMENT' });
  });

  it('loses nothing and gets nothing twice while it goes away', async () => {
    const channel = open();
    vendor.server.always({ kind: 'late', ms: 5 });
    await send(channel);
    for (let round = 1; round <= 5; round += 1) {
      vendor.server.goAway({ unprocessed: round % 3, twice: round % 2 === 0 });
      const sent = Array.from({ length: 30 }, (_, index) => send(channel, round * 100 + index));
      expect((await Promise.all(sent)).every(({ kind }) => kind === 'accepted')).toBe(true);
    }
    expect(vendor.received.size).toBe(151);
    expect([...vendor.received.values()].every((count) => count === 1)).toBe(true);
  });
});

describe('the settings of FCM', () => {
  const problemsOf = (changes: Readonly<Record<string, unknown>>): string => {
    try {
      fcm.parseSettings({ ...vendor.settings, serviceAccount: { ...account(), ...changes } });
    } catch (error) {
      if (error instanceof ChannelSettingsError) return error.message;
    }
    return '';
  };

  it('are the key file as it is, and name the fields in it that are wrong', () => {
    expect(problemsOf({ universe_domain: 'googleapis.com' })).toBe('');
    expect(problemsOf({ private_key: 'secret' })).toBe(
      'serviceAccount.private_key must be a private key of RSA in PEM',
    );
    expect(problemsOf({ project_id: 'a/b' })).toMatch(/^serviceAccount\.project_id must be /);
    expect(problemsOf({ token_uri: 'http://example.com' })).toMatch(/^serviceAccount\.token_uri must be /);
    expect(problemsOf({ client_email: undefined })).toMatch(/^serviceAccount\.client_email is required/);
  });
});
