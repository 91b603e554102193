import { OnePushError } from '../../common/errors.js';
import type { App } from '../domain/app.js';
import type { Device, PlatformFilter, Registration, Subscriber } from '../domain/device.js';
import type { Push } from '../domain/push.js';
import type { Ending } from '../domain/receipt.js';

/**
 * What is kept. Every call takes a set and costs a fixed number of statements, whatever the size of the set.
 *
 * Guarantees: a look-up sees everything that was committed before it began. A `commit…` call is one transaction: it is
 * durable when it resolves, and when it rejects nothing of it is there. The commits are made by one caller, one after the
 * other (the write cycle). A `StoreUnavailable` is a passing fault; any other error is one of the data or of the program.
 */
export interface Store extends LookUps, Commits {
  /** Resolves while the store can be reached, else rejects with StoreUnavailable. */
  ping(): Promise<void>;
  /** What has happened since the store was opened. Asks no database. */
  counts(): Promise<StoreCounts>;
  /** The highest ids in use, or 0: where the id clocks go on after a restart. */
  loadHighestIds(): Promise<{ push: number; delivery: number }>;
  close(): Promise<void>;
}

/** Counted from when the store was opened. */
export interface StoreCounts {
  /** Deliveries that this core ended, and confirmations of topic pushes, by ending. */
  ended: Readonly<Record<Ending, number>>;
  /** Calls of the store that failed with StoreUnavailable. */
  unavailable: number;
}

/** The store cannot be reached, or gave up on a transaction that another may win: try again later. */
export class StoreUnavailable extends OnePushError {
  override name = 'StoreUnavailable';

  /**
   * @param code what the database says, for the log
   * @param hint for people, where the code does not say it; callers see it
   */
  constructor(
    readonly code: string,
    hint?: string,
  ) {
    super('STORE_UNAVAILABLE', { hint });
  }
}

export interface LookUps {
  /** Those of the apps that exist. */
  findApps(ids: readonly string[]): Promise<App[]>;
  /** Registered devices by alias; an alias may have none or many. */
  findDevicesByAlias(pairs: readonly { appNum: number; alias: string }[]): Promise<(Device & { alias: string })[]>;
  /** Devices by public id, unregistered ones too. */
  findDevicesById(ids: readonly string[]): Promise<Device[]>;
  /** The same with their topics, `everyone` among them, for sessions that are opened. */
  findSubscribers(ids: readonly string[]): Promise<Subscriber[]>;
  /** The timelines of tags; a tag that no device ever had has none. */
  findTopics(
    pairs: readonly { appNum: number; tag: string }[],
  ): Promise<{ appNum: number; tag: string; num: number }[]>;
  /** How far each device has read its topics, for this core's pushes; a device that has read nothing is absent. */
  findCursors(deviceNums: readonly number[], core: number): Promise<Map<number, number>>;
  /**
   * Waiting deliveries that have not expired at `now`, with `after < pushId <= through`, ordered by device and push id: at the
   * most `limit` rows, so the last device of a full answer may have more.
   */
  readInbox(devices: readonly ReadFrom[], through: number, now: number, limit: number): Promise<InboxRow[]>;
  /** Topic pushes that have not expired at `now`, with `after < pushId <= through`, by push id, at the most `limit` rows. */
  readTimelines(topics: readonly TopicRange[], through: number, now: number, limit: number): Promise<TimelineRow[]>;
  /** The same, only those that devices must confirm. */
  readConfirmable(topics: readonly TopicRange[], through: number, now: number, limit: number): Promise<TimelineRow[]>;
  /** Which of these pushes these devices have confirmed: pairs of both sets, as `pushId` → device numbers. */
  findConfirmed(pushIds: readonly number[], deviceNums: readonly number[]): Promise<Map<number, Set<number>>>;
  /** The pushes with their content; one whose content is erased is absent. */
  findPushes(ids: readonly number[]): Promise<Push[]>;
  /** Whether a push is committed. A commit of it that is still under way, its caller gone, is waited for. */
  hasPush(id: number): Promise<boolean>;
  /** What idempotency keys that have not expired at `now` stand for, by key. */
  findIdempotent(keys: readonly string[], now: number): Promise<Map<string, { digest: string; pushId: number }>>;
  /** How many deliveries are in the inboxes of devices; an empty inbox is absent. */
  countInbox(deviceNums: readonly number[]): Promise<Map<number, number>>;
  /** The sums of the next pushes, in the order of their ids, as one step of a slow check. */
  checkSums(step: SumStep): Promise<SumsChecked>;
  /** The sums of directed pushes after push `after`, by id, at the most `limit`. */
  sumDeliveries(after: number, limit: number): Promise<DeliverySum[]>;
}

/** Where to go on reading a device's inbox. */
export interface ReadFrom {
  deviceNum: number;
  /** The push id after which to read. */
  after: number;
}

export interface TopicRange {
  topicNum: number;
  after: number;
}

export interface InboxRow {
  /** The delivery's own number. */
  id: number;
  deviceNum: number;
  pushId: number;
}

export interface TimelineRow {
  topicNum: number;
  pushId: number;
  platform: PlatformFilter;
  needConfirm: boolean;
}

export interface Commits {
  /** Creates an app with its first key and its `everyone` timeline; an app of that id that exists already stays as it is. */
  commitApps(apps: readonly NewApp[]): Promise<void>;
  /** Registers devices, no two of one app and native token. Answers in the order of the call. */
  commitRegistrations(registrations: readonly NewRegistration[]): Promise<Registered[]>;
  /** Unregisters devices; ids that do not exist and devices that have unregistered before are absent from the answer. */
  commitUnregistrations(ids: readonly string[], now: number): Promise<(Device & { alias: string })[]>;
  /** Commits pushes with their deliveries, and what has ended. */
  commitDeliveries(batch: DeliveryBatch): Promise<void>;
  /** Ends what is pending of pushes and erases their content. Answers in the order of the call; undefined: the app has no such push. */
  commitRecalls(recalls: readonly Recall[]): Promise<(Recalled | undefined)[]>;
  /** Does a small part of what time has made due. */
  commitSweep(sweep: Sweep): Promise<Swept>;
  /** Evicts the oldest deliveries of inboxes. Answers how many of each, in the order of the call. */
  commitEvictions(evictions: readonly Eviction[]): Promise<number[]>;
}

export interface NewApp {
  id: string;
  name: string;
  keyHash: string;
  now: number;
}

export interface NewRegistration extends Registration {
  appNum: number;
  /** The public id that the device gets if it is new. */
  newId: string;
  /** The last push id given out: the device gets what is pushed after it. */
  sinceId: number;
  now: number;
}

/** What a registration came to. */
export interface Registered {
  device: Device;
  alias: string;
  /** The alias before, if the device was registered then. */
  previousAlias: string | undefined;
  /** New, back after unregistering, or another alias: nothing that waited before is for it. */
  startedAfresh: boolean;
  /** The topics that it belongs to now. */
  topics: readonly number[];
}

/** A push as the store keeps it. */
export interface NewPush {
  push: Push;
  /** The numbers of the deliveries grow, and no other push has numbers between them. */
  target: { kind: 'directed'; deliveries: readonly NewDelivery[] } | { kind: 'topics'; topicNums: readonly number[] };
  idempotency?: IdempotencyKey | undefined;
}

/** What makes a retry of a push safe. */
export interface IdempotencyKey {
  /** A hash of the app and its key. */
  key: string;
  /** A hash of what the push is. */
  digest: string;
  /** When it is forgotten. */
  expiresAt: number;
}

export interface Recall {
  pushId: number;
  /** The app that recalls. */
  appNum: number;
  now: number;
}

export interface Recalled {
  /** How many deliveries ended. */
  deliveries: number;
}

/** What to look for: deliveries that have expired, content of expired pushes to erase, and what is past its retention. */
export interface Sweep {
  now: number;
  /** The content of what expired before has been erased. */
  eraseFrom: number;
  /** Pushes that expired before are removed with their receipts. */
  removeBefore: number;
}

export interface Swept {
  /** How many deliveries expired. */
  expired: number;
  /** The content of what expired before is erased now. */
  erasedThrough: number;
  /** There is more to do. */
  more: boolean;
}

export interface Eviction {
  deviceNum: number;
  /** How many deliveries stay: the newest. */
  keep: number;
  now: number;
}

export interface SumStep {
  /** The push id after which to look. */
  after: number;
  /** At the most so many pushes, of any kind. */
  pushes: number;
  /** And no more once they have so many deliveries together. */
  deliveries: number;
}

export interface SumsChecked {
  /** Those of directed pushes. */
  sums: DeliverySum[];
  /** The last push that was looked at; undefined: there is none after `after`. */
  through: number | undefined;
}

/** What has become of a directed push: `targeted` is `ended` and `pending` together. */
export interface DeliverySum {
  pushId: number;
  targeted: number;
  /** Receipts. */
  ended: number;
  /** Rows in inboxes. */
  pending: number;
}

export interface NewDelivery {
  /** The delivery's own number. */
  id: number;
  deviceNum: number;
}

/** One device's confirmation of one push. */
export interface Confirmation {
  deviceNum: number;
  appNum: number;
  pushId: number;
}

export interface DeliveryBatch {
  pushes: readonly NewPush[];
  /** Deliveries that have reached their devices, by their own number; what has ended already is skipped. */
  delivered: readonly number[];
  /** What was not for the device, needs no confirmation or has ended already is skipped. */
  confirmed: readonly Confirmation[];
  cursors: readonly { deviceNum: number; core: number; pushId: number }[];
  /** To how many live sessions an edge has sent a topic push. */
  published: readonly { pushId: number; sessions: number }[];
  /** When all that ends in this batch ended. */
  now: number;
}
