import type { WhyDevice, WhyEntry, WhyFacts, WhyValues, WhyWake } from './facts.js';
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

/** Says of each push, in words, why it did or did not arrive: first what is true of the user, then push by push. */
export function explain({ devices, entries }: WhyFacts): Finding[] {
  const byId = new Map(devices.map((device) => [device.deviceId, device]));
  if (devices.length === 0 && entries.length === 0) return [toFinding('NO_DEVICE', {}, '', '')];
  const silent = devices.filter(({ deviceId }) => entries.every((entry) => entry.deviceId !== deviceId));
  return [
    ...entries.map((entry) => explainEntry(entry, byId.get(entry.deviceId))),
    ...silent.map(({ deviceId }) => toFinding('NO_PUSH', {}, deviceId, '')),
  ];
}

function explainEntry(entry: WhyEntry, device: WhyDevice | undefined): Finding {
  const [code, values] = reasonOf(entry, device);
  return toFinding(code, values, entry.deviceId, entry.requestId);
}

/** States that say all by themselves. */
const ENDED: Readonly<Record<string, WhyCode>> = {
  DELIVERED: 'DELIVERED',
  CONFIRMED: 'CONFIRMED',
  EXPIRED: 'EXPIRED',
  EVICTED: 'EVICTED',
  DISCARDED: 'DISCARDED',
  RECALLED: 'RECALLED',
  REPLACED: 'REPLACED',
  CLEARED: 'CLEARED',
};

function reasonOf(entry: WhyEntry, device: WhyDevice | undefined): readonly [WhyCode, WhyValues] {
  const ended = ENDED[entry.state];
  if (ended !== undefined) return [ended, entry.endedAt === undefined ? {} : { time: entry.endedAt }];
  if (entry.state !== 'PENDING') return ['UNKNOWN', {}];
  if (device?.isOnline === true) return [entry.needConfirm ? 'UNCONFIRMED' : 'ON_ITS_WAY', {}];
  const wake = entry.wakes.toSorted((one, other) => rankOf(one) - rankOf(other))[0];
  const token = device?.token;
  if (token?.state === 'DEAD') return ['TOKEN_DEAD', { channel: token.channel, reason: token.reason }];
  if (token?.state === 'SET_ASIDE') return ['TOKEN_SET_ASIDE', { channel: token.channel, reason: token.reason }];
  if (wake !== undefined) return reasonOfWake(wake);
  if (device?.isOnline === undefined) return ['PENDING', {}];
  return [token === undefined ? 'NO_TOKEN' : 'OFFLINE', {}];
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
  if (state === 'CANCELLED') return ['OFFLINE', values];
  const own = OWN[reason];
  if (own !== undefined) return [own, values];
  if (state === 'FAILED') return ['WAKE_FAILED', values];
  return [reason === '' ? 'WAKE_SOON' : 'WAKE_RETRIED', values];
}

function toFinding(code: WhyCode, values: WhyValues, deviceId: string, requestId: string): Finding {
  const { level, says, next } = SENTENCES[code];
  return { code, level, deviceId, requestId, values, text: says(values), next };
}
