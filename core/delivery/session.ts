import { hasReached, merge, type Position, START } from '../../common/position.js';
import type { Subscriber } from '../domain/device.js';
import type { EdgePort } from './edge-port.js';
import { confirmUntil, type Outgoing } from './outgoing.js';

/**
 * A session whose device is not known yet: a socket that an edge has announced.
 */
export interface Announced {
  edge: EdgePort;
  slot: number;
  deviceId: string;
  /** What this socket was handed before the edge attached again; START for a new socket. */
  through: Position;
  /** Closed before it was identified: it is looked up only for what it confirmed and was handed. */
  closed: boolean;
  /** What the device confirmed before it was identified. */
  confirmed: number[];
}

/**
 * An identified session, and where it stands:
 * - queued: it waits for its turn to read, or for the device's earlier session to close;
 * - reading: what waited is being read; what is committed meanwhile is held, and follows;
 * - draining: the edge is to say when the socket has taken what it was sent;
 * - live: what is committed is sent at once;
 * - closed: nothing is sent any more.
 */
export interface Session {
  readonly edge: EdgePort;
  readonly slot: number;
  /** Since when this core knows it, in milliseconds since the epoch. */
  readonly since: number;
  /** Names it among the sessions of this core. */
  readonly generation: number;
  device: Subscriber;
  state:
    | { kind: 'queued' }
    | { kind: 'reading'; held: HeldDelivery[]; overflowed: boolean; recalled: Set<number> }
    | { kind: 'draining' }
    | { readonly kind: 'live'; readonly sinceBatch: number }
    | { kind: 'closed' };
  /** What not to read any more. */
  after: Position;
  /** What the last read sent, and how far it looked: once the edge has handed over `last`, all up to `through` is. */
  page: { readonly last: number; readonly through: Position };
  /** How far the device had read its topics before this session; undefined until it has been looked up. */
  cursor: Position | undefined;
  /** How far it has been written that the device has read them since; undefined: nothing has. */
  kept: Position | undefined;
  /** Up to which push its inbox has been looked at again; 0: not at all. See LookAgain. */
  looked: number;
  /** It was sent topic pushes that had waited since it was live last. */
  readTopics: boolean;
  /** How many earlier sessions of the device have not reported yet what they were handed. It begins when none is left. */
  blockers: number;
  /** The edge has reported its end. */
  reported: boolean;
}

/** A delivery that was committed while its session was reading. */
export interface HeldDelivery {
  outgoing: Outgoing;
  deliveryId: number | undefined;
}

const NOTHING: Session['page'] = { last: 0, through: START };

/** Beyond so many held deliveries, a session reads again instead. */
export const MAX_HELD = 256;

export function createSession(
  { edge, slot, through }: Announced,
  device: Subscriber,
  { blockers, since, generation }: Pick<Session, 'blockers' | 'since' | 'generation'>,
): Session {
  return {
    edge,
    slot,
    since,
    generation,
    blockers,
    device,
    state: { kind: 'queued' },
    after: through.length === 0 ? START : through,
    page: NOTHING,
    cursor: undefined,
    kept: undefined,
    looked: 0,
    readTopics: false,
    reported: false,
  };
}

/** Hands a message to the session's edge. What the device confirms, and what a cursor remembers, is not reported. */
export function sendTo(session: Session, { push, frameFor }: Outgoing, deliveryId: number | undefined): void {
  const { edge, slot, device } = session;
  const message = { pushId: push.id, frame: frameFor(device.platform), confirmUntil: confirmUntil(push) };
  edge.deliver(slot, message, push.needConfirm ? undefined : deliveryId);
}

/** What not to read any more, when the edge has handed over everything up to `through`. */
export function resumePoint({ page }: Session, through: Position): Position {
  return hasReached(through, page.last) ? merge(page.through, through) : through;
}

/** Keeps a delivery until the session has read what came before it. */
export function hold(state: Session['state'] & { kind: 'reading' }, delivery: HeldDelivery): void {
  if (state.held.length < MAX_HELD) state.held.push(delivery);
  else state.overflowed = true;
}

/** A push is recalled while the session reads: it may have been read already. */
export function recall(state: Session['state'] & { kind: 'reading' }, pushId: number): void {
  state.held = state.held.filter(({ outgoing }) => outgoing.push.id !== pushId);
  state.recalled.add(pushId);
}
