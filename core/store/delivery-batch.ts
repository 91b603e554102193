import type { NewPush } from './types.js';

/** One push to one device. */
export interface DeliveryOf {
  /** The device's number. */
  deviceNum: number;
  /** The push. */
  pushId: number;
}

/** Deliveries and topic pushes that have ended because newer pushes have their collapse key. */
export interface Replaced {
  /** Deliveries that were pending. */
  deliveries: readonly DeliveryOf[];
  /** Topic pushes that are on no timeline any more. */
  topicPushes: readonly number[];
}

/** Deliveries and topic pushes that a commit of deliveries has ended besides those that it names. */
export interface AlsoEnded {
  /** Those that its pushes took the place of. */
  replaced: Replaced;
  /**
   * Those that its confirmations cleared: deliveries to other devices of the same user, also those that had been
   * delivered or cleared before.
   */
  cleared: readonly DeliveryOf[];
}

/** One device's confirmation of one push. */
export interface Confirmation {
  /** The device's number. */
  deviceNum: number;
  /** The push. */
  pushId: number;
}

/** A delivery that an edge reports later than to the core that handed it over. */
export interface LateDelivery {
  /** The device's number. */
  deviceNum: number;
  /** The delivery's own number. */
  deliveryId: number;
}

/** The content of one commit of the write cycle. */
export interface DeliveryBatch {
  /** New pushes, in the order of their ids. */
  pushes: readonly NewPush[];
  /** Deliveries that have reached their devices, by their own number; what has ended already is skipped. */
  delivered: readonly number[];
  /**
   * Deliveries that have reached their device, if they are the device's; what is not, or has ended already, is skipped.
   */
  lateDelivered: readonly LateDelivery[];
  /**
   * Confirmations; one that was not for the device, needs none or has ended already is skipped. One of a push with
   * `clearOnRead` always clears it on the user's other devices.
   */
  confirmed: readonly Confirmation[];
  /** The push up to which devices have read their topics; one that is behind what is known changes nothing. */
  cursors: readonly { deviceNum: number; pushId: number }[];
  /** To how many live sessions an edge has sent a topic push. */
  published: readonly { pushId: number; sessions: number }[];
  /** Time of all that ends in this batch, in milliseconds since the epoch. */
  now: number;
}
