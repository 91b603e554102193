import type { App } from '../domain/app.js';
import type { AudienceQuery } from '../domain/audience.js';
import type { Device, PlatformFilter, Subscriber } from '../domain/device.js';
import type { OpenJob } from '../domain/job.js';
import type { Push } from '../domain/push.js';
import type { ReportReader } from '../domain/queries.js';
import type { QuietChange, QuietHours, QuietKey } from '../domain/quiet-hours.js';
import type { FinalState } from '../domain/receipt.js';
import type { AccessReader, AccessWriter } from './access.js';
import type { AppReader, AppWriter } from './apps.js';
import type { CallerReader, CallerWriter } from './callers.js';
import type { ChannelReader, ChannelWriter } from './channels.js';
import type { AlsoEnded, DeliveryBatch } from './delivery-batch.js';
import type { RetentionReader, RetentionWriter } from './retention.js';
import type {
  DeliverySum,
  DeviceUpdate,
  Eviction,
  JobCancellation,
  JobFailure,
  NewJob,
  NewRegistration,
  Recall,
  Recalled,
  Refusal,
  Registered,
  SumStep,
  SumsChecked,
  Sweep,
  Swept,
  Updated,
} from './types.js';
import type { WakeReader, WakeWriter } from './waking.js';
import type { WebhookReader, WebhookWriter } from './webhooks.js';

export type { Wake } from '../domain/wake.js';
export type * from './access.js';
export type * from './apps.js';
export type * from './callers.js';
export type * from './channels.js';
export type * from './delivery-batch.js';
export * from './errors.js';
export type * from './retention.js';
export * from './types.js';
export type * from './waking.js';
export type * from './webhooks.js';

/**
 * Everything that outlives a process. Every call takes a set and costs a fixed number of statements, whatever the size
 * of the set.
 *
 * Guarantees: a look-up sees everything that was committed before it began. A `commit…` call is one transaction: it is
 * durable when it resolves, and when it rejects nothing of it is there, unless it rejects with `CommitInDoubt`. The
 * commits are made by one caller, one after the other (the write cycle). A `StoreUnavailable` is a passing fault; any
 * other error is one of the data or of the program.
 */
export interface Store extends StoreReader, StoreWriter, CoreOwnership, ReportReader {
  /** Returns the kind of the database, and the version that it says it has. */
  describe(): Promise<{ kind: 'sqlite' | 'mysql'; version: string }>;
  /** Returns counts since the store was opened. Asks no database. */
  counts(): Promise<StoreCounts>;
  /** The highest ids in use, or 0: where the id clocks go on after a restart. */
  loadHighestIds(): Promise<{ push: number; delivery: number }>;
  /** Closes the database. Nothing may be under way. */
  close(): Promise<void>;
}

/** Counted from when the store was opened. */
export interface StoreCounts {
  /** Deliveries that this core ended, and confirmations of topic pushes, by ending. */
  ended: Readonly<Record<FinalState, number>>;
  /** Calls of the store that failed with StoreUnavailable. */
  unavailable: number;
}

/** The right to write: one core at a time has it, whose incarnations are told apart by their epochs. */
export interface CoreOwnership {
  /**
   * Milliseconds within which something must be committed, so that the lease does not end; undefined: it needs none.
   */
  readonly renewEveryMs: number | undefined;
  /**
   * Returns true if the lease has surely not ended: otherwise another core may have taken over already, and this one
   * cannot tell.
   */
  holdsLease(): boolean;
  /** A secret that is the same for all cores of this database, whenever they come. After `takeOver`. */
  linkKey(): string;
  /**
   * Finds the core that wrote last: its address, undefined if nobody ever has; its epoch, and what is left of its
   * lease, in milliseconds of the database's clock: 0 or less if it has ended.
   */
  findOwner(): Promise<{ epoch: number; address: string | undefined; leaseMs: number }>;
  /**
   * Takes the database over from the incarnation of epoch `from`: from then on nothing of that one is committed, also
   * not what is on its way. False: somebody else has been faster. Before it, every commit rejects.
   *
   * @param address where others reach this core
   */
  takeOver(address: string, from: number): Promise<boolean>;
  /**
   * Returns true if the commit that rejected with CommitInDoubt took place. The epoch is raised first, so that it
   * cannot take place later.
   *
   * @throws StoreUnavailable if that cannot be found out now; Fenced
   */
  resolveDoubt(): Promise<boolean>;
  /** Ends the lease: another core need not wait for it. */
  release(): Promise<void>;
}

/** Look-ups: each sees everything that was committed before it began. */
export interface StoreReader
  extends WakeReader,
    ChannelReader,
    AccessReader,
    AppReader,
    RetentionReader,
    CallerReader,
    WebhookReader {
  /** Those of the apps that exist; their keys may have expired. */
  findApps(ids: readonly string[]): Promise<App[]>;
  /** Registered devices by alias; an alias may have none or many. */
  findDevicesByAlias(pairs: readonly { appNum: number; alias: string }[]): Promise<(Device & { alias: string })[]>;
  /** Devices by public id, unregistered ones too. */
  findDevicesById(ids: readonly string[]): Promise<Device[]>;
  /** The same with the topics that they may have messages of, `everyone` among them, for sessions that are opened. */
  findSubscribers(ids: readonly string[]): Promise<Subscribed[]>;
  /** The timelines of tags; a tag that no device ever had has none. */
  findTopics(
    pairs: readonly { appNum: number; tag: string }[],
  ): Promise<{ appNum: number; tag: string; num: number }[]>;
  /**
   * The devices of an audience by number, those after `after` and at the most `limit`, however long that takes; or
   * fewer, but not nothing of it looked at, when it has taken so long. A tag that no device ever had matches none.
   *
   * @throws StoreUnavailable also if the caller has cancelled
   */
  findAudience(query: AudienceQuery, after: number, limit: number, bounds?: AudienceBounds): Promise<AudiencePage>;
  /** The push up to which each device has read its topics; a device that has read nothing is absent. */
  findCursors(deviceNums: readonly number[]): Promise<Map<number, number>>;
  /**
   * Waiting deliveries that have not expired at `now`, with `after < pushId <= through`, ordered by device and push id:
   * at the most `limit` rows, so the last device of a full answer may have more.
   */
  readInbox(devices: readonly ReadFrom[], through: number, now: number, limit: number): Promise<InboxRow[]>;
  /**
   * Topic pushes that have not expired at `now`, with `after < pushId <= through`, by push id, at the most `limit`
   * rows.
   */
  readTimelines(topics: readonly TopicRange[], through: number, now: number, limit: number): Promise<TimelineRow[]>;
  /** The same, only those that devices must confirm. */
  readConfirmable(topics: readonly TopicRange[], through: number, now: number, limit: number): Promise<TimelineRow[]>;
  /** Confirmations of these pushes by these devices: pairs of both sets, as `pushId` → device numbers. */
  findConfirmed(pushIds: readonly number[], deviceNums: readonly number[]): Promise<Map<number, Set<number>>>;
  /** The pushes with their content; one whose content is erased is absent. */
  findPushes(ids: readonly number[]): Promise<Push[]>;
  /** Number of bytes of each push's content, as it is stored; one whose content is erased is absent. */
  findContentSizes(ids: readonly number[]): Promise<Map<number, number>>;
  /** Pushes that idempotency keys stand for, by key; keys that have expired at `now` are absent. */
  findIdempotent(keys: readonly string[], now: number): Promise<Map<string, { digest: string; pushId: number }>>;
  /** The quiet hours that hold for devices, in their order: their own, else their user's, else their app's. */
  findQuietHours(devices: readonly QuietKey[]): Promise<(QuietHours | undefined)[]>;
  /** Number of deliveries in the inboxes of devices; an empty inbox is absent. */
  countInbox(deviceNums: readonly number[]): Promise<Map<number, number>>;
  /**
   * Open jobs of enabled apps that are due at `now` and have not expired: of each app the first `perApp`, at the most
   * `limit`, and the first of each app before the second of any. `next` is when another will be due; undefined: none
   * will.
   */
  findDueJobs(now: number, perApp: number, limit: number): Promise<{ ids: number[]; next: number | undefined }>;
  /** Undefined: it is done, cancelled or removed. */
  findOpenJob(id: number): Promise<OpenJob | undefined>;
  /** Returns true if a sweep may find something to do now: a small question beside the transaction that a sweep is. */
  mayBeSwept(sweep: Sweep): Promise<boolean>;
  /** The sums of the next pushes, in the order of their ids, as one step of a slow check. */
  checkSums(step: SumStep): Promise<SumsChecked>;
  /** The sums of directed pushes after push `after`, by id, at the most `limit`. */
  sumDeliveries(after: number, limit: number): Promise<DeliverySum[]>;
}

/** A device whose session is opened. */
export interface Subscribed extends Subscriber {
  /** True: its app may not push, and its devices get nothing. */
  readonly appDisabled: boolean;
  /** The day of its last session, counted from the epoch; 0: none is known. */
  readonly seenDay: number;
}

/** Bounds of a search for devices. */
export interface AudienceBounds {
  /** Milliseconds. */
  withinMs?: number | undefined;
  /** The one who waits; once it has cancelled, nothing more is looked for. */
  caller?: { readonly cancelled: boolean } | undefined;
}

/** Devices of an audience. */
export interface AudiencePage {
  /** By growing number. */
  deviceNums: number[];
  /** Up to which device these are all of it; undefined: there are no more. */
  through: number | undefined;
}

/** A device, and the place from which its inbox is read. */
export interface ReadFrom {
  /** The device's number. */
  deviceNum: number;
  /** The push id after which to read. */
  after: number;
}

/** A topic, and the place from which its timeline is read. */
export interface TopicRange {
  /** The topic's number. */
  topicNum: number;
  /** The push id after which to read. */
  after: number;
}

/** A delivery that waits. */
export interface InboxRow {
  /** The delivery's own number. */
  id: number;
  /** The device's number. */
  deviceNum: number;
  /** The push. */
  pushId: number;
}

/** A push on a timeline. */
export interface TimelineRow {
  /** The topic's number. */
  topicNum: number;
  /** The push. */
  pushId: number;
  /** Platform that the push is for. */
  platform: PlatformFilter;
  /** True if devices must confirm it. */
  needConfirm: boolean;
}

/** Commits: each call is one transaction. */
export interface StoreWriter
  extends WakeWriter,
    ChannelWriter,
    AccessWriter,
    AppWriter,
    RetentionWriter,
    CallerWriter,
    WebhookWriter {
  /** Commits nothing: renews the core's lease, and meets what any commit would. */
  commitNothing(): Promise<void>;
  /**
   * Registers devices, no two of one app and native token. Answers in the order of the call; one that is refused takes
   * no other with it.
   */
  commitRegistrations(registrations: readonly NewRegistration[]): Promise<(Registered | Refusal)[]>;
  /**
   * Changes registered devices, each once; with another alias exactly as a registration. Answers in the order of the
   * call; undefined: the app has no such registered device.
   */
  commitUpdates(updates: readonly DeviceUpdate[]): Promise<(Updated | 'tooManyTags' | Refusal | undefined)[]>;
  /** Sets and removes quiet hours, of each subject once. */
  commitQuietHours(changes: readonly QuietChange[]): Promise<void>;
  /** Unregisters devices. Answers those that exist, also what has unregistered before, in any order. */
  commitUnregistrations(ids: readonly string[], now: number): Promise<(Device & { alias: string })[]>;
  /**
   * Commits pushes with their deliveries, and what has ended. Answers what else that has ended. Rejects if one of the
   * pushes is not the next part of its job.
   */
  commitDeliveries(batch: DeliveryBatch): Promise<AlsoEnded>;
  /**
   * Ends what is pending of pushes and erases their content. Answers in the order of the call; undefined: the app has
   * no such push.
   */
  commitRecalls(recalls: readonly Recall[]): Promise<(Recalled | undefined)[]>;
  /**
   * Commits jobs with their idempotency keys, no two of one key. Answers in the order of the call the id of each, or of
   * what its key stands for already; 'conflict': that is another push; 'full': the app has as many open jobs as it may.
   */
  commitJobs(jobs: readonly NewJob[]): Promise<(number | 'conflict' | 'full')[]>;
  /**
   * Cancels jobs, done ones too, and erases their content: no part of them is committed any more. Answers in the order
   * of the call the ids of their parts, which stay as they are; undefined: the app has no such job.
   */
  commitCancellations(cancellations: readonly JobCancellation[]): Promise<(number[] | undefined)[]>;
  /**
   * Ends open jobs as failed and erases their content: no part of them is committed any more. The parts that were stay.
   */
  commitFailures(failures: readonly JobFailure[]): Promise<void>;
  /** Does a small part of what time has made due. */
  commitSweep(sweep: Sweep): Promise<Swept>;
  /**
   * Evicts the oldest deliveries of inboxes. Answers of which pushes those were, for each inbox, in the order of the
   * call.
   */
  commitEvictions(evictions: readonly Eviction[]): Promise<number[][]>;
}
