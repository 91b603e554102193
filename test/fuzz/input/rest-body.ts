import type { Target } from '../target.js';
import { mutateBytes } from './bytes.js';
import { type Member, mutateMembers, oddJson, toObjectText } from './json.js';
import type { Random } from './random.js';
import { fittingText, plainText } from './values.js';

/** The paths that take a body. */
export const BODIES = ['/msgpush/register', '/msgpush/send', '/apps/'] as const;
export type BodyPath = (typeof BODIES)[number];

type Make = (random: Random, target: Target) => unknown;

const text =
  (name: string): Make =>
  (random, target) =>
    fittingText(name, random, target);
const word =
  (...words: readonly unknown[]): Make =>
  (random) =>
    random.pick(words);
const list =
  (name: string): Make =>
  (random, target) =>
    Array.from({ length: 1 + random.below(4) }, () => fittingText(name, random, target));

const notification: Make = (random) => ({
  wake: random.pick(['NEVER', 'OFFLINE', 'ALWAYS']),
  title: plainText(random),
  image: random.pick(['https://example.com/a.png', '']),
  interruption: random.pick(['PASSIVE', 'ACTIVE', 'TIME_SENSITIVE', 'CRITICAL']),
  overrides: random.pick([{}, { APNS: { aps: { badge: 1 } } }, null]),
  wakesPerSecond: random.pick([1, 100_000, null]),
});

const vendorToken: Make = (random, target) => {
  const keys = { p256dh: fittingText('p256dh', random, target), auth: fittingText('auth', random, target) };
  const endpoint = `https://push.example.com/${random.below(300)}`;
  return random.pick([
    { channel: random.pick(['APNS', 'FCM', 'HMS', 'WEBHOOK']), token: fittingText('token', random, target) },
    { channel: 'APNS', token: fittingText('token', random, target), environment: 'SANDBOX', bundle: null },
    { channel: 'WEB_PUSH', subscription: { endpoint, expirationTime: null, keys } },
    { channel: 'WEB_PUSH', token: endpoint, keys },
  ]);
};

/** What fits, by path and field; a field that is required is there. */
const FIELDS: Record<BodyPath, { required: Record<string, Make>; optional: Record<string, Make> }> = {
  '/msgpush/register': {
    required: {
      alias: text('alias'),
      appId: text('appId'),
      platform: word('ANDROID', 'IOS', 'PC', 'WEB'),
      nativeToken: text('nativeToken'),
    },
    optional: { mobile: text('mobile'), tag: list('tag'), push: vendorToken },
  },
  '/msgpush/send': {
    required: { appId: text('appId'), appKey: text('appKey'), audiences: list('audiences'), alert: plainText },
    optional: {
      audienceType: word('ALIAS', 'TAG', 'DEVICE'),
      tenantCode: plainText,
      platform: word('ALL', 'ANDROID', 'IOS', 'PC', 'WEB'),
      pushMsgType: word('MSG', 'CMD'),
      needConfirm: word(true, false),
      duration: word(1, 60, -1, 300_000),
      extra: word({ a: 1 }, [1, 2], 'x', 1, true),
      sound: plainText,
      badge: word(0, 1, 99, -1),
      sender: plainText,
      sendDeive: plainText,
      sendDevice: plainText,
      smsMessage: plainText,
      push: notification,
    },
  },
  '/apps/': { required: { name: plainText }, optional: {} },
};

/** A body for this path: two in five fit, the others have changed members, or changed bytes. */
export function restBody(path: BodyPath, random: Random, target: Target): Buffer {
  const { required, optional } = FIELDS[path];
  const chosen = [...Object.entries(required), ...Object.entries(optional).filter(() => random.chance(0.3))];
  const members: Member[] = chosen.map(([name, make]) => [name, JSON.stringify(make(random, target)) ?? 'null']);
  const changes = random.pick([0, 0, 1, 1, 1, 2, 4]);
  const body = random.chance(0.03) ? oddJson(random) : toObjectText(mutateMembers(members, changes, random), random);
  const bytes = Buffer.from(body);
  return random.chance(0.2) ? mutateBytes(bytes, random) : bytes;
}
