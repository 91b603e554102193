import type { Device, Subscriber } from '../../domain/device.js';
import type { Push } from '../../domain/push.js';
import type { EdgePort } from './edge-port.js';
import { confirmUntil, type Outgoing } from './frames.js';

/** A socket that an edge has announced, and whose device is being looked up. */
export interface UnidentifiedSession {
  /** The edge that has the socket. */
  readonly edge: EdgePort;
  /** The socket's slot on that edge. */
  readonly slot: number;
  /** The public id that the socket came with; it may be nobody's. */
  readonly deviceId: string;
  /** The push up to which the device received all before the edge attached again; 0 for a new socket. */
  readonly through: number;
  /** The registration that it was accepted for before the edge attached again; undefined for a new socket. */
  readonly accepted: Pick<Device, 'num' | 'generation'> | undefined;
  /** The cursor up to which the device has received what its earlier session sent it; absent or empty: none. */
  readonly resumedFrom?: string;
  /** True once the edge has reported its end, or has gone. */
  closed: boolean;
}

/**
 * An identified session, and where it stands:
 * - queued: it waits for its turn to read, or for the device's earlier session to close;
 * - reading: what waited is being read; what is committed meanwhile is held, and follows;
 * - draining: the edge is to say when the device has received what it was sent;
 * - live: what is committed is sent at once;
 * - closed: nothing is sent any more.
 */
export interface Session {
  /** The edge that has the socket. */
  readonly edge: EdgePort;
  /** The socket's slot on that edge. */
  readonly slot: number;
  /** Since when this core knows it, in milliseconds since the epoch. */
  readonly since: number;
  /** The device as it was when the session began, with the changes of its tags since. */
  device: Subscriber;
  /** The state, as above. `sinceBatch`: the number of the link's message from which on the session is live. */
  state:
    | { kind: 'queued' }
    | { kind: 'reading'; held: HeldDelivery[]; heldBytes: number; overflowed: boolean; recalled: Set<number> }
    | { kind: 'draining' }
    | { readonly kind: 'live'; readonly sinceBatch: number }
    | { kind: 'closed' };
  /** The push up to which nothing is read any more. */
  after: number;
  /** Counts the pages that it was sent: what the edge says of an earlier one changes nothing. */
  pageNumber: number;
  /**
   * The last push that the last read sent, and the one up to which it looked: once the device has `last`, it has all up
   * to `through`.
   */
  page: { readonly last: number; readonly through: number };
  /** The push up to which the device had read its topics before this session; undefined until it has been looked up. */
  cursor: number | undefined;
  /** The push up to which it has been written that the device has read them since; 0: nothing has. */
  checkpointed: number;
  /** It was sent topic pushes that had waited since it was live last. */
  readTopics: boolean;
  /**
   * Number of earlier sessions of the device that have not reported yet what it received. It begins when none is left.
   */
  blockers: number;
  /** The way it ended; undefined: its edge has not reported that. */
  end: SessionEnd | undefined;
}

/**
 * Ways in which a session ends:
 * - closed: by the device, by this core, or with its connection;
 * - dead: the device did not acknowledge what it was sent;
 * - planned: its edge is stopping, and has told the device to come back;
 * - lost: its edge is gone, or the link to it.
 */
export type SessionEnd = 'closed' | 'dead' | 'planned' | 'lost';

/** A delivery that was committed while its session was reading. */
export interface HeldDelivery {
  /** The push, with its frames. */
  outgoing: Outgoing;
  /** The delivery's id; undefined for a topic push. */
  deliveryId: number | undefined;
}

const NO_PAGE: Session['page'] = { last: 0, through: 0 };

/** Beyond so many held deliveries, or bytes of them, a session reads again instead. */
export const MAX_HELD = 256;
/** Maximum number of bytes of held deliveries: beyond it a session reads again instead. */
const MAX_HELD_BYTES = 256 * 1024;

/** Returns the session of an identified socket, queued for its turn to read. */
export function createSession(
  { edge, slot, through }: UnidentifiedSession,
  device: Subscriber,
  { blockers, since }: Pick<Session, 'blockers' | 'since'>,
): Session {
  return {
    edge,
    slot,
    since,
    blockers,
    device,
    state: { kind: 'queued' },
    after: through,
    pageNumber: 0,
    page: NO_PAGE,
    cursor: undefined,
    checkpointed: 0,
    readTopics: false,
    end: undefined,
  };
}

/** Told of each message that is handed to the edge of a session, where pushes are traced. */
export type HandedOut = (session: Session, push: Push, deliveryId: number | undefined) => void;

/** Hands a message to the session's edge. What the device confirms, and what a cursor remembers, is not reported. */
export function sendTo(
  session: Session,
  { push, frameFor }: Outgoing,
  deliveryId: number | undefined,
  handedOut: HandedOut | undefined,
): void {
  const { edge, slot, device } = session;
  const message = { pushId: push.id, frame: frameFor(device.platform), confirmUntil: confirmUntil(push) };
  edge.deliver(slot, message, push.needConfirm ? undefined : deliveryId);
  handedOut?.(session, push, deliveryId);
}

/** Returns after which push to read on, when the device has received everything up to `through`. */
export function resumePoint({ page }: Session, through: number): number {
  return through >= page.last ? Math.max(page.through, through) : through;
}

/** Keeps a delivery until the session has read what came before it. */
export function hold(session: Session, delivery: HeldDelivery): void {
  const { state, device } = session;
  if (state.kind !== 'reading' || state.overflowed) return;
  state.heldBytes += delivery.outgoing.frameFor(device.platform).length;
  if (state.held.length < MAX_HELD && state.heldBytes <= MAX_HELD_BYTES) {
    state.held.push(delivery);
    return;
  }
  // It reads all of it again.
  state.overflowed = true;
  state.held = [];
}

/** A push is recalled while the session reads: it may have been read already. */
export function recall(state: Session['state'] & { kind: 'reading' }, pushId: number): void {
  state.held = state.held.filter(({ outgoing }) => outgoing.push.id !== pushId);
  state.recalled.add(pushId);
}
