import { LIMITS } from '../../common/contract/fields.js';
import type { GivenToken } from './channel.js';

/** The platforms that devices run on. */
export const PLATFORMS = ['ANDROID', 'IOS', 'PC', 'WEB'] as const;
/** One of `PLATFORMS`. */
export type Platform = (typeof PLATFORMS)[number];

/** The platforms that a push is for. */
export type PlatformFilter = Platform | 'ALL';

/** Returns true if a push with this filter is for devices of this platform. */
export function matchesPlatform(filter: PlatformFilter, platform: Platform): boolean {
  return filter === 'ALL' || filter === platform;
}

/** A registration: the pair of app and native token is one device. */
export interface Registration {
  /** The id of the app. */
  appId: string;
  /** The business system's id of the user. */
  alias: string;
  /** Platform of the device. */
  platform: Platform;
  /** The vendor's token, or any text that the app keeps for this installation. */
  nativeToken: string;
  /** Null: none. */
  mobile: string | null;
  /** Without repetitions. */
  tags: readonly string[];
  /**
   * The token by which a vendor reaches the device. Absent: it keeps the one that it has, if it does not start afresh;
   * null: it has none from now on.
   */
  push?: GivenToken | null | undefined;
}

/** A device as deliveries need it. */
export interface Device {
  /** The store's own number. */
  num: number;
  /** The public id, a bearer secret. */
  id: string;
  /** The app's number. */
  appNum: number;
  /** Platform of the device. */
  platform: Platform;
  /** False once it has unregistered. */
  registered: boolean;
  /** Counts its registrations: another one when it unregisters, comes back or changes hands. */
  generation: number;
}

/** Registered devices of an app: those for which all of this holds. */
export interface DeviceSelection {
  readonly appNum: number;
  readonly alias?: string | undefined;
  /** The number of a tag that they have now. */
  readonly topicNum?: number | undefined;
  readonly platform?: Platform | undefined;
  /** Registered at this time or later, in milliseconds since the epoch. */
  readonly registeredFrom?: number | undefined;
  /** Registered before this time. */
  readonly registeredBefore?: number | undefined;
  /** Neither registered nor seen at this time or later. */
  readonly unseenSince?: number | undefined;
  /** True: they have had no session since they were registered first. */
  readonly withoutSession?: boolean | undefined;
}

/** A stretch of time in which a device belonged to a topic: pushes after `since`, up to and including `until`. */
export interface Membership {
  /** The topic's number. */
  topicNum: number;
  /** The push after which it begins. */
  since: number;
  /** Null: it still belongs. */
  until: number | null;
}

/** A device as its session needs it: with the topics that it may have messages of. */
export interface Subscriber extends Device {
  /** The topics that it has or had. */
  memberships: readonly Membership[];
}

/** Returns the day of a time in milliseconds, counted from the epoch: when a device was seen is kept as closely. */
export function dayOf(time: number): number {
  return Math.floor(time / 86_400_000);
}

/** The topics that a device belongs to now. */
export function currentTopics(memberships: readonly Membership[]): number[] {
  return memberships.filter((membership) => membership.until === null).map((membership) => membership.topicNum);
}

/**
 * The memberships after a registration that made `topics` the device's topics, where `at` was the last push before it:
 * a topic that goes ends there, one that comes begins there. Of those that have ended, the last are kept.
 */
export function withTopics(memberships: readonly Membership[], topics: readonly number[], at: number): Membership[] {
  const wanted = new Set(topics);
  const had = new Set(currentTopics(memberships));
  const kept = memberships.map((membership) =>
    membership.until === null && !wanted.has(membership.topicNum) ? { ...membership, until: at } : membership,
  );
  const ended = kept.filter(({ since, until }) => until !== null && until > since);
  const forgotten = new Set(
    ended.toSorted((a, b) => (a.until ?? 0) - (b.until ?? 0)).slice(0, Math.max(0, ended.length - LIMITS.endedTags)),
  );
  const remembered = kept.filter(
    (membership) => membership.until === null || (membership.until > membership.since && !forgotten.has(membership)),
  );
  const added = [...wanted].filter((topicNum) => !had.has(topicNum));
  return [...remembered, ...added.map((topicNum) => ({ topicNum, since: at, until: null }))];
}
