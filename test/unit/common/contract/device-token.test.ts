import { describe, expect, it } from 'vitest';
import {
  findTokenViolations,
  TOKEN_CHANNELS,
  type TokenFields,
  toBase64Url,
} from '../../../../common/contract/device-token.js';
import { subscriptionKeys } from '../../../support/web-push-keys.js';

const HEX = '0123456789abcdefABCDEF0123456789'.repeat(2);
const KEYS = subscriptionKeys();
const WEB: TokenFields = { channel: 'WEB_PUSH', token: 'https://push.example.com/send/abc', keys: KEYS };
const fieldsOf = (given: TokenFields): string[] => findTokenViolations(given).map(({ field }) => field);
const bytes = (...given: number[]): string => Buffer.from(given).toString('base64url');
const flipped = (base64: string): string => {
  const key = Buffer.from(base64, 'base64url');
  key[64] = (key[64] ?? 0) ^ 1;
  return key.toString('base64url');
};

describe('a token', () => {
  it.each([
    [{ channel: 'APNS', token: HEX }],
    [{ channel: 'APNS', token: HEX.repeat(4), environment: 'SANDBOX' }],
    [{ channel: 'FCM', token: 'dA9:APA91bH-_x', environment: 'PRODUCTION' }],
    [WEB],
    [{ ...WEB, keys: { p256dh: Buffer.from(KEYS.p256dh, 'base64url').toString('base64'), auth: `${KEYS.auth}==` } }],
    [{ channel: 'WEBHOOK', token: '设备 1' }],
    ...TOKEN_CHANNELS.slice(3).map((channel): [TokenFields] => [{ channel, token: 'a/b+c=' }]),
  ] satisfies [TokenFields][])('may be %j', (given) => {
    expect(findTokenViolations(given)).toEqual([]);
  });

  it.each([
    [{ channel: 'APNS', token: HEX.slice(2) }, ['push.token']],
    [{ channel: 'APNS', token: `${HEX}a` }, ['push.token']],
    [{ channel: 'APNS', token: HEX.replace('a', 'g') }, ['push.token']],
    [{ channel: 'APNS', token: `<${HEX}>` }, ['push.token']],
    [{ channel: 'APNS', token: HEX.repeat(5) }, ['push.token']],
    [{ channel: 'FCM', token: 'a b' }, ['push.token']],
    [{ channel: 'HMS', token: 'é' }, ['push.token']],
    [{ channel: 'WEBHOOK', token: '设'.repeat(1366) }, ['push.token']],
    [{ channel: 'FCM', token: 'a', environment: 'SANDBOX' }, ['push.environment']],
    [{ channel: 'FCM', token: 'a', keys: KEYS }, ['push.keys']],
    [{ ...WEB, token: 'http://push.example.com/abc' }, ['push.token']],
    [{ ...WEB, token: 'https://127.0.0.1/abc' }, ['push.token']],
    [{ ...WEB, token: 'https://[fd00::1]/abc' }, ['push.token']],
    [{ ...WEB, token: 'https://169.254.169.254/latest' }, ['push.token']],
    [{ ...WEB, token: 'https://user@push.example.com/' }, ['push.token']],
    [{ ...WEB, token: `https://push.example.com/${'x'.repeat(2048)}` }, ['push.token']],
    [{ ...WEB, keys: undefined }, ['push.keys']],
    [{ ...WEB, keys: { p256dh: 'a', auth: 'b' } }, ['push.keys.p256dh', 'push.keys.auth']],
    [{ ...WEB, keys: { p256dh: KEYS.p256dh.slice(0, -1), auth: KEYS.auth } }, ['push.keys.p256dh']],
    [{ ...WEB, keys: { p256dh: flipped(KEYS.p256dh), auth: KEYS.auth } }, ['push.keys.p256dh']],
    [{ ...WEB, keys: { p256dh: bytes(2, ...Array(64).fill(1)), auth: KEYS.auth } }, ['push.keys.p256dh']],
    [{ ...WEB, keys: { p256dh: KEYS.p256dh, auth: bytes(...Array(17).fill(1)) } }, ['push.keys.auth']],
    [{ ...WEB, keys: { p256dh: `${KEYS.p256dh} `, auth: `!${KEYS.auth}` } }, ['push.keys.p256dh', 'push.keys.auth']],
  ] satisfies [TokenFields, string[]][])('may not be %j', (given, fields) => {
    expect(fieldsOf(given)).toEqual(fields);
  });

  it('is told what is wrong with it, and never repeated', () => {
    const secret = 'my secret token';
    const told = TOKEN_CHANNELS.flatMap((channel) =>
      findTokenViolations({ channel, token: secret, keys: { p256dh: secret, auth: secret } }),
    );
    expect(told.length).toBeGreaterThan(TOKEN_CHANNELS.length);
    for (const { rule } of told) expect(rule).toMatch(/^(?!.*secret)must be/);
  });

  it('has its keys in one spelling', () => {
    expect(toBase64Url('+/+/AA==')).toBe('-_-_AA');
    expect(toBase64Url('-_-_AA')).toBe('-_-_AA');
  });
});
