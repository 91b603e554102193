import { Type } from '@sinclair/typebox';
import { createChecker } from '../../common/contract/check.js';
import { Label, LIMITS, ruled, Text } from '../../common/contract/fields.js';
import { OnePushError } from '../../common/errors.js';
import { hashSecret } from '../../common/secrets.js';
import type { SendPushRequest, Audience as WireAudience } from '../../gen/onepush/v1/push_pb.js';
import { PushMsgType as WireMsgType, Priority as WirePriority } from '../../gen/onepush/v1/push_pb.js';
import type { PushDraft } from '../delivery/accept.js';
import type { Audience } from '../domain/audience.js';
import { lifetimeOf } from '../domain/expiry.js';
import type { Priority, PushMsgType } from '../domain/push.js';
import { PLATFORM } from './wire.js';

const Names = (what: string) =>
  Type.Array(
    Label(LIMITS.name, 1),
    ruled(`must be a list of 1 to ${LIMITS.audiences} ${what}`, { minItems: 1, maxItems: LIMITS.audiences }),
  );
const pushChecker = createChecker(
  Type.Object({
    audience: Type.Union(
      [
        Type.Object({ kind: Type.Literal('aliases'), aliases: Names('user ids') }),
        Type.Object({ kind: Type.Literal('tags'), tags: Names('tags') }),
        Type.Object({ kind: Type.Literal('devices'), deviceIds: Names('device ids') }),
        Type.Object({ kind: Type.Literal('everyone') }),
      ],
      ruled(
        `must be 1 to ${LIMITS.audiences} aliases, tags or device ids of 1 to ${LIMITS.name} characters, or everyone`,
        {},
      ),
    ),
    platform: Type.Integer(ruled('must be a known platform', { minimum: 0, maximum: 4 })),
    tenantCode: Label(LIMITS.tenantCode),
    pushMsgType: Type.Integer(ruled('must be MSG or CMD', { minimum: 0, maximum: 2 })),
    duration: Type.Optional(Type.Number(ruled('must be a number of seconds', {}))),
    alert: Text(LIMITS.text, 1),
    extraJson: Type.String(ruled('must be JSON text', { format: 'json-text' })),
    sound: Text(LIMITS.shortText),
    sender: Text(LIMITS.shortText),
    sendDevice: Text(LIMITS.shortText),
    smsMessage: Text(LIMITS.text),
    idempotencyKey: Label(LIMITS.name),
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

/** @throws OnePushError INVALID_FIELDS */
export function fromSendPush(request: SendPushRequest): PushDraft {
  const audience = fromAudience(request.audience);
  pushChecker.parse({ ...request, audience });
  if (audience === undefined) throw new OnePushError('INVALID_FIELDS');
  const draft = {
    audience,
    platform: PLATFORM[request.platform],
    tenantCode: request.tenantCode,
    msgType: MSG_TYPE[request.pushMsgType],
    needConfirm: request.needConfirm,
    duration: request.duration,
    ttl: request.ttlSeconds,
    collapseKey: request.collapseKey || undefined,
    priority: PRIORITY[request.priority],
    content: {
      alert: request.alert,
      extra: request.extraJson || undefined,
      sound: request.sound || undefined,
      badge: request.badge,
      sender: request.sender || undefined,
      sendDevice: request.sendDevice || undefined,
      smsMessage: request.smsMessage || undefined,
    },
  };
  const key = request.idempotencyKey;
  return { ...draft, idempotency: key === '' ? undefined : { key, digest: digestOf(draft) } };
}

/** What tells a push from another with the same idempotency key: all that it says, however it was said. */
function digestOf({ duration, ...draft }: Omit<PushDraft, 'idempotency'>): string {
  const lifetime = draft.needConfirm ? lifetimeOf({ needConfirm: true, duration }, 0) : 0;
  return hashSecret(JSON.stringify({ ...draft, lifetime }));
}

function fromAudience(wire: WireAudience | undefined): Audience | undefined {
  switch (wire?.audience.case) {
    case 'aliases':
      return { kind: 'aliases', aliases: wire.audience.value.values };
    case 'tags':
      return { kind: 'tags', tags: wire.audience.value.values };
    case 'devices':
      return { kind: 'devices', deviceIds: wire.audience.value.ids };
    case 'everyone':
      return { kind: 'everyone' };
    case undefined:
      return undefined;
  }
}
