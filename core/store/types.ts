import type { Device, Registration } from '../domain/device.js';
import type { Job, JobStep } from '../domain/job.js';
import type { Push } from '../domain/push.js';

/** What commits take and answer. */

export interface NewApp {
  id: string;
  name: string;
  keyHash: string;
  now: number;
}

export interface KeyRotation {
  /** The app's id. */
  id: string;
  /** Of the new key. */
  keyHash: string;
  /** When the earlier keys stop working. */
  oldUntil: number;
  now: number;
}

export interface AppState {
  /** The app's id. */
  id: string;
  disabled: boolean;
  now: number;
}

export interface NewRegistration extends Registration {
  appNum: number;
  /** The public id that the device gets if it is new. */
  newId: string;
  /** The last push id given out: the device gets what is pushed after it. */
  sinceId: number;
  now: number;
  /** Absent: now. */
  registeredAt?: number;
}

export interface DeviceUpdate {
  /** The public id. */
  id: string;
  appNum: number;
  addTags: readonly string[];
  /** A tag that is added too stays. */
  removeTags: readonly string[];
  /** Absent: as it is. */
  alias: string | undefined;
  /** Absent: as it is; null: none. */
  mobile: string | null | undefined;
  sinceId: number;
  now: number;
}

/** A changed device: the registration that would have made it what it is now, and what that came to. */
export interface Updated {
  registration: NewRegistration;
  result: Registered;
}

/** What a registration came to. */
export interface Registered {
  device: Device;
  alias: string;
  /** The alias before, if the device was registered then. */
  previousAlias: string | undefined;
  /** New, back after unregistering, or another alias: nothing that waited before is for it. */
  startedAfresh: boolean;
  /** It was registered with this alias and platform before: looked up, it is what it was. */
  unchanged: boolean;
  /** The topics that it belongs to now. */
  topics: readonly number[];
}

/** Why a registration is refused: the alias has its devices, or the app its tags. Nothing of it is committed. */
export type Refusal = 'TOO_MANY_DEVICES' | 'TOO_MANY_TAGS';

/** A push as the store keeps it. */
export interface NewPush {
  push: Push;
  /** The numbers of the deliveries grow, and no other push has numbers between them. */
  target: { kind: 'directed'; deliveries: readonly NewDelivery[] } | { kind: 'topics'; topicNums: readonly number[] };
  idempotency?: IdempotencyKey | undefined;
  /** What it is the next part of. */
  job?: JobStep | undefined;
}

/** A push that is to be made later, or in parts. */
export interface NewJob extends Job {
  idempotency?: IdempotencyKey | undefined;
}

/** A job whose next part cannot be made. */
export interface JobFailure {
  id: number;
  /** For people. */
  reason: string;
}

export interface JobCancellation {
  id: number;
  /** The app that cancels. */
  appNum: number;
  now: number;
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

/** One push to one device. */
export interface DeliveryOf {
  deviceNum: number;
  pushId: number;
}

/** What has ended because newer pushes have its collapse key. */
export interface Replaced {
  deliveries: readonly DeliveryOf[];
  /** Topic pushes that are on no timeline any more. */
  topicPushes: readonly number[];
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

/**
 * What to look for: deliveries that have expired, content of expired pushes to erase, and what is past its retention.
 */
export interface Sweep {
  now: number;
  /** What expired up to then has ended, and its content has been erased. */
  eraseFrom: number;
  /** Pushes that expired before are removed with their receipts, and jobs. */
  removeBefore: number;
}

export interface Swept {
  /** How many deliveries expired. */
  expired: number;
  /** What expired up to then has ended now, and its content is erased: where the next step goes on. */
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
  pushId: number;
}

/** A delivery that an edge reports later than to the core that handed it over. */
export interface LateDelivery {
  deviceNum: number;
  deliveryId: number;
}

export interface DeliveryBatch {
  pushes: readonly NewPush[];
  /** Deliveries that have reached their devices, by their own number; what has ended already is skipped. */
  delivered: readonly number[];
  /**
   * Deliveries that have reached their device, if they are the device's; what is not, or has ended already, is skipped.
   */
  lateDelivered: readonly LateDelivery[];
  /** What was not for the device, needs no confirmation or has ended already is skipped. */
  confirmed: readonly Confirmation[];
  /** The push up to which devices have read their topics; one that is behind what is known changes nothing. */
  cursors: readonly { deviceNum: number; pushId: number }[];
  /** To how many live sessions an edge has sent a topic push. */
  published: readonly { pushId: number; sessions: number }[];
  /** When all that ends in this batch ended. */
  now: number;
}
