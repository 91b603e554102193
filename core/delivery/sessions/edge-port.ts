import type { Device, Platform, PlatformFilter } from '../../domain/device.js';

/** Reasons for which the core has a session closed, with the WebSocket close codes of the documented contract. */
export const CLOSE = {
  appDisabled: { code: 4403, reason: 'app disabled' },
  notRegistered: { code: 4404, reason: 'device not registered' },
  replaced: { code: 4409, reason: 'replaced by a newer connection' },
  unregistered: { code: 4410, reason: 'device unregistered or changed hands' },
  rotated: { code: 4411, reason: 'device id replaced: connect with the new one' },
} as const;
/** One of the reasons of `CLOSE`. */
export type CloseReason = (typeof CLOSE)[keyof typeof CLOSE];

/**
 * One attached edge, as deliveries see it. What is handed over is sent in this order; nothing blocks and nothing fails:
 * an edge that does not take it is detached, and its sessions with it.
 */
export interface EdgePort {
  /** Names the edge to apps, for the life of its process: of no use on the link. */
  readonly label: string;
  /** One message for one session. */
  // `deliveryId`: what the edge reports when the device has received the message; undefined: nothing.
  deliver(slot: number, message: EdgeMessage, deliveryId: number | undefined): void;
  /** One message for all live sessions that have one of its topics. */
  publish(publication: Publication): void;
  /** The session of this device is accepted, or has drained: the deliveries of this page follow. */
  resume(slot: number, page: number, device: Pick<Device, 'num' | 'generation'>): void;
  /** Have the edge report when the session has drained. */
  sync(slot: number): void;
  /** The session has all that waited: from here on it gets what is published to these topics. */
  live(slot: number, platform: Platform, topics: readonly number[]): void;
  /**
   * The edge closes the socket of this slot, and reports its end; before that, what the device has received up to the
   * cursor, if it has one of this session.
   */
  closeSession(slot: number, reason: CloseReason, acknowledged?: string): void;
  /** The device has told another edge that it has received all up to this cursor of its session. */
  acknowledgeSession(slot: number, cursor: string): void;
  /** A push is not sent again, to one session or, where that is undefined, to any. */
  recall(pushId: number, slot?: number): void;
  /** The same for one session, whose device is told that the push was read elsewhere if it asks for such frames. */
  clear(pushId: number, slot: number): void;
  /** The slot of a closed session is free. */
  release(slot: number): void;
  /** Undefined: it takes what waited for sessions. Otherwise resolves when it does; never, if it is gone. */
  room(): Promise<void> | undefined;
  /** The number of the message that what is handed over now goes with. */
  batchNumber(): number;
  /**
   * The last of those messages up to which devices have received all that their sockets were handed, and the push up
   * to which all was in it or before it.
   */
  acknowledged(): { batch: number; through: number };
}

/** A message for sessions of one kind of platform. */
export interface EdgeMessage {
  /** The id of the push, by which the edge finds the message again. */
  pushId: number;
  /** The WebSocket frame's text in UTF-8. */
  frame: Uint8Array;
  /**
   * Time until which the edge sends it again where the device must confirm, in milliseconds since the epoch; 0: it need
   * not.
   */
  confirmUntil: number;
}

/** A topic push for all live sessions of an edge. */
export interface Publication extends EdgeMessage {
  /** Numbers of the topics; a session that has several of them gets it once. */
  topics: readonly number[];
  /** Platform of the sessions that get it. */
  platform: PlatformFilter;
  /** Undefined: as the others'. */
  iosFrame: Uint8Array | undefined;
}
