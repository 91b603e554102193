import { expect, it } from 'vitest';
import type { Logger } from '../../../../../common/logs/log.js';
import { createDispatcher, type DispatcherOptions } from '../../../../../core/delivery/waking/dispatcher.js';
import type { DueWake } from '../../../../../core/store/store.js';
import { eventually } from '../../../../support/eventually.js';

const LOG = { debug() {}, info() {}, warn() {}, error() {} } as unknown as Logger;

it('looks less and less often at wakes whose vendor takes nothing, however often others are due', async () => {
  let time = 1_000_000;
  let passes = 0;
  let looks = 0;
  const push = { msgType: 'MSG', expiresAt: Number.MAX_SAFE_INTEGER, wake: 'OFFLINE' };
  const token = { channel: 'APNS', token: 't', registeredAt: 0 };
  const common = { channel: 'APNS', appNum: 1, lane: 1, attempt: 0, doubts: 0, needed: true, push, token };
  // As much of a wake as is decided by.
  const wake = { ...common, pushId: 1, deviceNum: 1, device: {} } as unknown as DueWake;
  const dispatcher = createDispatcher({
    store: {
      async findWakeLanes() {
        passes++;
        return [{ lane: 1, dueAt: 0 }];
      },
      async findDueWakes() {
        looks++;
        return [wake];
      },
      findPushes: async () => [],
      findBackgroundWakes: async () => new Map(),
      findSentSms: async () => [],
    },
    // Nothing is ever written.
    cycle: {} as DispatcherOptions['cycle'],
    host: { room: () => 0, send: () => new Promise(() => {}) },
    directory: {
      hasAny: () => true,
      isEmpty: () => false,
      apps: () => [1],
      credentialFor: () => ({ num: 1, channel: 'APNS' }),
      smsCredential: () => undefined,
      hidesContent: () => false,
    },
    onlineSince: () => undefined,
    graceUntil: () => undefined,
    quietUntil: async (wakes) => wakes.map(() => undefined),
    unconfirmedMs: 0,
    smsLimits: { numberDaily: 1, appHourly: 1 },
    log: LOG,
    now: () => time,
  });
  dispatcher.start();
  for (let step = 0; step < 200; step++) {
    time += 100;
    const before = passes;
    dispatcher.due(0);
    await eventually(() => passes > before, { intervalMs: 1 });
  }
  await dispatcher.stop();
  // Twenty seconds: at 0, 0.2, 0.6, 1.4, 3, 6.2, 11.2, 16.2 and so on.
  expect(looks).toBeGreaterThan(5);
  expect(looks).toBeLessThan(12);
});
