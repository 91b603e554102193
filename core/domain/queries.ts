import type { Channel, TokenDetails } from './channel.js';
import type { Platform } from './device.js';
import type { Job, JobState } from './job.js';
import type { Priority, Push, PushContent } from './push.js';
import type { PushFilter, PushListPage } from './push-list.js';
import type { QuietHours, QuietSubject } from './quiet-hours.js';
import type { DeliveryState, FinalState } from './receipt.js';
import type { ReceiptPosition } from './receipt-position.js';
import type { WakePolicy, WakeState } from './wake.js';

/** The state of a push: of all its parts, where it was made in parts. */
export interface PushReport extends Omit<Push, 'content' | 'appId'> {
  /** The key by which a later push replaces it; empty: none. */
  collapseKey: string;
  /** Its priority. */
  priority: Priority;
  /** The devices that it wakes. */
  wake: WakePolicy;
  /** True if it was recalled before it expired. */
  recalled: boolean;
  /** Undefined once it is erased. */
  content: PushContent | undefined;
  /** The first 1000 ids of its messages. */
  messageIds: readonly number[];
  /** True if it went to topics. */
  topic: boolean;
  /** Of a topic push: to how many live sessions. */
  published: number;
  /** Numbers of its deliveries by state, all of one moment. */
  counts: Record<DeliveryState, number>;
  /** Numbers of its wakes by state. */
  wakes: Record<WakeState, number>;
  /** Its job where it is made later or in parts; undefined also when that is past its retention. */
  job: (Pick<Job, 'dueAt'> & { state: JobState; failure: string | undefined }) | undefined;
}

/** A registered device as its app sees it. */
export interface DeviceDetails {
  /** The internal number, by which pages go on. */
  num: number;
  /** The public id. */
  id: string;
  /** The user that it belongs to. */
  alias: string;
  /** Platform of the device. */
  platform: Platform;
  /** The tags that it has now. */
  tags: readonly string[];
  /** Null: none. */
  mobile: string | null;
  /** Milliseconds since the epoch. */
  registeredAt: number;
  /** Undefined: it has none. */
  token: TokenDetails | undefined;
}

/** The waking of one device for one push, as its app sees it. */
export interface WakeReport {
  /** The channel. */
  channel: Channel;
  /** The state. */
  state: WakeState;
  /** The vendor's word for its last answer; undefined: none. */
  reason: string | undefined;
  /** Time of its last change, in milliseconds since the epoch. */
  at: number;
  /** Number of times that it was handed to the vendor. */
  attempts: number;
}

/** An entry of the stream of receipts: the end of a delivery, or of a wake. */
export type StreamEntry = ReceiptEntry | WakeEntry;

/** The end of one wake. */
export interface WakeEntry extends Omit<ReceiptEntry, 'state' | 'endedAt'> {
  /** The wake. */
  wake: WakeReport;
}

/** The end of one delivery. */
export interface ReceiptEntry {
  /** Its place in the stream of receipts. */
  position: ReceiptPosition;
  /** The app's number. */
  appNum: number;
  /** The id by which the push's caller knows it. */
  requestId: number;
  /** The device's public id. */
  deviceId: string;
  /** The device's user now; empty once it has unregistered. */
  alias: string;
  /** The way it ended. */
  state: FinalState;
  /** Time of its end, in milliseconds since the epoch. */
  endedAt: number;
}

/** A place in a listing of deliveries: that of the delivery with these numbers. */
export interface DeliveryPlace {
  /** The push. */
  pushId: number;
  /** The device's number. */
  deviceNum: number;
}

/** The state of a push for one device. */
export interface DeliveryEntry extends DeliveryPlace {
  /** The device's public id. */
  deviceId: string;
  /** Undefined: it is pending. */
  state: FinalState | undefined;
  /** Milliseconds since the epoch; undefined: it is pending. */
  endedAt: number | undefined;
}

/** A push as one device saw it. */
export interface TimelineEntry extends DeliveryEntry {
  /** The id by which the push's caller knows it. */
  requestId: number;
  /** True if it came by a topic. */
  topic: boolean;
  /** Of a push to topics: whether the device has read past it. */
  read: boolean;
  /** True if the device must confirm it. */
  needConfirm: boolean;
  /** Milliseconds since the epoch. */
  createdAt: number;
  /** Time of its expiry, in milliseconds since the epoch. */
  expiresAt: number;
  /** Wakes of the device for it. */
  wakes: WakeReport[];
}

/** A part of a listing. */
export interface DeliveryPage<T> {
  /** The entries of this part. */
  entries: T[];
  /** Behind which place it goes on; undefined: it does not. */
  next: DeliveryPlace | undefined;
}

/** The deliveries of a push that are to be listed. */
export interface DeliveryFilter {
  /** The push's, or the job's. */
  id: number;
  /** The app's number. */
  appNum: number;
  /** Undefined: in any. */
  state: DeliveryState | undefined;
}

/** The devices whose timeline is to be read. */
export interface TimelineFilter {
  /** Public ids of devices, at the most 100. */
  deviceIds: readonly string[];
  /** Only what came since the devices were registered to the users that they have now. */
  ofUser: boolean;
}

/** Questions of apps. Each answers from what is committed, and costs a fixed number of statements. */
export interface ReportReader {
  /** Undefined: the app has no such push. Counts as many rows as it has deliveries. */
  findPushReport(id: number, appNum: number): Promise<PushReport | undefined>;
  /**
   * Deliveries by push and device, in growing order, those behind `after`, at the most `limit`: fewer do not mean that
   * there are no more. Undefined: the app has no such push.
   */
  listDeliveries(
    filter: DeliveryFilter,
    after: DeliveryPlace,
    limit: number,
  ): Promise<DeliveryPage<DeliveryEntry> | undefined>;
  /**
   * Reads what pushes came to for devices, the newest first, those older than `before`, at the most `limit`: fewer as
   * above.
   */
  readTimeline(filter: TimelineFilter, before: DeliveryPlace, limit: number): Promise<DeliveryPage<TimelineEntry>>;
  /** Receipts and ends of wakes of all apps after a position, in their order, at the most `limit` (up to 900). */
  readReceipts(after: ReceiptPosition, limit: number): Promise<StreamEntry[]>;
  /** The position behind the last of them; before every one if there is none. */
  lastReceipt(): Promise<ReceiptPosition>;
  /** Registered devices by their number, after `after`, at the most `limit`. */
  listDevices(by: DeviceFilter, after: number, limit: number): Promise<DeviceDetails[]>;
  /** Number of registered devices of an app. Counts them in steps, a few milliseconds for each 5,000 users. */
  countDevices(appNum: number): Promise<number>;
  /** Number of tags that its devices have ever had. */
  countTags(appNum: number): Promise<number>;
  /** Number of its jobs that are not done. */
  countOpenJobs(appNum: number): Promise<number>;
  /**
   * Pushes as their callers sent them, the newest first, those older than `before`, at the most `limit`: fewer do not
   * mean that there are no more, since it looks at a bounded number of them.
   */
  listPushes(filter: PushFilter, before: number, limit: number, now: number): Promise<PushListPage>;
  /** The quiet hours of an app, and of those of these users and devices that have some of their own. */
  listQuietHours(
    appNum: number,
    aliases: readonly string[],
    deviceIds: readonly string[],
  ): Promise<{ subject: QuietSubject; hours: QuietHours }[]>;
}

/** Devices of a user, or those that are on a topic now. */
export type DeviceFilter = { kind: 'alias'; appNum: number; alias: string } | { kind: 'topic'; topicNum: number };
