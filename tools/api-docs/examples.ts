import { type CurlExample, DEVICE, KEY, LATER, PUSH, TIME } from './example.js';
import { ADMIN_EXAMPLES } from './examples-admin.js';
import { WEBHOOK_EXAMPLES } from './examples-webhooks.js';

const PRESENCE = { edgeId: '5c1f0a6e', since: TIME };
const ALICE = { aliases: { values: ['alice'] } };
const PUBLIC_KEY = '{"crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kty":"OKP"}';
const SIGNING_KEY = {
  id: '5d1c2b7a90e3f846',
  kind: 'SIGNING_KEY_KIND_EDDSA',
  kid: '2026-01',
  createdAt: TIME,
  key: PUBLIC_KEY,
};
const CREDENTIAL = {
  name: 'orders',
  channel: 'CHANNEL_MIPUSH',
  settings: { package: 'com.example.orders', region: 'CN' },
  state: 'CHANNEL_STATE_READY',
  createdAt: TIME,
  updatedAt: TIME,
};
const DEVICE_OF_ALICE = {
  deviceId: DEVICE,
  alias: 'alice',
  platform: 'PLATFORM_ANDROID',
  tags: ['news'],
  registeredAt: TIME,
  presence: PRESENCE,
};

/**
 * By method. The answers are those for a user alice with one device, $DEVICE, that has the tag news and is online, and
 * a push, $PUSH, to alice that she has not confirmed.
 */
export const CURL_EXAMPLES: Record<string, CurlExample> = {
  ...ADMIN_EXAMPLES,
  ...WEBHOOK_EXAMPLES,
  RegisterDevice: {
    as: 'nobody',
    request: {
      appId: 'testapp1',
      alias: 'alice',
      platform: 'PLATFORM_ANDROID',
      nativeToken: 'token-1',
      tags: ['news'],
    },
    answer: { deviceId: DEVICE },
  },
  UnregisterDevice: { as: 'nobody', request: { deviceId: '$DEVICE' }, answer: {} },
  RotateDeviceId: {
    as: 'nobody',
    request: { deviceId: '$DEVICE' },
    answer: { deviceId: 'e7d0d5c4f6a1b2938475665748392a1b' },
  },
  SendPush: {
    as: 'app',
    request: {
      audience: ALICE,
      alert: 'Your parcel is here',
      extraJson: '{"orderId":9223372036854775807}',
      needConfirm: true,
      ttlSeconds: 86400,
      idempotencyKey: 'parcel-4711',
    },
    answer: { requestId: PUSH },
  },
  EstimateAudience: {
    as: 'app',
    request: {
      audience: {
        allOf: { audiences: [{ tags: { values: ['news'] } }, { not: { aliases: { values: ['bob'] } } }] },
      },
    },
    answer: { devices: 1, online: 1 },
  },
  RecallPush: { as: 'app', request: { requestId: '$PUSH' }, answer: { recalled: 1 } },
  GetPush: {
    as: 'app',
    request: { requestId: '$PUSH' },
    answer: {
      requestId: PUSH,
      state: 'STATE_SENT',
      pushMsgType: 'PUSH_MSG_TYPE_MSG',
      needConfirm: true,
      priority: 'PRIORITY_NORMAL',
      createdAt: TIME,
      expiresAt: LATER,
      content: { alert: 'Your parcel is here' },
      messageIds: [PUSH],
      deliveries: { targeted: 1, pending: 1 },
      wake: 'WAKE_POLICY_OFFLINE',
    },
  },
  ListPushes: {
    as: 'app',
    request: { state: 'STATE_SENT', pageSize: 1 },
    answer: {
      pushes: [
        {
          requestId: PUSH,
          state: 'STATE_SENT',
          reach: 'PUSH_REACH_DEVICES',
          pushMsgType: 'PUSH_MSG_TYPE_MSG',
          needConfirm: true,
          priority: 'PRIORITY_NORMAL',
          createdAt: TIME,
          expiresAt: LATER,
          devices: 1,
          alert: 'Your parcel is here',
        },
      ],
      nextPageToken: 'MjQ0OTQ2MDcyOTI0MTYwLkFxWjFmMm5QYzlr',
    },
  },
  ListDeliveries: {
    as: 'app',
    request: { requestId: '$PUSH' },
    answer: { deliveries: [{ deviceId: DEVICE, messageId: PUSH, state: 'DELIVERY_STATE_PENDING' }] },
  },
  DeviceTimeline: {
    as: 'app',
    request: { deviceId: '$DEVICE' },
    answer: {
      entries: [
        {
          deviceId: DEVICE,
          requestId: PUSH,
          messageId: PUSH,
          state: 'DELIVERY_STATE_PENDING',
          needConfirm: true,
          createdAt: TIME,
          expiresAt: LATER,
        },
      ],
    },
  },
  ListDevices: {
    as: 'app',
    request: { alias: 'alice' },
    answer: { devices: [DEVICE_OF_ALICE] },
  },
  GetPresence: {
    as: 'app',
    request: { aliases: ['alice', 'nobody'] },
    answer: {
      users: [
        {
          alias: 'alice',
          devices: 1,
          online: [{ deviceId: DEVICE, platform: 'PLATFORM_ANDROID', presence: PRESENCE }],
        },
        { alias: 'nobody' },
      ],
    },
  },
  UpdateDevice: {
    as: 'app',
    request: { deviceId: '$DEVICE', addTags: ['beta'], mobile: '13800000000' },
    answer: { device: { ...DEVICE_OF_ALICE, tags: ['beta', 'news'], mobile: '13800000000' } },
  },
  DeleteDevices: {
    as: 'app',
    request: { alias: 'alice', dryRun: true },
    answer: { devices: 1 },
  },
  SetQuietHours: {
    as: 'app',
    request: { subject: { alias: 'alice' }, hours: { timeZone: 'Europe/Berlin', from: '22:00', until: '07:00' } },
    answer: {},
  },
  ListQuietHours: {
    as: 'app',
    request: { aliases: ['alice'] },
    answer: {
      entries: [{ subject: { alias: 'alice' }, hours: { timeZone: 'Europe/Berlin', from: '22:00', until: '07:00' } }],
    },
  },
  AddSigningKey: {
    as: 'admin',
    request: { appId: '$APP', kind: 'SIGNING_KEY_KIND_EDDSA', kid: '2026-01', key: PUBLIC_KEY },
    answer: { key: SIGNING_KEY },
  },
  ListSigningKeys: { as: 'admin', request: { appId: '$APP' }, answer: { keys: [SIGNING_KEY] } },
  RemoveSigningKey: { as: 'admin', request: { appId: '$APP', id: '$SIGNING_KEY' }, answer: {} },
  RotateAppKey: {
    as: 'admin',
    request: { id: '$APP', keepOldSeconds: 3600 },
    answer: { appKey: KEY, oldKeysExpireAt: TIME },
  },
  SetChannel: {
    as: 'admin',
    request: {
      appId: '$APP',
      name: 'orders',
      channel: 'CHANNEL_MIPUSH',
      settingsJson: '{"appSecret":"S2aDwsGyXCTS43oKw2aR4Q==","package":"com.example.orders"}',
    },
    answer: { credential: CREDENTIAL },
  },
  ListChannels: { as: 'admin', request: { appId: '$APP' }, answer: { credentials: [CREDENTIAL] } },
  TestChannel: {
    as: 'admin',
    request: { appId: '$APP', name: 'orders' },
    answer: { result: 'TEST_RESULT_UNREACHABLE', reason: 'ECONNREFUSED' },
  },
  RemoveChannel: { as: 'admin', request: { appId: '$APP', name: 'orders' }, answer: {} },
  SetAppWaking: { as: 'admin', request: { id: '$APP', hidesContent: true }, answer: {} },
  SetAppLimits: { as: 'admin', request: { id: '$APP', limits: { sendsPerSecond: 100 } }, answer: {} },
  GetUsage: {
    as: 'app',
    request: {},
    answer: {
      limits: [
        { name: 'app.registrations', used: 0.02 },
        { name: 'app.sends', used: 0.02 },
        { name: 'app.deliveries', used: 0.02 },
        { name: 'app.sendStreams', limit: 1000 },
        { name: 'app.receiptStreams', limit: 100 },
        { name: 'app.devices', used: 1 },
        { name: 'app.tags', limit: 100000, used: 1 },
        { name: 'app.openJobs', limit: 10000 },
      ],
    },
  },
};

/** The streams, with the client package: programs, by method. */
export const NODE_EXAMPLES: Record<string, string> = {
  SendPushStream: 'examples/node/send.mjs',
  WatchReceipts: 'examples/node/receipts.mjs',
};
