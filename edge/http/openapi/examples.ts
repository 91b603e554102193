/** A request, and what it is answered. */
export interface Example {
  /** Parameters of the query. */
  readonly query?: Readonly<Record<string, string>>;
  /** Body of the request. */
  readonly body?: unknown;
  /** Body of the answer. */
  readonly answer: unknown;
}

const PUSH = '244946072924160';
const DEVICE = 'b17831a7db850a0478e1ce71fef29618';
const TIME = '2026-01-31T12:00:00.123Z';
const LATER = '2026-02-03T12:00:00.123Z';
const MESSAGE = {
  id: PUSH,
  appId: 'testapp1',
  tenantCode: '',
  alert: 'Your parcel is here',
  pushMsgType: 'MSG',
  needConfirm: true,
};
const NOTHING = { answer: {} };
const ROTATED = { answer: { id: 'e7d0d5c4f6a1b2938475665748392a1b' } };

/**
 * By the id of the operation, for a user alice with one device that has the tag news, and a push to her that she has
 * not confirmed.
 */
export const EXAMPLES = {
  register: {
    body: { alias: 'alice', appId: 'testapp1', platform: 'ANDROID', nativeToken: 'token-1', tag: ['news'] },
    answer: { id: DEVICE },
  },
  unregister: NOTHING,
  unregisterThis: NOTHING,
  rotate: ROTATED,
  rotateThis: ROTATED,
  receive: { query: { wait: '20' }, answer: { messages: [MESSAGE], cursor: 'fdf32ff23f4be707.1' } },
  confirm: { body: { ids: [PUSH] }, answer: {} },
  readHistory: { query: { limit: '10' }, answer: { messages: [{ ...MESSAGE, time: TIME }] } },
  send: {
    body: {
      appId: 'testapp1',
      appKey: 'dkdka',
      audiences: ['alice'],
      alert: 'Your parcel is here',
      extra: { orderId: 42 },
      needConfirm: true,
    },
    answer: { requestId: PUSH },
  },
  recall: { answer: { recalled: 1 } },
  getPush: {
    answer: {
      requestId: PUSH,
      state: 'SENT',
      platform: 'ALL',
      tenantCode: '',
      pushMsgType: 'MSG',
      needConfirm: true,
      priority: 'NORMAL',
      createdAt: TIME,
      expiresAt: LATER,
      messageIds: [PUSH],
      deliveries: {
        targeted: 1,
        pending: 1,
        delivered: 0,
        confirmed: 0,
        expired: 0,
        evicted: 0,
        discarded: 0,
        recalled: 0,
        replaced: 0,
        cleared: 0,
      },
      wake: 'OFFLINE',
      content: { alert: 'Your parcel is here' },
    },
  },
  listDeliveries: {
    query: { state: 'PENDING' },
    answer: { deliveries: [{ deviceId: DEVICE, messageId: PUSH, state: 'PENDING' }] },
  },
  listDevices: {
    query: { alias: 'alice' },
    answer: {
      devices: [{ deviceId: DEVICE, alias: 'alice', platform: 'ANDROID', tag: ['news'], registeredAt: TIME }],
    },
  },
  deviceTimeline: {
    query: { pageSize: '1' },
    answer: {
      entries: [
        {
          requestId: PUSH,
          messageId: PUSH,
          state: 'PENDING',
          topic: false,
          needConfirm: true,
          createdAt: TIME,
          expiresAt: LATER,
          wakes: [],
        },
      ],
    },
  },
  createApp: {
    body: { name: 'Billing' },
    answer: { id: '104aa31fc8770c2c', name: 'Billing', appKey: 'JVct4TdMOU4KP-oo5GaLhG1Hgu24cnLy' },
  },
  getApp: { answer: { id: '104aa31fc8770c2c', name: 'Billing' } },
} satisfies Record<string, Example>;
