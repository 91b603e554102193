import type { Channel, DeviceToken, SmsChannel, TokenChannel } from '../domain/channel.js';
import type { Platform } from '../domain/device.js';
import type { Priority, PushMsgType } from '../domain/push.js';
import type { Wake, WakePolicy, WakeState } from '../domain/wake.js';

/** Commits of waking: each is one transaction. */
export interface WakeWriter {
  /**
   * Plans the wakes of what is pending and in a plan's scope, for devices with an active token; what has a wake already
   * gets no second one. Answers how many each plan has made.
   */
  commitWakePlans(plans: readonly WakePlan[]): Promise<number[]>;
  /** Plans what a crash may have kept from being planned, a page of inboxes at a time. */
  commitWakeRecovery(recovery: WakeRecovery): Promise<WakesRecovered>;
  /** Claims wakes and keeps what has become of others. Answers those of `claims` that may be sent. */
  commitWakes(changes: WakeChanges): Promise<Wake[]>;
  /** Plans the wakes of a page of a topic push's devices, and notes how far it has come. Answers how many. */
  commitWalk(page: WalkedPage): Promise<number>;
}

/** Look-ups of waking. */
export interface WakeReader {
  /**
   * Wakes that are due at `now`, also those under way whose time is over, the earliest first, at the most `limit` of
   * each of the two; none of `except`.
   */
  findDueWakes(now: number, limit: number, except: readonly AppChannel[]): Promise<DueWake[]>;
  /** Time at which the next wake is due, or its time under way is over; undefined: none will be. */
  nextWakeDue(): Promise<number | undefined>;
  /** Number of wakes of an app that are due at `now`, counted up to `limit`. */
  countDueWakes(appNum: number, now: number, limit: number): Promise<number>;
  /** Walks that are due at `now`, and when the next one will be; undefined: none will. */
  findDueWalks(
    now: number,
    limit: number,
    exceptApps?: readonly number[],
  ): Promise<{ walks: Walk[]; next: number | undefined }>;
  /** The next devices of a walk: it looks at about `limit` of them, and finds those that have not read the push. */
  findWalkPage(walk: Walk, limit: number): Promise<WalkPage>;
  /** Times at which background pushes were last sent to devices, after `since`; others are absent. */
  findBackgroundWakes(deviceNums: readonly number[], since: number): Promise<Map<number, number>>;
  /** Short messages that were sent after `since`, or may have been. */
  findSentSms(since: number): Promise<{ appNum: number; mobile: string; at: number }[]>;
}

/** The pending deliveries that a plan is for. */
export type WakeScope =
  /** These deliveries. */
  | { readonly kind: 'deliveries'; readonly ids: readonly number[] }
  /** All of a push. */
  | { readonly kind: 'push'; readonly pushId: number }
  /** All of these devices, and the topic pushes that they have not read. */
  | { readonly kind: 'devices'; readonly deviceNums: readonly number[] };

/** An order to plan wakes. */
export interface WakePlan {
  /** The deliveries. */
  readonly scope: WakeScope;
  /** Time at which they are due, in milliseconds since the epoch. */
  readonly dueAt: number;
  /** They are spread by device over so many milliseconds from then on. */
  readonly spreadMs: number;
  /** Plans short messages to their users in place of wakes: only with the scope `push`. */
  readonly sms?: SmsChannel | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** One page of what a crash may have kept from being planned. */
export interface WakeRecovery {
  /** The delivery up to which it has come; 0: it begins. */
  readonly after: number;
  /** Number of deliveries of a page. */
  readonly limit: number;
  /** Topic pushes after this one are walked again. */
  readonly walkAfter: number;
  /** As in `WakePlan`. */
  readonly dueAt: number;
  /** As in `WakePlan`. */
  readonly spreadMs: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The result of a page. */
export interface WakesRecovered {
  /** Number of wakes that were planned. */
  readonly planned: number;
  /** The delivery up to which it has come; undefined: there are no more. */
  readonly through: number | undefined;
  /** Pushes of this page with a text for short messages. */
  readonly smsPushes: readonly { readonly pushId: number; readonly appNum: number; readonly createdAt: number }[];
}

/** An app's wakes by one channel. */
export interface AppChannel {
  /** The app's number. */
  readonly appNum: number;
  /** The channel. */
  readonly channel: Channel;
}

/** Changes of wakes. */
export interface WakeChanges {
  /**
   * They are about to be sent, which may take until `until`: what is not needed any more is cancelled instead. An
   * earlier attempt that is under way counts as one of unknown outcome.
   */
  readonly claims: readonly Wake[];
  /** Time until which the claims may be under way. */
  readonly until: number;
  /** They have a final state. */
  readonly settled: readonly (Wake & { readonly state: FinalWakeState; readonly reason: string | undefined })[];
  /** They are due again later. `doubts`: number of their attempts so far whose outcome is not known. */
  readonly postponed: readonly (Wake & { dueAt: number; reason: string | undefined; doubts: number })[];
  /** They are not needed while the device is online: as if they had not been planned. */
  readonly dropped: readonly Wake[];
  /**
   * Tokens that the vendor does not take, as they were registered when it was asked. Where a device has another one
   * since, that stays, and the wake is due again.
   */
  readonly refusedTokens: readonly (Wake & { registeredAt: number; state: 'dead' | 'set_aside'; reason: string })[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** A state in which a wake stays. */
export type FinalWakeState = Exclude<WakeState, 'due' | 'sending'>;

/** A wake that is due, with all that decides about it. */
export interface DueWake extends Wake {
  /** The app's number. */
  readonly appNum: number;
  /** Number of times that it was handed to the vendor. */
  readonly attempt: number;
  /** Number of those of which the outcome is not known, or will not be. */
  readonly doubts: number;
  /** The push; undefined: it is gone. */
  readonly push: DuePush | undefined;
  /** The delivery is pending, or the topic push not read: of a short message for every device of the user. */
  readonly needed: boolean;
  /** The device. */
  readonly device: {
    readonly id: string;
    readonly alias: string;
    readonly platform: Platform;
    readonly mobile: string | undefined;
  };
  /** The device's active token; undefined: it has none. */
  readonly token: (DeviceToken & { readonly channel: TokenChannel; readonly registeredAt: number }) | undefined;
}

/** A push as far as its wakes are decided by it. */
export interface DuePush {
  readonly msgType: PushMsgType;
  readonly needConfirm: boolean;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly collapseKey: string | undefined;
  readonly priority: Priority;
  readonly wake: WakePolicy;
}

/** A topic push whose devices are being woken. */
export interface Walk {
  readonly pushId: number;
  readonly appNum: number;
  /** The device up to which it has come. */
  readonly after: number;
  readonly expiresAt: number;
  readonly wake: WakePolicy;
}

/** The next devices of a walk. */
export interface WalkPage {
  readonly devices: readonly { readonly deviceNum: number; readonly channel: TokenChannel }[];
  /** The device up to which was looked; undefined: there are no more, or the push is on no topic any more. */
  readonly through: number | undefined;
}

/** A page of a walk with its wakes. */
export interface WalkedPage {
  readonly pushId: number;
  readonly appNum: number;
  /** Devices that are to be woken. */
  readonly devices: WalkPage['devices'];
  /** The device up to which it has come; undefined: it ends. */
  readonly through: number | undefined;
  /** Time of its next page. */
  readonly nextAt: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}
