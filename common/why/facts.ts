/** A device, as far as it decides about the arrival of messages. */
export interface WhyDevice {
  readonly deviceId: string;
  /** True while it has a session; undefined: not known. */
  readonly isOnline: boolean | undefined;
  /** The vendor's token; undefined: it has none, or it is not known. */
  readonly token: { readonly channel: string; readonly state: string; readonly reason: string } | undefined;
  /** False where only the id is known. */
  readonly isKnown: boolean;
  /** Such as `IOS`; undefined: not known. */
  readonly platform?: string | undefined;
  /** Time of its last registration; undefined: not known. */
  readonly registeredAt?: number | undefined;
}

/** A waking of a device for a push. Words are those of the schema, without their prefixes. */
export interface WhyWake {
  readonly channel: string;
  readonly state: string;
  /** The vendor's word or ours; empty: none. */
  readonly reason: string;
}

/** A push for one device. Times are milliseconds since the epoch. */
export interface WhyEntry {
  readonly deviceId: string;
  readonly requestId: string;
  /** A DeliveryState, such as `PENDING`. */
  readonly state: string;
  readonly needConfirm: boolean;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** Time of its end; undefined: it has not, or it is not known. */
  readonly endedAt: number | undefined;
  readonly wakes: readonly WhyWake[];
}

/** The only push that was asked about, as far as it decides to whom it goes. */
export interface WhyPush {
  readonly requestId: string;
  /** A state of GetPush, such as `SCHEDULED`. */
  readonly state: string;
  /** The only one that it goes to; undefined: all. */
  readonly platform: string | undefined;
  /** True if all of its deliveries are listed, whatever became of them: those to topics are not, once it is over. */
  readonly isListed: boolean;
  readonly createdAt: number;
  /** Time at which it is due, or was; undefined: at once. */
  readonly sendAt: number | undefined;
  /** The cause for which it failed, in words; empty: it has not. */
  readonly failure: string;
}

/** All that is known of a user or a device. */
export interface WhyFacts {
  /** Devices of the user, or the one that was asked for. */
  readonly devices: readonly WhyDevice[];
  /** Pushes for them, the newest first. */
  readonly entries: readonly WhyEntry[];
  /** True if there are no other entries than these of what was asked about. */
  readonly isComplete: boolean;
  /** Undefined: all pushes were asked about. */
  readonly push?: WhyPush | undefined;
  /** The time now. */
  readonly now: number;
}

/** Values that the sentence of a finding has; its code decides which. */
export interface WhyValues {
  readonly time?: number;
  readonly channel?: string;
  /** A vendor's word, or the cause of a failure. */
  readonly reason?: string;
  /** The platform of a push. */
  readonly platform?: string;
  /** Of what has expired: true if the vendor took a notification for it. */
  readonly isNotified?: boolean;
}
