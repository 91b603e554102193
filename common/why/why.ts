import type { WhyDevice, WhyEntry, WhyFacts, WhyPush, WhyValues, WhyWake } from './facts.js';
import { SENTENCES, type WhyCode, type WhyLevel } from './sentences.js';

/** One thing that is to be said. */
export interface Finding {
  readonly code: WhyCode;
  readonly level: WhyLevel;
  /** Empty: it is about the user. */
  readonly deviceId: string;
  /** Empty: it is about no push. */
  readonly requestId: string;
  /** For whoever translates the sentence. */
  readonly values: WhyValues;
  /** The sentence. */
  readonly text: string;
  /** The next step; empty: there is none. */
  readonly next: string;
}

/** Milliseconds after which a device that is to be woken for a push has a wake of it. */
const WOKEN_WITHIN_MS = 60_000;

/** Says of each push, in words, why it did or did not arrive: first what is true of the user, then push by push. */
export function explain(facts: WhyFacts): Finding[] {
  const { devices, entries, isComplete } = facts;
  const byId = new Map(devices.map((device) => [device.deviceId, device]));
  if (devices.length === 0 && entries.length === 0) return [toFinding('NO_DEVICE', {}, '', '')];
  const silent = devices.filter(({ deviceId }) => entries.every((entry) => entry.deviceId !== deviceId));
  return [
    ...entries.map((entry) => explainEntry(entry, byId.get(entry.deviceId), facts.now)),
    // Of a device whose entries were not all read nobody knows that it has none.
    ...(isComplete ? silent.map((device) => explainAbsence(device, facts.push)) : []),
  ];
}

function explainEntry(entry: WhyEntry, device: WhyDevice | undefined, now: number): Finding {
  const [code, values] = reasonOf(entry, device, now);
  return toFinding(code, values, entry.deviceId, entry.requestId);
}

function explainAbsence(device: WhyDevice, push: WhyPush | undefined): Finding {
  if (push === undefined) return toFinding('NO_PUSH', {}, device.deviceId, '');
  const [code, values] = reasonOfAbsence(device, push);
  return toFinding(code, values, device.deviceId, push.requestId);
}

function reasonOfAbsence(device: WhyDevice, push: WhyPush): readonly [WhyCode, WhyValues] {
  if (push.state === 'SCHEDULED') return ['SCHEDULED', push.sendAt === undefined ? {} : { time: push.sendAt }];
  if (push.platform !== undefined && device.platform !== undefined && device.platform !== push.platform) {
    return ['OTHER_PLATFORM', { platform: push.platform }];
  }
  if (push.state === 'FAILED') return ['PUSH_FAILED', push.failure === '' ? {} : { reason: push.failure }];
  if (push.state === 'RUNNING') return ['BEING_SENT', {}];
  const { registeredAt } = device;
  if (registeredAt !== undefined && registeredAt > (push.sendAt ?? push.createdAt)) {
    return ['REGISTERED_LATER', { time: registeredAt }];
  }
  if (!push.isListed && push.state === 'RECALLED') return ['RECALLED', {}];
  return !push.isListed && push.state === 'EXPIRED' ? ['TOPIC_OVER', {}] : ['NOT_FOR_IT', {}];
}

/** States that say all by themselves. */
const ENDED: Readonly<Record<string, WhyCode>> = {
  DELIVERED: 'DELIVERED',
  CONFIRMED: 'CONFIRMED',
  EVICTED: 'EVICTED',
  DISCARDED: 'DISCARDED',
  RECALLED: 'RECALLED',
  REPLACED: 'REPLACED',
  CLEARED: 'CLEARED',
};

function reasonOf(entry: WhyEntry, device: WhyDevice | undefined, now: number): readonly [WhyCode, WhyValues] {
  const time = entry.endedAt === undefined ? {} : { time: entry.endedAt };
  const wake = entry.wakes.toSorted((one, other) => rankOf(one) - rankOf(other))[0];
  if (entry.state === 'EXPIRED') {
    return [entry.needConfirm ? 'EXPIRED_UNCONFIRMED' : 'EXPIRED', { ...time, ...wakingOf(wake) }];
  }
  const ended = ENDED[entry.state];
  if (ended !== undefined) return [ended, time];
  if (entry.state !== 'PENDING') return ['UNKNOWN', {}];
  if (device?.isOnline === true) return [entry.needConfirm ? 'UNCONFIRMED' : 'ON_ITS_WAY', {}];
  const token = device?.token;
  if (token?.state === 'DEAD') return ['TOKEN_DEAD', { channel: token.channel, reason: token.reason }];
  if (token?.state === 'SET_ASIDE') return ['TOKEN_SET_ASIDE', { channel: token.channel, reason: token.reason }];
  if (wake !== undefined) return reasonOfWake(wake);
  if (device?.isOnline === undefined) return ['PENDING', {}];
  if (token === undefined) return ['NO_TOKEN', {}];
  const isLate = now - entry.createdAt > WOKEN_WITHIN_MS;
  return isLate ? ['NOT_WOKEN', { channel: token.channel }] : ['OFFLINE', {}];
}

/** The part of waking in a message that has expired: nothing where it was not tried. */
function wakingOf(wake: WhyWake | undefined): WhyValues {
  if (wake === undefined) return {};
  const { channel, state, reason } = wake;
  if (state === 'ACCEPTED') return { channel, isNotified: true };
  return { channel, isNotified: false, ...(reason === '' || reason === 'EXPIRED' ? {} : { reason }) };
}

/** Of several wakes, such as a notification and then a short message, the one that has come furthest counts. */
function rankOf({ state }: WhyWake): number {
  const place = ['ACCEPTED', 'SENDING', 'DUE', 'UNKNOWN', 'FAILED', 'CANCELLED'].indexOf(state);
  return place < 0 ? 9 : place;
}

/** Reasons of our own for which a wake waits or has failed; all others are a vendor's. */
const OWN: Readonly<Record<string, WhyCode>> = {
  QUIET_HOURS: 'QUIET_HOURS',
  NO_CREDENTIAL: 'NO_CREDENTIAL',
  PACED: 'WAKE_PACED',
  NO_TOKEN: 'NO_TOKEN',
  SMS_LIMIT: 'SMS_LIMIT',
};

function reasonOfWake({ channel, state, reason }: WhyWake): readonly [WhyCode, WhyValues] {
  const values = { channel, ...(reason === '' ? {} : { reason }) };
  if (state === 'ACCEPTED') return ['WAKE_ACCEPTED', values];
  if (state === 'SENDING') return ['WAKE_SOON', values];
  if (state === 'UNKNOWN') return ['WAKE_UNKNOWN', values];
  if (state === 'CANCELLED') return ['WAKE_DROPPED', values];
  const own = OWN[reason];
  if (own !== undefined) return [own, values];
  if (state === 'FAILED') return ['WAKE_FAILED', values];
  return [reason === '' ? 'WAKE_SOON' : 'WAKE_RETRIED', values];
}

function toFinding(code: WhyCode, values: WhyValues, deviceId: string, requestId: string): Finding {
  const { level, says, next } = SENTENCES[code];
  return { code, level, deviceId, requestId, values, text: says(values), next };
}
