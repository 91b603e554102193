import { OnePushError } from '../../common/errors.js';
import {
  APP_LIMITS,
  APP_RATES,
  APP_STREAMS,
  type AppLimitName,
  type AppLimitValues,
  type AppRate,
  type AppStream,
} from '../../common/limits/names.js';
import { count, countedIn, createSlidingCount, type SlidingCount } from '../../common/limits/sliding-count.js';
import { createForwardClock, fullAtAfter, waitMs } from '../../common/limits/token-bucket.js';
import type { App } from '../domain/app.js';

/** Part of an app that its limits depend on. */
export type LimitedApp = Pick<App, 'num' | 'limits'>;

/**
 * Limits of what each app may do, and what it does. What is refused changes nothing; what is accepted is never refused
 * afterwards. Of this process alone, and forgotten with it.
 */
export interface AppLimits {
  /** Returns the value that holds for an app; 0: there is no limit. */
  limitOf(app: LimitedApp, name: AppLimitName): number;
  /** Returns true if there is none left of a rate: `take` would throw. */
  isSpent(app: LimitedApp, rate: AppRate): boolean;
  /**
   * Takes so much of a rate, if there is any left: then it may become a debt. Hot: about 0.15 µs of
   * processor, 0.25 where there is a limit.
   *
   * @throws OnePushError LIMIT_REACHED
   */
  take(app: LimitedApp, rate: AppRate, amount: number): void;
  /** Takes what is accepted already, be it a debt; a negative amount is given back. */
  charge(app: LimitedApp, rate: AppRate, amount: number): void;
  /**
   * Counts a stream that is opened.
   *
   * @returns what is to be called once when it has ended
   * @throws OnePushError LIMIT_REACHED
   */
  open(app: LimitedApp, stream: AppStream): () => void;
  /** Counts a refusal, and returns the error for it. */
  refuse(app: LimitedApp, name: AppLimitName, retryAfterMs: number): OnePushError;
  /** Returns what an app has used of its rates and streams, and how often it was refused. */
  usageOf(app: LimitedApp): LimitUsage[];
  /** Returns refusals since the start, by the names of limits with `app.` before them. */
  refused(): Readonly<Record<string, number>>;
}

/** The state of one limit of an app. */
export interface LimitUsage {
  /** The limit. */
  name: AppLimitName;
  /** 0: none. */
  limit: number;
  /** True if it is the app's own, and not that of the settings. */
  isOwn: boolean;
  /** A second, on average of the last minute; of streams the number that is open; undefined: counted elsewhere. */
  used: number | undefined;
  /** Number of refusals in the last hour. */
  refused: number;
}

/** The state of one app. */
interface AppState {
  /** Times at which the buckets of its rates are full again. */
  readonly fullAt: Record<AppRate, number>;
  readonly used: Record<AppRate, SlidingCount>;
  readonly open: Record<AppStream, number>;
  readonly refused: Record<AppLimitName, SlidingCount>;
  /** Time of the last change. */
  at: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** So many apps are remembered; more only while they have something to be remembered for. */
const MAX_APPS = 10_000;
/** Apps that are looked at to be forgotten when another one comes. */
const LOOKS = 16;
/** Milliseconds after which to ask for a stream again. */
const STREAM_RETRY_MS = 5000;

/** @param defaults values for apps that have none of their own */
export function createAppLimits(defaults: AppLimitValues, read?: () => number): AppLimits {
  const now = createForwardClock(read);
  const states = new Map<number, AppState>();
  const refused: Record<string, number> = Object.fromEntries(APP_LIMITS.map((name) => [`app.${name}`, 0]));

  const limitOf = ({ limits }: LimitedApp, name: AppLimitName): number => limits?.[name] ?? defaults[name];

  function stateOf({ num }: LimitedApp, time: number): AppState {
    const known = states.get(num);
    if (known !== undefined) {
      known.at = time;
      return known;
    }
    if (states.size >= MAX_APPS) forget(time);
    const state = createState(time);
    states.set(num, state);
    return state;
  }

  /** Only admins make apps: how many of them are busy is no stranger's choice. */
  function forget(time: number): void {
    let looks = LOOKS;
    for (const [num, state] of states) {
      if (looks-- === 0) return;
      states.delete(num);
      const isIdle = time - state.at > HOUR_MS && APP_STREAMS.every((stream) => state.open[stream] === 0);
      if (!isIdle) states.set(num, state);
    }
  }

  function waitFor(app: LimitedApp, rate: AppRate, state: AppState, time: number): number {
    const perSecond = limitOf(app, rate);
    return perSecond === 0 ? 0 : waitMs(state.fullAt[rate], perSecond, time);
  }

  function spend(app: LimitedApp, rate: AppRate, amount: number, state: AppState, time: number): void {
    const perSecond = limitOf(app, rate);
    if (perSecond > 0) state.fullAt[rate] = fullAtAfter(state.fullAt[rate], amount, perSecond, time);
    count(state.used[rate], amount, MINUTE_MS, time);
  }

  function refuse(app: LimitedApp, name: AppLimitName, retryAfterMs: number): OnePushError {
    const time = now();
    count(stateOf(app, time).refused[name], 1, HOUR_MS, time);
    const limit = `app.${name}`;
    refused[limit] = (refused[limit] ?? 0) + 1;
    return new OnePushError('LIMIT_REACHED', { limit, retryAfterMs });
  }

  return {
    limitOf,
    isSpent(app, rate) {
      const time = now();
      return waitFor(app, rate, stateOf(app, time), time) > 0;
    },
    take(app, rate, amount) {
      const time = now();
      const state = stateOf(app, time);
      const wait = waitFor(app, rate, state, time);
      if (wait > 0) throw refuse(app, rate, wait);
      spend(app, rate, amount, state, time);
    },
    charge(app, rate, amount) {
      const time = now();
      spend(app, rate, amount, stateOf(app, time), time);
    },
    open(app, stream) {
      const state = stateOf(app, now());
      const limit = limitOf(app, stream);
      if (limit > 0 && state.open[stream] >= limit) throw refuse(app, stream, STREAM_RETRY_MS);
      state.open[stream]++;
      return () => state.open[stream]--;
    },
    refuse,
    usageOf(app) {
      const time = now();
      const state = states.get(app.num) ?? createState(time);
      const used: Partial<Record<AppLimitName, number>> = { ...state.open };
      for (const rate of APP_RATES) used[rate] = countedIn(state.used[rate], MINUTE_MS, time) / (MINUTE_MS / 1000);
      return APP_LIMITS.map((name) => ({
        name,
        limit: limitOf(app, name),
        isOwn: app.limits?.[name] !== undefined,
        used: used[name],
        refused: Math.round(countedIn(state.refused[name], HOUR_MS, time)),
      }));
    },
    refused: () => refused,
  };
}

function createState(at: number): AppState {
  const slides = createSlidingCount;
  return {
    fullAt: { registrations: 0, sends: 0, deliveries: 0 },
    used: { registrations: slides(), sends: slides(), deliveries: slides() },
    open: { sendStreams: 0, receiptStreams: 0 },
    refused: {
      registrations: slides(),
      sends: slides(),
      deliveries: slides(),
      sendStreams: slides(),
      receiptStreams: slides(),
      devices: slides(),
      tags: slides(),
      openJobs: slides(),
    },
    at,
  };
}
