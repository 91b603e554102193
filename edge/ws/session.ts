import type { WebSocket } from 'uWebSockets.js';
import type { ReportedSession } from '../link/reported-session.js';
import type { Platform } from '../link/wire.js';

/** What uWebSockets keeps for a socket. */
export interface SocketData {
  /** The device id that the client named; well-formed, not yet known to exist. Undefined: it named none. */
  deviceId: string | undefined;
  /** Undefined once the socket has closed, and while it has no place in the hub. */
  session: SocketSession | undefined;
  /** Until when its device has paid for the frames that it sent, in milliseconds since the start. See FrameBudget. */
  paidUntil: number;
}

/**
 * One open socket and where it stands:
 * - announced: the core has not accepted it yet, or is away: it gets nothing;
 * - resumed: it gets what the core sends to its slot;
 * - live: it gets what is published to its topics too;
 * - stalled: it gets nothing until the core, told that it has drained, resumes it.
 */
export interface SocketSession extends ReportedSession {
  readonly ws: WebSocket<SocketData>;
  device: number;
  generation: number;
  ticket: number;
  page: number;
  state: 'announced' | 'resumed' | 'live' | 'stalled';
  platform: Platform;
  topics: readonly number[];
  /** The pushes of which the kernel has taken every byte. */
  through: number;
  /** What the socket still buffers, the first of it maybe in part: it counts as handed over when it has drained. */
  buffered: readonly Handed[] | undefined;
  /** What the device must still confirm, by push; undefined: nothing ever. See Redelivery. */
  unconfirmed: Map<number, Unconfirmed> | undefined;
  /** What the device has confirmed before the session was accepted, for the first time; undefined: nothing. */
  early: number[] | undefined;
  /** How often the device confirmed what it was not sent in this session. */
  strayConfirmations: number;
}

/** A message that a socket was handed. */
export interface Handed {
  readonly pushId: number;
  /** Undefined: of a topic push, or sent again. */
  readonly deliveryId: number | undefined;
}

/** A message that a device has not confirmed. */
export interface Unconfirmed {
  readonly session: SocketSession;
  readonly pushId: number;
  /** Undefined: it is not to be sent again. */
  frame: Uint8Array | undefined;
  /** Milliseconds since the epoch after which it is not sent again. */
  readonly until: number;
  dueAt: number;
}

export function createSocketSession(ws: WebSocket<SocketData>, slot: number, deviceId: string): SocketSession {
  return {
    ws,
    slot,
    deviceId,
    state: 'announced',
    platform: 0,
    topics: [],
    through: 0,
    device: 0,
    generation: 0,
    ticket: 0,
    page: 0,
    buffered: undefined,
    unconfirmed: undefined,
    early: undefined,
    strayConfirmations: 0,
  };
}
