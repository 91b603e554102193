import { isSmsChannel } from '../../domain/channel.js';
import type { DueWake, FinalWakeState } from '../../store/store.js';
import type { WakeChange } from './changes.js';

/** The decision about a wake that is due. */
export type Decision =
  /** It is sent. */
  | { readonly kind: 'send'; readonly credentialNum: number }
  /** It becomes this. */
  | WakeChange
  /** Its credential takes no more now. It stays as it is. */
  | { readonly kind: 'hold' };

/** All that decides about a wake besides itself. */
export interface Facts {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Since when the device has a session; undefined: it has none. */
  readonly onlineSince: number | undefined;
  /** The credential's number, and how many more it takes now; undefined: the app has none for this. */
  readonly credential: { readonly num: number; readonly room: number } | undefined;
  /** Time until which the device may come back by itself; undefined: it is not waited for. */
  readonly graceUntil: number | undefined;
  /** End of the quiet hours that it is in; undefined: it is in none. */
  readonly quietUntil: number | undefined;
  /** Time of the device's last background push; undefined: long ago. */
  readonly lastBackground: number | undefined;
  /** A short message to this number, of this app, is within their caps. */
  readonly smsAllowed: boolean;
  /** Time for which a message of a session may be unconfirmed, in milliseconds. */
  readonly unconfirmedMs: number;
  /** From 0 to 1, for what is spread. */
  readonly random: number;
}

/** Apple lets two or three background pushes an hour through to a device. */
export const BACKGROUND_INTERVAL_MS = 20 * 60_000;
/** The time before an app's missing credential is looked for again. */
const NO_CREDENTIAL_MS = 60_000;
/** Time over which wakes are spread that have waited for the end of quiet hours. */
const QUIET_SPREAD_MS = 5 * 60_000;
/** Attempts of unknown outcome that a wake has at the most: a short message costs money, and has one. */
const MAX_DOUBTS = 2;

/** Decides about a wake that is due, by the rules in their order. */
export function decide(wake: DueWake, facts: Facts): Decision {
  const { push, token, channel } = wake;
  const { now, onlineSince, credential } = facts;
  const sms = isSmsChannel(channel);
  if (push === undefined) return { kind: 'drop' };
  if (wake.doubts >= maxDoubts(wake)) return settled('unknown', 'NO_ANSWER');
  if (push.wake === 'NEVER' || !wake.needed) return settled('cancelled', undefined);
  if (push.expiresAt <= now) return settled(wake.attempt > 0 ? 'failed' : 'cancelled', 'EXPIRED');
  if (!sms && token === undefined) return settled('failed', 'NO_TOKEN');
  if (!sms && token?.channel !== channel) return settled('cancelled', 'OTHER_CHANNEL');
  if (sms && !wake.device.mobile) return settled('cancelled', 'NO_NUMBER');
  if (onlineSince !== undefined && (push.wake !== 'ALWAYS' || sms)) {
    if (!push.needConfirm && !sms) return wake.doubts > 0 ? settled('unknown', 'ONLINE') : { kind: 'drop' };
    const unconfirmedAt = endOf(Math.max(push.createdAt, onlineSince), facts.unconfirmedMs, now);
    if (unconfirmedAt > now) return waits(unconfirmedAt, undefined);
  }
  const { graceUntil } = facts;
  if (onlineSince === undefined && push.wake !== 'ALWAYS' && !sms && graceUntil !== undefined) {
    return waits(graceUntil, undefined);
  }
  if (facts.quietUntil !== undefined && facts.quietUntil > now) {
    return waits(facts.quietUntil + facts.random * quietSpreadMs(facts.quietUntil, push.expiresAt), 'QUIET_HOURS');
  }
  if (credential === undefined) {
    return waits(now + NO_CREDENTIAL_MS * (1 + facts.random), 'NO_CREDENTIAL');
  }
  const backgroundAt = endOf(facts.lastBackground ?? Number.NEGATIVE_INFINITY, BACKGROUND_INTERVAL_MS, now);
  if (isBackground(wake) && backgroundAt > now) return waits(backgroundAt, 'PACED');
  if (!facts.smsAllowed) return settled('failed', 'SMS_LIMIT');
  if (credential.room <= 0) return { kind: 'hold' };
  return { kind: 'send', credentialNum: credential.num };
}

/** The end of a time that has begun; now, where it seems to begin only later: the clock was set back. */
function endOf(begun: number, ms: number, now: number): number {
  return begun > now + ms ? now : begun + ms;
}

/** Not all devices that were quiet are woken in the same second; a message that has little time left waits for less. */
function quietSpreadMs(quietUntil: number, expiresAt: number): number {
  return Math.max(0, Math.min(QUIET_SPREAD_MS, (expiresAt - quietUntil) / 2));
}

/** Returns true for a wake that iOS counts. */
export function isBackground({ push, channel }: DueWake): boolean {
  return channel === 'APNS' && push?.msgType === 'CMD';
}

/** Returns with how many attempts of unknown outcome a wake ends. */
export function maxDoubts({ channel }: Pick<DueWake, 'channel'>): number {
  return isSmsChannel(channel) ? 1 : MAX_DOUBTS;
}

/** Returns true if the wake is sent though the device has a session. */
export function wakesOnline({ push, channel }: DueWake): boolean {
  return push?.wake === 'ALWAYS' || push?.needConfirm === true || isSmsChannel(channel);
}

function waits(dueAt: number, reason: string | undefined): Decision {
  return { kind: 'wait', dueAt, reason, doubt: false };
}

function settled(state: FinalWakeState, reason: string | undefined): Decision {
  return { kind: 'settle', state, reason };
}
