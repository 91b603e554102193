import { timestampMs } from '@bufbuild/protobuf/wkt';
import { Type } from '@sinclair/typebox';
import { createChecker } from '../../common/contract/check.js';
import { EXTRA_BOUNDS, HeaderText, Label, LIMITS, ruled, Text } from '../../common/contract/fields.js';
import { OnePushError } from '../../common/errors.js';
import { hashSecret } from '../../common/secrets.js';
import type { SendPushRequest } from '../../gen/onepush/v1/push_pb.js';
import { PushMsgType as WireMsgType, Priority as WirePriority } from '../../gen/onepush/v1/push_pb.js';
import type { PushDraft } from '../delivery/accept.js';
import { lifetimeOf } from '../domain/expiry.js';
import type { Priority, PushMsgType } from '../domain/push.js';
import { PLATFORM, PlatformNumber } from './wire.js';
import { fromAudience } from './wire-audience.js';

const pushChecker = createChecker(
  Type.Object({
    platform: PlatformNumber,
    tenantCode: Label(LIMITS.tenantCode),
    pushMsgType: Type.Integer(ruled('must be MSG or CMD', { minimum: 0, maximum: 2 })),
    duration: Type.Optional(Type.Number(ruled('must be a number of seconds', {}))),
    alert: Text(LIMITS.text, 1),
    extraJson: Type.String(ruled(`must be JSON text ${EXTRA_BOUNDS}`, { format: 'extra' })),
    sound: Text(LIMITS.shortText),
    sender: Text(LIMITS.shortText),
    sendDevice: Text(LIMITS.shortText),
    smsMessage: Text(LIMITS.text),
    idempotencyKey: HeaderText(LIMITS.name),
    ttlSeconds: Type.Optional(
      Type.Integer(ruled(`must be 1 to ${LIMITS.ttl} seconds`, { minimum: 1, maximum: LIMITS.ttl })),
    ),
    collapseKey: Label(LIMITS.collapseKey),
    priority: Type.Integer(ruled('must be LOW, NORMAL or HIGH', { minimum: 0, maximum: 3 })),
  }),
);

const MSG_TYPE: Record<WireMsgType, PushMsgType> = {
  [WireMsgType.UNSPECIFIED]: 'MSG',
  [WireMsgType.MSG]: 'MSG',
  [WireMsgType.CMD]: 'CMD',
};

/** NORMAL is undefined: it says nothing that a push without it would not. */
const PRIORITY: Record<WirePriority, Priority | undefined> = {
  [WirePriority.UNSPECIFIED]: undefined,
  [WirePriority.LOW]: 'LOW',
  [WirePriority.NORMAL]: undefined,
  [WirePriority.HIGH]: 'HIGH',
};

/** How far ahead a push may be scheduled, in milliseconds. */
const MAX_AHEAD = 7 * 86_400_000;

/** @throws OnePushError INVALID_FIELDS */
export function fromSendPush(request: SendPushRequest): PushDraft {
  const { audience, violations: inAudience } = fromAudience(request.audience);
  const violations = [...inAudience, ...pushChecker.violations(request)];
  const sendAt = request.sendAt && timestampMs(request.sendAt);
  if (sendAt !== undefined && sendAt > Date.now() + MAX_AHEAD) {
    violations.push({ field: 'sendAt', rule: 'must be at most 7 days from now' });
  }
  if (violations.length > 0) throw new OnePushError('INVALID_FIELDS', { violations });
  const draft: PushDraft = {
    audience,
    platform: PLATFORM[request.platform],
    tenantCode: request.tenantCode,
    msgType: MSG_TYPE[request.pushMsgType],
    needConfirm: request.needConfirm,
    duration: request.duration,
    ttl: request.ttlSeconds,
    collapseKey: request.collapseKey || undefined,
    priority: PRIORITY[request.priority],
    sendAt,
    content: {
      alert: request.alert,
      extra: request.extraJson || undefined,
      sound: request.sound || undefined,
      badge: request.badge,
      sender: request.sender || undefined,
      sendDevice: request.sendDevice || undefined,
      smsMessage: request.smsMessage || undefined,
    },
    idempotency: undefined,
  };
  const key = request.idempotencyKey;
  if (key !== '') draft.idempotency = { key, digest: digestOf(draft) };
  return draft;
}

/** What tells a push from another with the same idempotency key: all that it says, however it was said. */
function digestOf({ duration, ...draft }: PushDraft): string {
  const lifetime = draft.needConfirm ? lifetimeOf({ needConfirm: true, duration }, 0) : 0;
  return hashSecret(JSON.stringify({ ...draft, lifetime }));
}
