import { isSmsChannel } from '../../domain/channel.js';
import type { DueWake, StoreReader } from '../../store/store.js';

/** Most short messages to one number in a day, and of one app in an hour. */
export interface SmsLimits {
  /** Short messages to one phone number in 24 hours. */
  readonly numberDaily: number;
  /** Short messages of one app in an hour. */
  readonly appHourly: number;
}

/** Counts short messages, also those whose outcome is not known: each may have cost money. */
export interface SmsCaps {
  /** Counts what apps of these wakes have sent in the last day, before the first of each is decided about. */
  count(wakes: readonly Pick<DueWake, 'appNum' | 'channel'>[], now: number): Promise<void>;
  /** Returns true if another one is within the caps. */
  allows(appNum: number, mobile: string, now: number): boolean;
  /** One is sent, or was at that time. */
  add(appNum: number, mobile: string, at: number): void;
}

const HOUR = 3_600_000;
/** Time that a short message counts. */
const SMS_WINDOW_MS = 24 * HOUR;

/** Returns caps that have counted nothing. Holds a time for each short message of the last day. */
export function createSmsCaps({ numberDaily, appHourly }: SmsLimits, store: Pick<StoreReader, 'findSentSms'>): SmsCaps {
  const byNumber = new Map<string, number[]>();
  const byApp = new Map<number, number[]>();
  /** Apps whose earlier ones are counted. */
  const counted = new Set<number>();
  let sweptAt = 0;

  /** Forgets numbers that nothing was sent to for a day. */
  function sweep(now: number): void {
    if (now - sweptAt < HOUR) return;
    sweptAt = now;
    for (const [key, times] of byNumber) if (now - (times.at(-1) ?? 0) >= SMS_WINDOW_MS) byNumber.delete(key);
  }

  function countSince(times: readonly number[] | undefined, since: number): number {
    return (times ?? []).filter((time) => time > since).length;
  }

  function add(appNum: number, mobile: string, at: number): void {
    sweep(at);
    const key = keyOf(appNum, mobile);
    byNumber.set(key, [...(byNumber.get(key) ?? []).filter((time) => time > at - SMS_WINDOW_MS), at]);
    byApp.set(appNum, [...(byApp.get(appNum) ?? []).filter((time) => time > at - HOUR), at]);
  }

  return {
    async count(wakes, now) {
      for (const { appNum, channel } of wakes) {
        if (!isSmsChannel(channel) || counted.has(appNum)) continue;
        // So many it can have sent.
        const most = (SMS_WINDOW_MS / HOUR) * appHourly;
        for (const { mobile, at } of await store.findSentSms(appNum, now - SMS_WINDOW_MS, most))
          add(appNum, mobile, at);
        counted.add(appNum);
      }
    },
    allows: (appNum, mobile, now) =>
      countSince(byNumber.get(keyOf(appNum, mobile)), now - SMS_WINDOW_MS) < numberDaily &&
      countSince(byApp.get(appNum), now - HOUR) < appHourly,
    add,
  };
}

function keyOf(appNum: number, mobile: string): string {
  return `${appNum}:${mobile}`;
}
