import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { type Static, Type } from '@sinclair/typebox';
import {
  EXTRA_RULE,
  HeaderText,
  Instant,
  isEveryone,
  Label,
  LIMITS,
  ruled,
  Text,
  Word,
} from '../../common/contract/fields.js';
import { parseInstant } from '../../common/contract/instant.js';
import { OnePushError } from '../../common/errors.js';
import type { Every } from '../../common/every.js';
import { rawMember } from '../../common/json/json.js';
import type { CoreLink } from '../link/client.js';
import {
  type Audience,
  InterruptionLevel,
  Platform,
  Priority,
  PushMsgType,
  type SendPushRequest,
  TagMatch,
  WakePolicy,
} from '../link/wire.js';
import type { Exchange } from './exchange.js';
import { createFields } from './fields.js';
import { readJsonBody } from './json-body.js';
import { Notification, withRawOverrides } from './notification.js';

const AUDIENCES_RULE = `must be "ALL", or a list of 1 to ${LIMITS.audiences} strings of 1 to ${LIMITS.name} characters`;

/** The fields of POST /msgpush/send. */
export const Body = Type.Object({
  appId: Label(LIMITS.name, 1),
  appKey: Label(LIMITS.name, 1),
  tenantCode: Type.Optional(Label(LIMITS.tenantCode)),
  platform: Type.Optional(Word(['ALL', 'ANDROID', 'IOS', 'PC', 'WEB'])),
  pushMsgType: Type.Optional(Word(['MSG', 'CMD'])),
  needConfirm: Type.Optional(Type.Boolean(ruled('must be true or false', {}))),
  duration: Type.Optional(Type.Integer(ruled('must be a whole number of seconds', {}))),
  audienceType: Type.Optional(Word(['ALIAS', 'TAG', 'DEVICE'])),
  audiences: Type.Array(Label(LIMITS.name, 1), ruled(AUDIENCES_RULE, { minItems: 1, maxItems: LIMITS.audiences })),
  extra: Type.Optional(Type.String(ruled(EXTRA_RULE, { format: 'bounded-extra' }))),
  alert: Text(LIMITS.text, 1),
  sound: Type.Optional(Text(LIMITS.shortText)),
  badge: Type.Optional(
    Type.Integer(ruled('must be a whole number of 32 bits', { minimum: -(2 ** 31), maximum: 2 ** 31 - 1 })),
  ),
  sender: Type.Optional(Text(LIMITS.shortText)),
  sendDeive: Type.Optional(Text(LIMITS.shortText)),
  sendDevice: Type.Optional(Text(LIMITS.shortText)),
  smsMessage: Type.Optional(Text(LIMITS.text)),
  push: Type.Optional(Notification),
  sendAt: Type.Optional(Instant()),
  collapseKey: Type.Optional(Label(LIMITS.collapseKey)),
  priority: Type.Optional(Word(['LOW', 'NORMAL', 'HIGH'])),
  clearOnRead: Type.Optional(Type.Boolean(ruled('must be true or false', {}))),
  dryRun: Type.Optional(Type.Boolean(ruled('must be true or false', {}))),
  /** A header: checked with the fields, so that all that is wrong is named at once. */
  'Idempotency-Key': Type.Optional(HeaderText(LIMITS.name, 1)),
});
const fields = createFields(Body, {
  alias: 'audiences',
  aliases: 'audiences',
  tag: 'audiences',
  tags: 'audiences',
  devices: 'audiences',
  message: 'alert',
  confirm: 'needConfirm',
  ttl: 'duration',
  title: 'push.title',
  image: 'push.image',
  wake: 'push.wake',
});

const NOTHING: Static<typeof Notification> = {};

/** POST /msgpush/send */
export async function send(exchange: Exchange, link: CoreLink): Promise<void> {
  const { value, text } = await readBody(exchange);
  const { audiences } = value;
  // The text itself: parsed numbers would lose digits.
  const extra = value.extra === undefined ? undefined : rawMember(text, 'extra');
  const given = {
    ...value,
    audiences: typeof audiences === 'string' && isEveryone(audiences) ? [audiences] : audiences,
    extra,
    push: withRawOverrides(value.push, text),
    'Idempotency-Key': exchange.idempotencyKey,
  };
  const body = fields.read(exchange, { value: given, text });
  const { push: notification = NOTHING } = body;
  const sendAt = body.sendAt === undefined ? undefined : parseInstant(body.sendAt);
  // Hot: written out, since to create it by its descriptor is many times slower.
  const request: Every<Omit<SendPushRequest, '$unknown'>> = {
    $typeName: 'onepush.v1.SendPushRequest',
    audience: toAudience(body, exchange.isStrict),
    platform: body.platform === undefined || body.platform === 'ALL' ? Platform.UNSPECIFIED : Platform[body.platform],
    tenantCode: body.tenantCode ?? '',
    pushMsgType: body.pushMsgType === 'CMD' ? PushMsgType.CMD : PushMsgType.MSG,
    needConfirm: body.needConfirm ?? false,
    duration: body.duration,
    alert: body.alert,
    extraJson: body.extra ?? '',
    sound: body.sound ?? '',
    badge: body.badge,
    sender: body.sender ?? '',
    sendDevice: body.sendDevice ?? body.sendDeive ?? '',
    smsMessage: body.smsMessage ?? '',
    idempotencyKey: body['Idempotency-Key'] ?? '',
    ttlSeconds: undefined,
    collapseKey: body.collapseKey ?? '',
    priority: Priority[body.priority ?? 'UNSPECIFIED'],
    sendAt: sendAt === undefined ? undefined : timestampFromMs(sendAt),
    dryRun: body.dryRun ?? false,
    clearOnRead: body.clearOnRead ?? false,
    wake: WakePolicy[notification.wake ?? 'UNSPECIFIED'],
    title: notification.title ?? '',
    image: notification.image ?? '',
    clickTarget: notification.clickTarget ?? '',
    androidChannel: notification.androidChannel ?? '',
    category: notification.category ?? '',
    thread: notification.thread ?? '',
    interruption: InterruptionLevel[notification.interruption ?? 'UNSPECIFIED'],
    wakeOverrides: notification.overrides ?? '',
    wakesPerSecond: notification.wakesPerSecond,
  };
  const { appId, appKey } = body;
  const result = await link.call({ appId, secret: appKey, request: { case: 'sendPush', value: request } });
  if (result.case !== 'sendPush') throw new Error(`unexpected answer ${result.case}`);
  exchange.sendJson(request.dryRun ? { dryRun: true } : { requestId: result.value.requestId });
}

async function readBody(exchange: Exchange) {
  try {
    return await readJsonBody(exchange);
  } catch (error) {
    if (!(error instanceof OnePushError) || error.reason !== 'BODY_TOO_LARGE') throw error;
    throw new OnePushError('BODY_TOO_LARGE', {
      hint: `${error.details.hint}, and a push has at most ${LIMITS.audiences} audiences`,
    });
  }
}

function toAudience({ audiences, audienceType }: Static<typeof Body>, isStrict: boolean): Audience {
  const names = audienceType === 'DEVICE' && !isStrict ? audiences.map(toDeviceId) : audiences;
  return { $typeName: 'onepush.v1.Audience', audience: toNames(names, audienceType) };
}

/** Device ids in the letters in which they were given out; other text as it is. */
function toDeviceId(name: string): string {
  return /^[0-9A-F]{32}$/.test(name.toUpperCase()) ? name.toLowerCase() : name;
}

function toNames(
  audiences: readonly string[],
  audienceType: 'ALIAS' | 'TAG' | 'DEVICE' = 'ALIAS',
): Audience['audience'] {
  if (audiences.some(isEveryone)) {
    if (audiences.length > 1) {
      const rule = 'must have ALL alone, or not at all';
      throw new OnePushError('INVALID_FIELDS', { violations: [{ field: 'audiences', rule }] });
    }
    return { case: 'everyone', value: { $typeName: 'onepush.v1.Audience.Everyone' } };
  }
  const values = [...new Set(audiences)];
  switch (audienceType) {
    case 'TAG':
      return { case: 'tags', value: { $typeName: 'onepush.v1.Audience.Tags', values, match: TagMatch.UNSPECIFIED } };
    case 'DEVICE':
      return { case: 'devices', value: { $typeName: 'onepush.v1.Audience.Devices', ids: values } };
    case 'ALIAS':
      return { case: 'aliases', value: { $typeName: 'onepush.v1.Audience.Aliases', values } };
  }
}
