import { describe, expect, it } from 'vitest';
import type { WhyDevice, WhyEntry, WhyWake } from '../../../../common/why/facts.js';
import { SENTENCES, type WhyCode } from '../../../../common/why/sentences.js';
import { explain } from '../../../../common/why/why.js';

const offline: WhyDevice = { deviceId: 'd', isKnown: true, isOnline: false, token: undefined };
const online: WhyDevice = { ...offline, isOnline: true };
const withToken = (state: string): WhyDevice => ({
  ...offline,
  token: { channel: 'APNS', state, reason: 'Unregistered' },
});
const unknown: WhyDevice = { ...offline, isKnown: false, isOnline: undefined };
const entry: WhyEntry = {
  deviceId: 'd',
  requestId: 'p',
  state: 'PENDING',
  needConfirm: false,
  expiresAt: 0,
  endedAt: undefined,
  wakes: [],
};
const ended = (state: string): WhyEntry => ({ ...entry, state, endedAt: 1_800_000_000_000 });
const woken = (state: string, reason = ''): WhyEntry => ({ ...entry, wakes: [{ channel: 'FCM', state, reason }] });
const sms: WhyWake = { channel: 'SMS_TWILIO', state: 'ACCEPTED', reason: '' };

const rows: readonly (readonly [string, WhyDevice[], WhyEntry[], WhyCode])[] = [
  ['no device at all', [], [], 'NO_DEVICE'],
  ['a device that nothing was pushed to', [offline], [], 'NO_PUSH'],
  ['delivered', [online], [ended('DELIVERED')], 'DELIVERED'],
  ['confirmed', [online], [ended('CONFIRMED')], 'CONFIRMED'],
  ['expired', [offline], [ended('EXPIRED')], 'EXPIRED'],
  ['evicted', [offline], [ended('EVICTED')], 'EVICTED'],
  ['discarded, the device being nobody any more', [], [ended('DISCARDED')], 'DISCARDED'],
  ['recalled', [offline], [ended('RECALLED')], 'RECALLED'],
  ['replaced', [offline], [ended('REPLACED')], 'REPLACED'],
  ['cleared', [offline], [ended('CLEARED')], 'CLEARED'],
  ['a state of a newer release', [offline], [ended('LOST_IN_SPACE')], 'UNKNOWN'],
  ['online, and to be confirmed', [online], [{ ...entry, needConfirm: true }], 'UNCONFIRMED'],
  ['online, and not acknowledged', [online], [entry], 'ON_ITS_WAY'],
  ['offline without a token', [offline], [entry], 'NO_TOKEN'],
  ['offline with a token, not woken yet', [withToken('ACTIVE')], [entry], 'OFFLINE'],
  ['a token that is dead', [withToken('DEAD')], [woken('FAILED', 'Unregistered')], 'TOKEN_DEAD'],
  ['a token that is set aside', [withToken('SET_ASIDE')], [woken('FAILED', 'BadDeviceToken')], 'TOKEN_SET_ASIDE'],
  ['quiet hours', [withToken('ACTIVE')], [woken('DUE', 'QUIET_HOURS')], 'QUIET_HOURS'],
  ['no credential', [withToken('ACTIVE')], [woken('DUE', 'NO_CREDENTIAL')], 'NO_CREDENTIAL'],
  ['paced', [withToken('ACTIVE')], [woken('DUE', 'PACED')], 'WAKE_PACED'],
  ['a vendor that was not ready', [withToken('ACTIVE')], [woken('DUE', '503')], 'WAKE_RETRIED'],
  ['about to be woken', [withToken('ACTIVE')], [woken('DUE')], 'WAKE_SOON'],
  ['being woken', [withToken('ACTIVE')], [woken('SENDING')], 'WAKE_SOON'],
  ['woken', [withToken('ACTIVE')], [woken('ACCEPTED')], 'WAKE_ACCEPTED'],
  ['refused by the vendor', [withToken('ACTIVE')], [woken('FAILED', 'BadTopic')], 'WAKE_FAILED'],
  ['too many short messages', [withToken('ACTIVE')], [woken('FAILED', 'SMS_LIMIT')], 'SMS_LIMIT'],
  ['an answer that was lost', [withToken('ACTIVE')], [woken('UNKNOWN', 'NO_ANSWER')], 'WAKE_UNKNOWN'],
  ['a wake that was not needed', [withToken('ACTIVE')], [woken('CANCELLED')], 'OFFLINE'],
  [
    'of several wakes the one that came furthest',
    [offline],
    [{ ...woken('FAILED', 'x'), wakes: [...woken('FAILED', 'x').wakes, sms] }],
    'WAKE_ACCEPTED',
  ],
  ['a device of which only the id is known', [unknown], [entry], 'PENDING'],
];

describe('why a message did not arrive', () => {
  it.each(rows)('%s', (_, devices, entries, code) => {
    const [finding] = explain({ devices, entries });
    expect(finding?.code).toBe(code);
    expect(finding?.text).toMatch(/^[A-Z].*\.$/);
  });

  it('has a row for each reason', () => {
    expect([...new Set(rows.map(([, , , code]) => code))].toSorted()).toEqual(Object.keys(SENTENCES).toSorted());
  });

  it('names the vendor, its word and the time, and says of each device that it got nothing', () => {
    const [failed] = explain({ devices: [withToken('ACTIVE')], entries: [woken('FAILED', 'BadTopic')] });
    expect(failed).toMatchObject({
      level: 'waits',
      text: expect.stringContaining('FCM did not take its notification (BadTopic)'),
    });
    const [delivered, other] = explain({
      devices: [online, { ...offline, deviceId: 'other' }],
      entries: [ended('DELIVERED')],
    });
    expect(delivered?.text).toContain('2027-01-15T08:00:00.000Z');
    expect(other).toMatchObject({ code: 'NO_PUSH', deviceId: 'other', requestId: '' });
  });
});
