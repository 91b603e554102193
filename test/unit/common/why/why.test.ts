import { describe, expect, it } from 'vitest';
import type { WhyDevice, WhyEntry, WhyPush, WhyWake } from '../../../../common/why/facts.js';
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
  createdAt: 0,
  expiresAt: 0,
  endedAt: undefined,
  wakes: [],
};
const ended = (state: string): WhyEntry => ({ ...entry, state, endedAt: 1_800_000_000_000 });
const woken = (state: string, reason = ''): WhyEntry => ({ ...entry, wakes: [{ channel: 'FCM', state, reason }] });
const all = { isComplete: true, now: 1000 };
const push: WhyPush = {
  requestId: 'p',
  state: 'SENT',
  platform: undefined,
  isListed: true,
  createdAt: 500,
  sendAt: undefined,
  failure: '',
};
const sms: WhyWake = { channel: 'SMS_TWILIO', state: 'ACCEPTED', reason: '' };

const rows: readonly (readonly [string, WhyDevice[], WhyEntry[], WhyCode])[] = [
  ['no device at all', [], [], 'NO_DEVICE'],
  ['a device that nothing was pushed to', [offline], [], 'NO_PUSH'],
  ['delivered', [online], [ended('DELIVERED')], 'DELIVERED'],
  ['confirmed', [online], [ended('CONFIRMED')], 'CONFIRMED'],
  ['expired', [offline], [ended('EXPIRED')], 'EXPIRED'],
  ['expired unconfirmed', [offline], [{ ...ended('EXPIRED'), needConfirm: true }], 'EXPIRED_UNCONFIRMED'],
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
  ['a credential that is refused', [withToken('ACTIVE')], [woken('DUE', 'http_401')], 'WAKE_RETRIED'],
  ['about to be woken', [withToken('ACTIVE')], [woken('DUE')], 'WAKE_SOON'],
  ['being woken', [withToken('ACTIVE')], [woken('SENDING')], 'WAKE_SOON'],
  ['woken', [withToken('ACTIVE')], [woken('ACCEPTED')], 'WAKE_ACCEPTED'],
  ['refused by the vendor', [withToken('ACTIVE')], [woken('FAILED', 'BadTopic')], 'WAKE_FAILED'],
  ['too many short messages', [withToken('ACTIVE')], [woken('FAILED', 'SMS_LIMIT')], 'SMS_LIMIT'],
  ['an answer that was lost', [withToken('ACTIVE')], [woken('UNKNOWN', 'NO_ANSWER')], 'WAKE_UNKNOWN'],
  ['a wake that was not needed', [withToken('ACTIVE')], [woken('CANCELLED')], 'WAKE_DROPPED'],
  ['offline for long, and not woken', [withToken('ACTIVE')], [{ ...entry, createdAt: -60_001 }], 'NOT_WOKEN'],
  [
    'of several wakes the one that came furthest',
    [offline],
    [{ ...woken('FAILED', 'x'), wakes: [...woken('FAILED', 'x').wakes, sms] }],
    'WAKE_ACCEPTED',
  ],
  ['a device of which only the id is known', [unknown], [entry], 'PENDING'],
];

const silent: WhyDevice = { ...offline, platform: 'IOS', registeredAt: 400 };
const absences: readonly (readonly [string, WhyDevice, Partial<WhyPush>, WhyCode])[] = [
  ['scheduled', silent, { state: 'SCHEDULED', sendAt: 5000 }, 'SCHEDULED'],
  ['being made', silent, { state: 'RUNNING' }, 'BEING_SENT'],
  ['failed', silent, { state: 'FAILED', failure: 'too slow' }, 'PUSH_FAILED'],
  ['for another platform', silent, { platform: 'WEB' }, 'OTHER_PLATFORM'],
  ['for its platform, and others', silent, { platform: 'IOS' }, 'NOT_FOR_IT'],
  ['older than the registration', { ...silent, registeredAt: 501 }, {}, 'REGISTERED_LATER'],
  ['made later than the registration', { ...silent, registeredAt: 501 }, { sendAt: 600 }, 'NOT_FOR_IT'],
  ['to a topic, and over', silent, { isListed: false, state: 'EXPIRED' }, 'TOPIC_OVER'],
  ['to a topic, and recalled', silent, { isListed: false, state: 'RECALLED' }, 'RECALLED'],
  ['to others, and recalled', silent, { state: 'RECALLED' }, 'NOT_FOR_IT'],
  ['to others, seen by the id of a device', unknown, { platform: 'WEB' }, 'NOT_FOR_IT'],
];

describe('why a message did not arrive', () => {
  it.each(rows)('%s', (_, devices, entries, code) => {
    const [finding] = explain({ ...all, devices, entries });
    expect(finding?.code).toBe(code);
    expect(finding?.text).toMatch(/^[A-Z].*\.$/);
  });

  it('has a row for each reason', () => {
    expect([...new Set([...rows, ...absences].map(([, , , code]) => code))].toSorted()).toEqual(
      Object.keys(SENTENCES).toSorted(),
    );
  });

  it('names the vendor, its word and the time, and says of each device that it got nothing', () => {
    const [failed] = explain({ ...all, devices: [withToken('ACTIVE')], entries: [woken('FAILED', 'BadTopic')] });
    expect(failed).toMatchObject({
      level: 'waits',
      text: expect.stringContaining('FCM did not take its notification (BadTopic)'),
    });
    const [delivered, other] = explain({
      ...all,
      devices: [online, { ...offline, deviceId: 'other' }],
      entries: [ended('DELIVERED')],
    });
    expect(delivered?.text).toContain('2027-01-15T08:00:00.000Z');
    expect(other).toMatchObject({ code: 'NO_PUSH', deviceId: 'other', requestId: '' });
  });

  it.each(absences)('of a push that is %s', (_, device, its, code) => {
    const [finding] = explain({ ...all, devices: [device], entries: [], push: { ...push, ...its } });
    expect(finding).toMatchObject({ code, requestId: 'p', deviceId: 'd' });
    expect(finding?.text).toMatch(/^[A-Z].*\.$/);
  });

  it('says nothing of a device whose entries were not all read', () => {
    expect(explain({ ...all, isComplete: false, devices: [offline], entries: [] })).toEqual([]);
  });

  it('says of what has expired how the device was woken', () => {
    const expired = (state: string, reason: string) => ({ ...woken(state, reason), state: 'EXPIRED' });
    const [refused, taken] = explain({
      ...all,
      devices: [offline],
      entries: [expired('FAILED', 'BadTopic'), expired('ACCEPTED', '')],
    });
    expect(refused?.text).toContain('FCM had not taken a notification for it (BadTopic).');
    expect(taken?.text).toContain('FCM had taken a notification for it.');
  });
});
