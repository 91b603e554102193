import type { DeviceToken, SmsChannel, TokenChannel } from '../domain/channel.js';
import type { Platform } from '../domain/device.js';
import type { Priority, PushMsgType } from '../domain/push.js';
import type { Wake, WakePolicy, WakeState } from '../domain/wake.js';

/** Commits of waking: each is one transaction. */
export interface WakeWriter {
  /**
   * Plans the wakes of what is pending and in a plan's scope, for devices with an active token; what has a wake already
   * gets no second one. Answers what each plan has made.
   */
  commitWakePlans(plans: readonly WakePlan[]): Promise<PlannedWakes[]>;
  /** Plans what a crash may have kept from being planned, a page at a time. */
  commitWakeRecovery(recovery: WakeRecovery): Promise<WakesRecovered>;
  /** Claims wakes and keeps what has become of others. Answers those of `claims` that may be sent. */
  commitWakes(changes: WakeChanges): Promise<Wake[]>;
  /** Plans the wakes of a page of a topic push's devices, and notes how far it has come. Answers how many. */
  commitWalk(page: WalkedPage): Promise<number>;
  /** Divides a walk into one for each of these lanes: none ends it. */
  commitWalkLanes(walk: Pick<Walk, 'pushId' | 'appNum'>, lanes: readonly number[]): Promise<void>;
}

/** Look-ups of waking. */
export interface WakeReader {
  /**
   * The lanes that have wakes which may go on, by their numbers. One look at each of those that are `known` from before
   * and between them, and one more for each that is not.
   */
  findWakeLanes(known: readonly number[]): Promise<WakeLane[]>;
  /**
   * Wakes of these lanes that are due at `now`, also those under way whose time is over: of each lane the earliest of
   * both, at the most `limit` of each.
   */
  findDueWakes(now: number, lanes: readonly number[], limit: number): Promise<DueWake[]>;
  /** Number of wakes of a lane that are due at `now`, counted up to `limit`. */
  countDueWakes(lane: number, now: number, limit: number): Promise<number>;
  /** Lanes of an app's tokens. */
  findTokenLanes(appNum: number): Promise<number[]>;
  /** Walks that are due at `now`, and when the next one will be; undefined: none will. */
  findDueWalks(
    now: number,
    limit: number,
    exceptLanes?: readonly number[],
  ): Promise<{ walks: Walk[]; next: number | undefined }>;
  /** The next devices of a walk: it looks at about `limit` of them, and finds those that have not read the push. */
  findWalkPage(walk: Walk, limit: number): Promise<WalkPage>;
  /** Times at which background pushes were last sent to devices, after `since`; others are absent. */
  findBackgroundWakes(deviceNums: readonly number[], since: number): Promise<Map<number, number>>;
  /** The last short messages of an app that were sent after `since`, or may have been, in the order of their times. */
  findSentSms(appNum: number, since: number, limit: number): Promise<{ mobile: string; at: number }[]>;
}

/** The pending deliveries that a plan is for. */
export type WakeScope =
  /** These deliveries. */
  | { readonly kind: 'deliveries'; readonly ids: readonly number[] }
  /** All of a push. */
  | { readonly kind: 'push'; readonly pushId: number }
  /** All of these devices, and a page of the topic pushes that they have not read; `after`: a later page. */
  | { readonly kind: 'devices'; readonly deviceNums: readonly number[]; readonly after?: number | undefined };

/** The result of a plan. */
export interface PlannedWakes {
  /** Number of wakes that it has made. */
  readonly planned: number;
  /** The topic push up to which it has come; undefined: there are no more. */
  readonly through: number | undefined;
}

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
  /** Topic pushes that are walked again, or deliveries. */
  readonly part: 'walks' | 'inboxes';
  /** Apps that have a credential; undefined: all are looked at. */
  readonly appNums: readonly number[] | undefined;
  /** The push or the delivery up to which it has come. */
  readonly after: number;
  /** Number of pushes or deliveries of a page. */
  readonly limit: number;
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
  /** The push or the delivery up to which it has come; undefined: there are no more. */
  readonly through: number | undefined;
  /** Pushes of this page with a text for short messages. */
  readonly smsPushes: readonly { readonly pushId: number; readonly appNum: number; readonly createdAt: number }[];
}

/**
 * Wakes that go by one credential, as a rule: of an app, a channel, an environment and a bundle, as the token had them
 * when they were planned. Wakes wait for others of their lane only.
 */
export interface WakeLane {
  /** Its number. */
  readonly lane: number;
  /** Time at which its first wake is due, or its time under way is over. */
  readonly dueAt: number;
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
   * Tokens that the vendor does not take. Where a device has another one since, or has registered this one again, it
   * stays, and the wake is due again.
   */
  readonly refusedTokens: readonly (Wake & RefusedToken)[];
  /** Wakes whose channel is another one: short messages of an app that has changed its vendor. Before the claims. */
  readonly moved: readonly (Wake & { readonly to: SmsChannel })[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** A token that a vendor does not take. */
export interface RefusedToken {
  /** The token's hash, of when the vendor was asked. */
  readonly hash: string;
  /** Its registration, of then. */
  readonly registeredAt: number;
  /** Time at which the vendor knows it to be dead, a registration after it counts; undefined: any other one does. */
  readonly at: number | undefined;
  /** The state that it gets. */
  readonly state: 'dead' | 'set_aside';
  /** The vendor's word. */
  readonly reason: string;
}

/** A state in which a wake stays. */
export type FinalWakeState = Exclude<WakeState, 'due' | 'sending'>;

/** A wake that is due, with all that decides about it. */
export interface DueWake extends Wake {
  /** The app's number. */
  readonly appNum: number;
  /** See `WakeLane`. */
  readonly lane: number;
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
  readonly token:
    | (DeviceToken & { readonly channel: TokenChannel; readonly hash: string; readonly registeredAt: number })
    | undefined;
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

/** A topic push whose devices are being woken: those with tokens of one lane. */
export interface Walk {
  readonly pushId: number;
  readonly appNum: number;
  /** The lane; undefined: it has not been divided into lanes yet. */
  readonly lane: number | undefined;
  /** Number of the push's walks that are not over. */
  readonly lanes: number;
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
  /** Undefined: all walks of the push. */
  readonly lane: number | undefined;
  /** Devices that are to be woken. */
  readonly devices: WalkPage['devices'];
  /** The device up to which it has come; undefined: it ends. */
  readonly through: number | undefined;
  /** Time of its next page. */
  readonly nextAt: number;
  /** Time at which the wakes are due. */
  readonly dueAt: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}
