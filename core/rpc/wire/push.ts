import type { Message } from '@bufbuild/protobuf';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { Type } from '@sinclair/typebox';
import { OVERRIDES_RULE } from '../../../common/contract/channels.js';
import { createChecker } from '../../../common/contract/check.js';
import { EXTRA_BOUNDS, ruled } from '../../../common/contract/fields.js';
import { OnePushError } from '../../../common/errors.js';
import type { Every, None } from '../../../common/every.js';
import { hashSecret } from '../../../common/secrets.js';
import {
  type SendPushRequest,
  SendPushRequestSchema,
  PushMsgType as WireMsgType,
  Priority as WirePriority,
} from '../../../gen/onepush/v1/push_pb.js';
import type { PushDraft } from '../../delivery/push/accept-push.js';
import { reachOf } from '../../domain/audience.js';
import { lifetimeOf } from '../../domain/expiry.js';
import type { Priority, PushContent, PushMsgType } from '../../domain/push.js';
import { ruleSchemaOf } from '../service/rule-schema.js';
import { fromAudience } from './audience.js';
import { PLATFORM } from './enums.js';
import { INTERRUPTION, WAKE_POLICY } from './wake.js';

const pushChecker = createChecker(
  ruleSchemaOf(SendPushRequestSchema, {
    audience: null,
    wakeOverrides: Type.String(ruled(`must be JSON text of ${OVERRIDES_RULE}`, { format: 'overrides' })),
    extraJson: Type.String(ruled(`must be JSON text ${EXTRA_BOUNDS}`, { format: 'extra' })),
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

/** Longest time that a push may be scheduled ahead, in milliseconds. */
const MAX_AHEAD = 7 * 86_400_000;

/** Fields that a draft has under other names; `dryRun` is the handler's. */
type Renamed = 'dryRun' | 'extraJson' | 'idempotencyKey' | 'pushMsgType' | 'ttlSeconds';
/** Does not compile where the schema has a field that no draft has. */
export type Forgotten = None<
  Exclude<keyof SendPushRequest, keyof Message | keyof PushDraft | keyof PushContent | Renamed>
>;

/** @throws OnePushError INVALID_FIELDS */
export function fromSendPush(request: SendPushRequest): PushDraft {
  const { audience, violations: inAudience } = fromAudience(request.audience);
  const violations = [...inAudience, ...pushChecker.violations(request)];
  const sendAt = request.sendAt && timestampMs(request.sendAt);
  if (sendAt !== undefined && sendAt > Date.now() + MAX_AHEAD) {
    violations.push({ field: 'sendAt', rule: 'must be at most 7 days from now' });
  }
  if (request.clearOnRead && violations.length === 0) {
    const isTopic = reachOf(audience, PLATFORM[request.platform]).kind === 'topics';
    if (isTopic) violations.push({ field: 'clearOnRead', rule: 'must not be true for a push to ALL or to tags' });
  }
  if (violations.length > 0) throw new OnePushError('INVALID_FIELDS', { violations });
  const content: Every<PushContent> = {
    alert: request.alert,
    extra: request.extraJson || undefined,
    sound: request.sound || undefined,
    badge: request.badge,
    sender: request.sender || undefined,
    sendDevice: request.sendDevice || undefined,
    smsMessage: request.smsMessage || undefined,
    title: request.title || undefined,
    image: request.image || undefined,
    clickTarget: request.clickTarget || undefined,
    androidChannel: request.androidChannel || undefined,
    category: request.category || undefined,
    thread: request.thread || undefined,
    interruption: INTERRUPTION[request.interruption],
    wakeOverrides: request.wakeOverrides || undefined,
    wakesPerSecond: request.wakesPerSecond,
  };
  const draft: Every<PushDraft> = {
    audience,
    platform: PLATFORM[request.platform],
    tenantCode: request.tenantCode,
    msgType: MSG_TYPE[request.pushMsgType],
    needConfirm: request.needConfirm,
    duration: request.duration,
    ttl: request.ttlSeconds,
    collapseKey: request.collapseKey || undefined,
    priority: PRIORITY[request.priority],
    wake: WAKE_POLICY[request.wake],
    clearOnRead: request.clearOnRead || undefined,
    sendAt,
    content,
    idempotency: undefined,
  };
  const key = request.idempotencyKey;
  if (key !== '') draft.idempotency = { key, digest: digestOf(draft) };
  return draft;
}

/** Returns what tells a push from another with the same idempotency key: all that it says, however it was said. */
function digestOf({ duration, ...draft }: PushDraft): string {
  const lifetime = draft.needConfirm ? lifetimeOf({ needConfirm: true, duration }, 0) : 0;
  return hashSecret(JSON.stringify({ ...draft, lifetime }));
}
