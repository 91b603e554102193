import type { DeviceToken, TokenDetails } from '../domain/channel.js';
import type { Device, Registration } from '../domain/device.js';
import type { Job, JobStep } from '../domain/job.js';
import type { Push } from '../domain/push.js';

/** A registration with what the write cycle adds. */
export interface NewRegistration extends Registration {
  /** The app's number. */
  appNum: number;
  /** The public id that the device gets if it is new. */
  newId: string;
  /** The last push id given out: the device gets what is pushed after it. */
  sinceId: number;
  /** Milliseconds since the epoch. */
  now: number;
  /** Absent: now. */
  registeredAt?: number;
  /** Maximum number of tags of the app; absent: as the contract has it. */
  maxTags?: number;
  /** True: it is refused if it brings the app another device. */
  isAppFull?: boolean;
}

/** A change of a registered device. */
export interface DeviceUpdate {
  /** The public id. */
  id: string;
  /** The app that changes it. */
  appNum: number;
  /** Tags that it gets. */
  addTags: readonly string[];
  /** A tag that is added too stays. */
  removeTags: readonly string[];
  /** Absent: as it is. */
  alias: string | undefined;
  /** Absent: as it is; null: none. */
  mobile: string | null | undefined;
  /** As those of a registration. */
  push?: DeviceToken | null | undefined;
  maxTags?: number;
  /** The last push id given out: new tags begin after it. */
  sinceId: number;
  /** Milliseconds since the epoch. */
  now: number;
}

/** A changed device: the registration that would have made it what it is now, and what that came to. */
export interface Updated {
  /** The registration that would have had the same result. */
  registration: NewRegistration;
  /** Its result. */
  result: Registered;
  /** The token that the device has now; undefined: none. */
  token: TokenDetails | undefined;
}

/** The result of a registration. */
export interface Registered {
  /** The device as it is now. */
  device: Device;
  /** The user that it belongs to now. */
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

/** Reason of a refusal: the alias or the app has its devices, or the app its tags. Nothing of it is committed. */
export type Refusal = 'TOO_MANY_DEVICES' | 'TOO_MANY_TAGS' | 'APP_FULL';

/** A push as the store keeps it. */
export interface NewPush {
  /** The push, with its id. */
  push: Push;
  /** The numbers of the deliveries grow, and no other push has numbers between them. */
  target: { kind: 'directed'; deliveries: readonly NewDelivery[] } | { kind: 'topics'; topicNums: readonly number[] };
  /** The key that makes a retry safe; absent: none. */
  idempotency?: IdempotencyKey | undefined;
  /** The job whose next part it is; absent: none. */
  job?: JobStep | undefined;
  /** Of a topic push: time at which the devices that have not read it begin to be woken; absent: none is. */
  wakeAt?: number | undefined;
}

/** A push that is to be made later, or in parts. */
export interface NewJob extends Job {
  /** The key that makes a retry safe; absent: none. */
  idempotency?: IdempotencyKey | undefined;
  /** Maximum number of open jobs of the app; absent or 0: any. */
  maxOpen?: number | undefined;
}

/** A job whose next part cannot be made. */
export interface JobFailure {
  /** The job. */
  id: number;
  /** For people. */
  reason: string;
}

/** An order to cancel a job. */
export interface JobCancellation {
  /** The job. */
  id: number;
  /** The app that cancels. */
  appNum: number;
  /** Milliseconds since the epoch. */
  now: number;
}

/** A key that makes a retry of a push safe. */
export interface IdempotencyKey {
  /** A hash of the app and its key. */
  key: string;
  /** A hash of what the push is. */
  digest: string;
  /** Time at which it is forgotten, in milliseconds since the epoch. */
  expiresAt: number;
}

/** An order to end what is pending of a push. */
export interface Recall {
  /** The push. */
  pushId: number;
  /** The app that recalls. */
  appNum: number;
  /** Milliseconds since the epoch. */
  now: number;
}

/** The result of a recall. */
export interface Recalled {
  /** Number of deliveries that it ended. */
  deliveries: number;
}

/**
 * The work of one step of the sweeper: deliveries that have expired, content to erase, and what is past its retention.
 */
export interface Sweep {
  /** Milliseconds since the epoch. */
  now: number;
  /** Time up to which what expired has ended, with its content erased. */
  eraseFrom: number;
  /** Pushes that expired before are removed with their receipts, and jobs. */
  removeBefore: number;
}

/** The result of one step of the sweeper. */
export interface Swept {
  /** Number of deliveries that expired. */
  expired: number;
  /** Time up to which what expired has ended now, with its content erased: where the next step goes on. */
  erasedThrough: number;
  /** There is more to do. */
  more: boolean;
}

/** An inbox that is over its limit. */
export interface Eviction {
  /** The device's number. */
  deviceNum: number;
  /** Number of deliveries that stay: the newest. */
  keep: number;
  /** Milliseconds since the epoch. */
  now: number;
}

/** The bounds of one step of the audit. */
export interface SumStep {
  /** The push id after which to look. */
  after: number;
  /** At the most so many pushes, of any kind. */
  pushes: number;
  /** And no more once they have so many deliveries together. */
  deliveries: number;
}

/** The result of one step of the audit. */
export interface SumsChecked {
  /** Those of directed pushes. */
  sums: DeliverySum[];
  /** The last push that was looked at; undefined: there is none after `after`. */
  through: number | undefined;
}

/** The sum of a directed push: `targeted` is `ended` and `pending` together. */
export interface DeliverySum {
  /** The push. */
  pushId: number;
  /** Number of its deliveries. */
  targeted: number;
  /** Receipts. */
  ended: number;
  /** Rows in inboxes. */
  pending: number;
}

/** A delivery of a new push. */
export interface NewDelivery {
  /** The delivery's own number. */
  id: number;
  /** The device's number. */
  deviceNum: number;
}
