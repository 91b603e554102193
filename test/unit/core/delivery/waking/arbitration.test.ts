import { describe, expect, it } from 'vitest';
import { decide, type Facts } from '../../../../../core/delivery/waking/arbitration.js';
import type { DueWake } from '../../../../../core/store/store.js';

const NOW = 1_000_000_000;
const MINUTE = 60_000;
const FACTS: Facts = {
  now: NOW,
  onlineSince: undefined,
  credential: { num: 1, room: 1 },
  graceUntil: undefined,
  quietUntil: undefined,
  lastBackground: undefined,
  smsAllowed: true,
  unconfirmedMs: 10_000,
  random: 0,
};

function wakeOf(push: object): DueWake {
  const made = { msgType: 'MSG', createdAt: NOW, expiresAt: NOW + 60 * MINUTE, wake: 'OFFLINE', ...push };
  const common = { pushId: 1, deviceNum: 1, channel: 'APNS', attempt: 0, doubts: 0, needed: true, device: {} };
  // As much of a wake as is decided by.
  return { ...common, push: made, token: { channel: 'APNS' } } as unknown as DueWake;
}

const dueAt = (wake: DueWake, facts: Partial<Facts>): number => {
  const decision = decide(wake, { ...FACTS, ...facts });
  return decision.kind === 'wait' ? decision.dueAt : Number.NaN;
};

describe('the decision about a wake', () => {
  const quietUntil = NOW + 10 * MINUTE;

  it('spreads what waits for the end of quiet hours over five minutes', () => {
    expect(dueAt(wakeOf({}), { quietUntil })).toBe(quietUntil);
    expect(dueAt(wakeOf({}), { quietUntil, random: 1 })).toBe(quietUntil + 5 * MINUTE);
  });

  it('lets no message expire by that', () => {
    const wake = wakeOf({ expiresAt: quietUntil + MINUTE });
    expect(dueAt(wake, { quietUntil, random: 1 })).toBe(quietUntil + MINUTE / 2);
    expect(dueAt(wakeOf({ expiresAt: quietUntil - MINUTE }), { quietUntil, random: 1 })).toBe(quietUntil);
  });

  it('does not wait for what happened before the clock was set back', () => {
    const times = { createdAt: NOW + 60 * MINUTE, expiresAt: NOW + 120 * MINUTE };
    const later = { onlineSince: NOW + 60 * MINUTE, lastBackground: NOW + 60 * MINUTE };
    for (const push of [{ needConfirm: true }, { msgType: 'CMD', needConfirm: true }]) {
      expect(decide(wakeOf({ ...times, ...push }), { ...FACTS, ...later })).toMatchObject({ kind: 'send' });
    }
    const wake = wakeOf({ needConfirm: true });
    expect(dueAt(wake, { onlineSince: NOW - 1000 })).toBe(NOW + 10_000);
    expect(dueAt(wakeOf({ msgType: 'CMD' }), { lastBackground: NOW - MINUTE })).toBe(NOW + 19 * MINUTE);
  });
});
