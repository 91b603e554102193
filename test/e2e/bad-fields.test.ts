import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PUSH, REGISTRATION, expectRefused as refused, SECRET } from '../support/expect-refused.js';
import type { OddBody } from '../support/rest.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { subscriptionKeys } from '../support/web-push-keys.js';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.stop());

const expectRefused = (path: string, body: OddBody | number | null, code: number, field?: string) =>
  refused(stack.httpUrl, path, body, code, field);

/** A row for each value: the field, the beginning of the value for the title, and the value. */
function withTitles(cases: [field: string, values: unknown[]][]): [string, string, unknown][] {
  return cases.flatMap(([field, values]) =>
    values.map((value): [string, string, unknown] => [field, JSON.stringify(value).slice(0, 40), value]),
  );
}

describe('the fields of a registration', () => {
  const long = 'x'.repeat(256);
  const cases: [string, unknown[]][] = [
    ['alias', ['', {}, [SECRET], long, 'x'.repeat(10_240), 'a\nb', 'a\u0000', '\ud800', 'ALL']],
    ['appId', ['', {}, long]],
    ['platform', ['', 'ALL', 'SYMBIAN', 1, null, ['WEB'], '__proto__', 'constructor', 'UNSPECIFIED']],
    ['nativeToken', ['', 'x'.repeat(4097), 'a\u001fb']],
    ['mobile', [{}, 'x'.repeat(33), '1\n2']],
    ['tag', [{}, Array(101).fill('a')]],
    [
      'tag[1]',
      [
        ['a', ''],
        ['a', null],
        ['a', ['b']],
        ['a', long],
        ['a', 'All'],
        ['a', '\udc00'],
      ],
    ],
  ];
  it.each(withTitles(cases))('are refused where %s is wrong: %s', async (field, _, value) => {
    const name = field.replace('[1]', '');
    const message = await expectRefused('/msgpush/register', { ...REGISTRATION, [name]: value }, 40001, field);
    expect(message).toContain(field);
    expect(message.length).toBeLessThan(400);
  });

  const keys = subscriptionKeys();
  const endpoint = 'https://push.example.com/abc';
  const web = { channel: 'WEB_PUSH', subscription: { endpoint, keys } };
  it.each([
    ['push', SECRET],
    ['push', []],
    ['push.channel', {}],
    ['push.channel', { channel: 'APN', token: 'a' }],
    ['push.channel', { channel: 'SMS_TWILIO', token: '+15550100' }],
    ['push.token', { channel: 'FCM' }],
    ['push.token', { channel: 'FCM', token: '' }],
    ['push.token', { channel: 'FCM', token: 'x'.repeat(4097) }],
    ['push.token', { channel: 'APNS', token: 'no hex' }],
    ['push.token', { channel: 'WEB_PUSH', token: 'https://10.0.0.1/', keys }],
    ['push.keys', { channel: 'WEB_PUSH', token: endpoint }],
    ['push.keys.p256dh', { channel: 'WEB_PUSH', token: endpoint, keys: { p256dh: SECRET, auth: keys.auth } }],
    ['push.keys.auth', { channel: 'WEB_PUSH', token: endpoint, keys: { p256dh: keys.p256dh } }],
    ['push.keys', { channel: 'FCM', token: 'a', keys }],
    ['push.environment', { channel: 'APNS', token: 'a'.repeat(64), environment: 'TEST' }],
    ['push.environment', { channel: 'FCM', token: 'a', environment: 'SANDBOX' }],
    ['push.bundle', { channel: 'FCM', token: 'a', bundle: 'x'.repeat(256) }],
    ['push.bundle', { channel: 'FCM', token: 'a', bundle: 'é' }],
    ['push.subscription', { ...web, channel: 'FCM' }],
    ['push.subscription', { channel: 'WEB_PUSH', subscription: SECRET }],
    ['push.subscription.endpoint', { ...web, subscription: { keys } }],
    ['push.subscription.endpoint', { ...web, subscription: { endpoint: 'https://localhost:1/ ', keys } }],
    ['push.subscription.endpoint', { ...web, subscription: { endpoint: 'https://[::1]/', keys } }],
    ['push.subscription.keys', { ...web, subscription: { endpoint } }],
    ['push.token', { ...web, token: 'a' }],
    ['push.keys', { ...web, keys }],
  ])('are refused where %s is wrong: %j', async (field, push) => {
    const message = await expectRefused('/msgpush/register', { ...REGISTRATION, push }, 40001, field);
    expect(message.length).toBeLessThan(400);
  });

  it('are all named where several are wrong', async () => {
    const body = {
      alias: 'ALL',
      appId: TEST_APP.appId,
      platform: 'X',
      nativeToken: [5],
      mobile: {},
      tag: ['', 'a', {}],
    };
    const message = await expectRefused('/msgpush/register', body, 40001, 'alias');
    for (const field of ['alias', 'platform', 'nativeToken', 'mobile', 'tag[0]', 'tag[2]'])
      expect(message).toContain(`${field} must be`);
    expect(message).not.toMatch(/\bappId\b|tag\[1\]/);
  });
});

describe('the fields of a push', () => {
  const cases: [string, unknown[]][] = [
    ['appId', ['', ['a'], 'x'.repeat(256)]],
    ['appKey', ['', {}, 'x'.repeat(256)]],
    ['tenantCode', [{}, 'x'.repeat(65), 'a\tb']],
    ['platform', ['', ' ', 'MAC', 'null', 1, ['IOS'], '__proto__', 'UNSPECIFIED']],
    ['pushMsgType', ['', 1, 'SMS']],
    ['needConfirm', ['yes', 0.5, {}, [true]]],
    ['duration', ['1.5', '1h', 1.5, {}, true]],
    ['audienceType', ['', 'ALL', 1, 'EVERYONE']],
    ['audiences', [[], {}, { 0: 'a', length: 1 }, ['ALL', 'a'], ['a', 'all']]],
    [
      'audiences[1]',
      [
        ['a', ''],
        ['a', null],
        ['a', ['b']],
        ['a', 'x'.repeat(256)],
        ['a', 'b\n'],
      ],
    ],
    ['alert', ['', {}, [SECRET], '\ud83d', 'a\udc00b']],
    ['sound', [{}, 'x'.repeat(256)]],
    ['badge', [1.5, {}, true, 2 ** 31, -(2 ** 31) - 1, 1e300]],
    ['sender', [{}, 'x'.repeat(256)]],
    ['sendDeive', [{}, 'x'.repeat(256)]],
    ['sendDevice', [{}, 'x'.repeat(256)]],
    ['smsMessage', [[], {}]],
    ['push', [SECRET, 1, true, []]],
  ];
  it.each(withTitles(cases))('are refused where %s is wrong: %s', async (field, _, value) => {
    const name = field.replace('[1]', '');
    const message = await expectRefused('/msgpush/send', { ...PUSH, [name]: value }, 40001, field);
    expect(message).toContain(field);
    expect(message.length).toBeLessThan(400);
  });

  it.each([
    ['wake', 'SOMETIMES'],
    ['wake', ''],
    ['title', {}],
    ['title', 'x'.repeat(1025)],
    ['image', 'http://example.com/a.png'],
    ['image', 'https://'],
    ['image', `https://${'x'.repeat(2048)}`],
    ['clickTarget', 'app://a\nb'],
    ['androidChannel', 'x'.repeat(256)],
    ['category', []],
    ['thread', 'a\u0000'],
    ['interruption', 'LOUD'],
    ['overrides', SECRET],
    ['overrides', []],
    ['overrides', { APN: {} }],
    ['overrides', { APNS: 1 }],
    ['overrides', { APNS: [] }],
    ['overrides', { APNS: { a: 'x'.repeat(4096) } }],
    ['overrides', { APNS: JSON.parse(`${'{"a":'.repeat(10)}1${'}'.repeat(10)}`) }],
    ['wakesPerSecond', 0],
    ['wakesPerSecond', 100_001],
    ['wakesPerSecond', 1.5],
  ])('are refused where push.%s is wrong: %j', async (name, value) => {
    const message = await expectRefused('/msgpush/send', { ...PUSH, push: { [name]: value } }, 40001, `push.${name}`);
    expect(message.length).toBeLessThan(400);
  });

  it.each(['1e400', '-1e400', '60.5'])('are refused where duration is %s', async (duration) => {
    const body = `${JSON.stringify(PUSH).slice(0, -1)},"duration":${duration}}`;
    await expectRefused('/msgpush/send', body, 40001, 'duration');
  });

  it('are all named where several are wrong', async () => {
    const body = {
      ...PUSH,
      platform: 'X',
      needConfirm: 'yes',
      audiences: ['', 'a', {}],
      alert: [],
      badge: 'x',
      sender: {},
    };
    const message = await expectRefused('/msgpush/send', body, 40001, 'platform');
    for (const field of ['platform', 'needConfirm', 'audiences[0]', 'audiences[2]', 'alert', 'badge', 'sender'])
      expect(message).toContain(`${field} must be`);
    expect(message).not.toMatch(/appId|appKey|audiences\[1\]/);
  });

  it('are refused with the limit of 1000 where there are 10,000 audiences, below the body limit and above it', async () => {
    const names = (length: number, prefix: string) => Array.from({ length }, (_, n) => `${prefix}${n % 1000}`);
    for (const audiences of [names(1001, SECRET), names(10_000, '')])
      expect(await expectRefused('/msgpush/send', { ...PUSH, audiences }, 40001, 'audiences')).toContain('1000');
    const audiences = names(10_000, SECRET);
    expect(await expectRefused('/msgpush/send', { ...PUSH, audiences }, 41301)).toContain('1000');
  });

  it('make a short message even where thousands are wrong', async () => {
    const message = await expectRefused(
      '/msgpush/send',
      { ...PUSH, audiences: Array(10_000).fill({}) },
      40001,
      'audiences',
    );
    expect(message.length).toBeLessThan(4000);
  });
});
