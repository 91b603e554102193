import type { ReportedSession } from '../link/session-reports.js';
import { type Platform, SessionEnd } from '../link/wire.js';
import type { DeviceConnection, TransportName } from './connection.js';
import type { Publication, Round } from './rounds.js';

/** The data that uWebSockets keeps for a socket. */
export interface SocketData {
  /** The device id that the client named; well-formed, not yet known to exist. Undefined: it named none. */
  deviceId: string | undefined;
  /** Undefined once the socket has closed, and while it has no place in the hub. */
  session: SocketSession | undefined;
  /** It asks for control frames. Others get messages and answers to heartbeats, and nothing else. */
  takesControl: boolean;
  /** The network of its client, for limits by address; "": there are none for it. */
  network: string;
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
  /** The connection of its device. */
  readonly connection: DeviceConnection;
  /** Its socket asks for control frames. */
  readonly takesControl: boolean;
  /** The way that carries its messages now. */
  transport: TransportName;
  /** The device's number; 0 until the core has accepted the session. */
  device: number;
  /** The registration for which it was accepted. */
  generation: number;
  /** Shows another core that this edge has had the session; the core gave it. */
  ticket: number;
  /** The number of the page that it is being sent. */
  page: number;
  /** The state, as above. */
  state: 'announced' | 'resumed' | 'live' | 'stalled';
  /** Platform of the device. */
  platform: Platform;
  /** Topics of which it gets what is published. */
  topics: readonly number[];
  /** The push up to which the device has received all. */
  through: number;
  /** The push up to which the socket was handed all. */
  sent: number;
  /** Messages that it was handed and has not acknowledged; undefined: there were none lately. See Acknowledgements. */
  unacknowledged: Unacknowledged | undefined;
  /** The way the session ends when its socket closes. */
  end: SessionEnd;
  /** Messages that the device must still confirm, by push; undefined: there were never any. See Redelivery. */
  unconfirmed: Map<number, Unconfirmed> | undefined;
  /** Pushes that the device has confirmed before the session was accepted; undefined: none. */
  early: number[] | undefined;
  /** Number of confirmations of what it was not sent in this session. */
  strayConfirmations: number;
}

/** A message that a socket was handed: without its frame, which is a part of a whole message of the link. */
export interface Handed {
  /** The push. */
  readonly pushId: number;
  /** Undefined: of a topic push, or the device confirms it. */
  readonly deliveryId: number | undefined;
  /** The topic push; undefined: it is none. */
  readonly publication: Publication | undefined;
  /** The round that it came with; undefined: it is sent again. */
  readonly round: Round | undefined;
}

/** Messages that a device has not acknowledged, and the ping that stands behind them. */
export interface Unacknowledged {
  /** Oldest first. */
  messages: Handed[];
  /** Number of bytes of their frames. */
  bytes: number;
  /** The bytes of each, where the device acknowledges messages by their number; undefined: it answers pings. */
  sizes: number[] | undefined;
  /** Number of those before the ping that is on its way, and their bytes; 0: none is on its way. */
  pinged: { messages: number; bytes: number };
  /** The number of the last ping. */
  ping: number;
  /** The socket has taken that ping, or buffers it. */
  isPingSent: boolean;
  /** The tick of that ping, and the one at which the session counts as dead if it has not been answered. */
  pingedAt: number;
  deadline: number;
}

/** A message that a device has not confirmed. */
export interface Unconfirmed {
  /** The session that was sent it. */
  readonly session: SocketSession;
  /** The push. */
  readonly pushId: number;
  /** Undefined: it is not to be sent again. */
  frame: Uint8Array | undefined;
  /** Milliseconds since the epoch after which it is not sent again. */
  readonly until: number;
  /** Time at which it is sent again, by `performance.now()`. */
  dueAt: number;
}

/** The parts of a session that a connection may bring along. */
export type SessionInit = Partial<Pick<SocketSession, 'transport' | 'resumedFrom' | 'takesControl'>>;

/** Returns the session of a device that has just connected. */
export function createSocketSession(
  connection: DeviceConnection,
  slot: number,
  deviceId: string,
  { transport = 'websocket', resumedFrom = '', takesControl = false }: SessionInit = {},
): SocketSession {
  return {
    connection,
    transport,
    takesControl,
    slot,
    deviceId,
    resumedFrom,
    state: 'announced',
    platform: 0,
    topics: [],
    through: 0,
    sent: 0,
    device: 0,
    generation: 0,
    ticket: 0,
    page: 0,
    unacknowledged: undefined,
    end: SessionEnd.UNSPECIFIED,
    unconfirmed: undefined,
    early: undefined,
    strayConfirmations: 0,
  };
}
