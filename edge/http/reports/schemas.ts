import { Type } from '@sinclair/typebox';
import { Label, LIMITS, ruled, Word } from '../../../common/contract/fields.js';

/** Maximum number of entries of a page; the core's. */
const MAX_PAGE = 1000;
const Page = {
  pageSize: Type.Optional(
    Type.Integer(ruled(`must be a whole number from 1 to ${MAX_PAGE}`, { minimum: 1, maximum: MAX_PAGE })),
  ),
  pageToken: Type.Optional(Label(LIMITS.pageToken)),
};

/** States that a delivery may be in. */
const DELIVERY_STATES = [
  'PENDING',
  'DELIVERED',
  'CONFIRMED',
  'EXPIRED',
  'EVICTED',
  'DISCARDED',
  'RECALLED',
  'REPLACED',
  'CLEARED',
] as const;

/** Parameters of GET /msgpush/push/{requestId}/deliveries. */
export const DeliveriesQuery = Type.Object({ state: Type.Optional(Word(DELIVERY_STATES)), ...Page });

/** Parameters of GET /msgpush/devices. */
export const DevicesQuery = Type.Object({
  alias: Type.Optional(Label(LIMITS.name, 1)),
  tag: Type.Optional(Label(LIMITS.name, 1)),
  ...Page,
});

/** Parameters of GET /msgpush/devices/{deviceId}/timeline. */
export const TimelineQuery = Type.Object(Page);

const Time = Type.String({ description: 'RFC 3339, in UTC', format: 'date-time' });
const Count = Type.Integer({ minimum: 0 });
/** One of some words, in an answer. */
export const OneOf = <const T extends string>(words: readonly T[]) => Type.Unsafe<T>(Type.String({ enum: [...words] }));
const NextPage = { nextPageToken: Type.Optional(Type.String({ description: 'Absent: there is no more' })) };

const Wake = Type.Object(
  {
    channel: Type.String(),
    state: OneOf(['DUE', 'SENDING', 'ACCEPTED', 'FAILED', 'UNKNOWN', 'CANCELLED']),
    reason: Type.Optional(Type.String({ description: "The vendor's word for its last answer" })),
    time: Time,
    attempts: Count,
  },
  { title: 'Wake' },
);

/** Answer of GET /msgpush/push/{requestId}. */
export const PushReport = Type.Object({
  requestId: Type.String(),
  state: OneOf(['SCHEDULED', 'RUNNING', 'SENT', 'EXPIRED', 'RECALLED', 'FAILED']),
  platform: OneOf(['ALL', 'ANDROID', 'IOS', 'PC', 'WEB']),
  tenantCode: Type.String(),
  pushMsgType: OneOf(['MSG', 'CMD']),
  needConfirm: Type.Boolean(),
  clearOnRead: Type.Optional(Type.Boolean()),
  collapseKey: Type.Optional(Type.String()),
  priority: OneOf(['LOW', 'NORMAL', 'HIGH']),
  createdAt: Time,
  sendAt: Type.Optional(Time),
  expiresAt: Time,
  messageIds: Type.Array(Type.String(), { description: 'The ids of its messages on the devices, at most 1000' }),
  deliveries: Type.Optional(
    Type.Object(
      {
        targeted: Count,
        pending: Count,
        delivered: Count,
        confirmed: Count,
        expired: Count,
        evicted: Count,
        discarded: Count,
        recalled: Count,
        replaced: Count,
        cleared: Count,
      },
      { description: 'Of a push to devices: targeted is the sum of all others' },
    ),
  ),
  topics: Type.Optional(
    Type.Object({ published: Count, confirmed: Count }, { description: 'Of a push to tags or to everyone' }),
  ),
  wake: OneOf(['NEVER', 'OFFLINE', 'ALWAYS']),
  wakes: Type.Optional(
    Type.Object({
      due: Count,
      sending: Count,
      accepted: Count,
      failed: Count,
      unknown: Count,
      cancelled: Count,
    }),
  ),
  failure: Type.Optional(Type.String({ description: 'Why a push that is made later or in parts has failed' })),
  content: Type.Optional(
    Type.Object(
      {
        alert: Type.String(),
        extra: Type.Optional(Type.Unknown()),
        sound: Type.Optional(Type.String()),
        badge: Type.Optional(Type.Integer()),
        sender: Type.Optional(Type.String()),
        sendDevice: Type.Optional(Type.String()),
        smsMessage: Type.Optional(Type.String()),
        title: Type.Optional(Type.String()),
        image: Type.Optional(Type.String()),
        clickTarget: Type.Optional(Type.String()),
        androidChannel: Type.Optional(Type.String()),
        category: Type.Optional(Type.String()),
        thread: Type.Optional(Type.String()),
        interruption: Type.Optional(OneOf(['PASSIVE', 'ACTIVE', 'TIME_SENSITIVE', 'CRITICAL'])),
        wakesPerSecond: Type.Optional(Type.Integer()),
      },
      { title: 'PushContent', description: 'Absent once it is erased: when the push has expired or was recalled' },
    ),
  ),
});

/** Answer of GET /msgpush/push/{requestId}/deliveries. */
export const DeliveriesReport = Type.Object({
  deliveries: Type.Array(
    Type.Object(
      {
        deviceId: Type.String(),
        messageId: Type.String(),
        state: OneOf(DELIVERY_STATES),
        time: Type.Optional(Time),
      },
      { title: 'Delivery' },
    ),
  ),
  ...NextPage,
});

/** Answer of POST /msgpush/recall/{requestId}. */
export const RecallReport = Type.Object({ recalled: Count });

/** Answer of GET /msgpush/devices. */
export const DevicesReport = Type.Object({
  devices: Type.Array(
    Type.Object(
      {
        deviceId: Type.String(),
        alias: Type.String(),
        platform: OneOf(['ANDROID', 'IOS', 'PC', 'WEB']),
        tag: Type.Array(Type.String()),
        mobile: Type.Optional(Type.String()),
        registeredAt: Time,
        onlineSince: Type.Optional(Time),
        push: Type.Optional(
          Type.Object(
            {
              channel: Type.String(),
              environment: OneOf(['PRODUCTION', 'SANDBOX']),
              bundle: Type.Optional(Type.String()),
              state: OneOf(['ACTIVE', 'DEAD', 'SET_ASIDE']),
              since: Time,
              reason: Type.Optional(Type.String()),
            },
            { title: 'DeviceToken' },
          ),
        ),
      },
      { title: 'Device' },
    ),
  ),
  ...NextPage,
});

/** Answer of GET /msgpush/devices/{deviceId}/timeline. */
export const TimelineReport = Type.Object({
  entries: Type.Array(
    Type.Object(
      {
        requestId: Type.String(),
        messageId: Type.String(),
        state: OneOf(DELIVERY_STATES),
        topic: Type.Boolean({ description: 'It came by a tag, or was for everyone' }),
        needConfirm: Type.Boolean(),
        createdAt: Time,
        expiresAt: Time,
        time: Type.Optional(Time),
        wakes: Type.Array(Wake),
      },
      { title: 'TimelineEntry' },
    ),
  ),
  ...NextPage,
});
