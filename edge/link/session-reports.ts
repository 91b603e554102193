import type { SessionEnd } from './wire.js';

/** A session as the core is told of it. */
export interface ReportedSession {
  /** Its name on the link. */
  readonly slot: number;
  /** The public id that it came with. */
  readonly deviceId: string;
  /** The device's number, as the core gave it; 0: no core has accepted the session yet. */
  readonly device: number;
  /** Of the device's registration that the session was accepted for. */
  readonly generation: number;
  /** Shows to any core that this edge has had a session of that registration. */
  readonly ticket: number;
  /** The last page that the core began to send. */
  readonly page: number;
  /** The push up to which the device has received all. */
  readonly through: number;
  /** The cursor up to which the device has received what an earlier session of it sent; "": none. */
  readonly resumedFrom: string;
}

/** Reports of sessions to the core. */
export interface SessionReports {
  /** In this attachment. */
  delivered(session: ReportedSession, deliveryId: number): void;
  /** Of what an earlier attachment was handed. */
  deliveredLate(session: ReportedSession, deliveryId: number): void;
  /** A topic push was received by so many more devices. */
  published(pushId: number, sessions: number): void;
  /** A session is there. */
  opened(session: ReportedSession): void;
  /** Devices have received all that the core's messages up to this one had for their sockets, or have closed. */
  acknowledged(upTo: number): void;
  /** A session has ended. */
  closed(session: ReportedSession, end: SessionEnd): void;
  /** A socket has closed while no core listens: the next one is told how far it got. */
  left(session: ReportedSession): void;
  /** A session takes nothing. */
  stalled(session: ReportedSession): void;
  /** A device has received its page. */
  drained(session: ReportedSession): void;
  /** A device has confirmed a push. Told until it is committed. */
  confirmed(session: ReportedSession, pushId: number): void;
  /**
   * Tells a core that has just accepted this edge which pushes are kept since they are not confirmed: in as many
   * messages as it takes.
   */
  unconfirmed(pushIds: readonly number[]): void;
}
