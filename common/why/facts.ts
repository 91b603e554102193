/** A device, as far as it decides about the arrival of messages. */
export interface WhyDevice {
  readonly deviceId: string;
  /** True while it has a session; undefined: not known. */
  readonly isOnline: boolean | undefined;
  /** The vendor's token; undefined: it has none, or it is not known. */
  readonly token: { readonly channel: string; readonly state: string; readonly reason: string } | undefined;
  /** False where only the id is known. */
  readonly isKnown: boolean;
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
  readonly expiresAt: number;
  /** Time of its end; undefined: it has not, or it is not known. */
  readonly endedAt: number | undefined;
  readonly wakes: readonly WhyWake[];
}

/** All that is known of a user or a device. */
export interface WhyFacts {
  /** Devices of the user, or the one that was asked for. */
  readonly devices: readonly WhyDevice[];
  /** Pushes for them, the newest first. */
  readonly entries: readonly WhyEntry[];
}

/** Values that the sentence of a finding has; its code decides which. */
export interface WhyValues {
  readonly time?: number;
  readonly channel?: string;
  /** A vendor's word. */
  readonly reason?: string;
}
