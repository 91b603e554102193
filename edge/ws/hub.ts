import type { CoreLink, LinkListener } from '../link/client.js';
import { type Delivery, OrderKind, type Publication, SessionEnd, type SessionOrder } from '../link/wire.js';
import { createAcknowledgements, type Delivered } from './acknowledgements.js';
import type { DeviceConnection } from './connection.js';
import { createSocketFanOut, takesMessages } from './fan-out.js';
import type { HubCounts } from './hub-counts.js';
import { createRecall } from './recall.js';
import { createRedelivery } from './redelivery.js';
import { createRetirement, type Retirement } from './retirement.js';
import { createRounds } from './rounds.js';
import { createSocketSession, type SessionInit, type SocketSession } from './session.js';
import { createSocketWriter } from './socket-writer.js';
import { areEqual, createTopics, isTogetherWith } from './topics.js';

/**
 * All open sockets, by slot. Does what the core orders and reports what becomes of it. Keeps no truth: when the core
 * goes away the sockets stay, and are announced again to the next one.
 */
export interface Hub extends LinkListener {
  /** Undefined: there are as many as may be. */
  open(connection: DeviceConnection, deviceId: string, more?: SessionInit): SocketSession | undefined;
  /** A socket has closed. */
  closed(session: SocketSession): void;
  /** A socket has taken some of what it buffered. */
  drained(session: SocketSession): void;
  /** A pong has come. Returns false if it answers no ping of the hub. */
  pong(session: SocketSession, payload: ArrayBuffer): boolean;
  /** The device has received so many messages more, the oldest first; of a connection that answers no pings. */
  acknowledged(session: SocketSession, count: number): void;
  /**
   * Has a session closed because the server goes away, as soon as the device has received what it was handed; it is
   * handed nothing more.
   */
  retire(session: SocketSession, reason: string): void;
  /** Sessions that are to be closed. */
  readonly retirement: Pick<Retirement, 'count' | 'closeAll'>;
  /** A device has confirmed a push. */
  confirm(session: SocketSession, pushId: number): void;
  /** All sessions that are not closed. */
  sessions(): Iterable<SocketSession>;
  /** Sends nothing again any more, and no pings. */
  stop(): void;
  /** Returns counts for the metrics. */
  counts(): HubCounts;
}

/** Maximum number of confirmations of what it was not sent that a session may send. */
const MAX_STRAY_CONFIRMATIONS = 1000;
/** Some milliseconds' worth. */
const FRAMES_PER_TURN = 512;

/** Returns a hub without sessions. */
export function createHub(
  link: () => Pick<CoreLink, 'outbox' | 'isAttached'>,
  options: {
    maxSessions: number;
    /** Milliseconds until an unconfirmed message is sent again for the first time. */
    confirmInterval: number;
    /** The moment at which a message counts as delivered. */
    delivered: Delivered;
    /** Seconds that a device may take to answer a ping that stands behind nothing large. */
    pongSeconds: number;
    /** Number of frames that are sent before something else has its turn. */
    framesPerTurn?: number;
    /** Milliseconds of a tick of the clock by which pings go, and so many from one ping to the next. */
    tickMs?: number;
    spacing?: number;
  },
): Hub {
  const outbox = () => link().outbox;
  const slots: (SocketSession | undefined)[] = [];
  const free: number[] = [];
  /** Slots of closed sessions that the core may still be sending to. */
  const unreleased = new Set<number>();
  const topics = createTopics();
  const rounds = createRounds(outbox);
  const acknowledgements = createAcknowledgements({
    ...options,
    outbox,
    rounds,
    cleared,
    dead(session) {
      dead++;
      session.end = SessionEnd.DEAD;
      // Without a close frame: nobody reads it, and the descriptor is free at once.
      session.connection.close();
    },
  });
  const writer = createSocketWriter(outbox, acknowledgements);
  const redelivery = createRedelivery({
    firstInterval: options.confirmInterval,
    resend(session, pushId, frame) {
      if (!takesMessages(session) || !acknowledgements.hasRoom(session)) return;
      redelivered++;
      const handed = { pushId, deliveryId: undefined, publication: undefined, round: undefined };
      writer.write(session, [{ frame, confirmUntil: 0, handed }]);
    },
  });
  const retirement = createRetirement(outbox, acknowledgements);
  const fanOut = createSocketFanOut({
    writer,
    redelivery,
    topics,
    sessionOf: (slot) => slots[slot],
    framesPerTurn: options.framesPerTurn ?? FRAMES_PER_TURN,
  });
  const recall = createRecall({ redelivery, sessionOf: (slot) => slots[slot] });
  let count = 0;
  let redelivered = 0;
  let dead = 0;

  /** The device has received all that its socket was handed. */
  function cleared(session: SocketSession): void {
    if (retirement.cleared(session) || !link().isAttached()) return;
    if (session.state === 'stalled') outbox().drained(session);
    else if (session.state === 'announced') outbox().opened(session);
  }

  function applyOrder({
    kind,
    slot,
    platform,
    topics: wanted,
    code,
    reason,
    page,
    acknowledged,
    ...rest
  }: SessionOrder): void {
    if (kind === OrderKind.RELEASED) {
      if (unreleased.delete(slot)) free.push(slot);
      return;
    }
    const session = slots[slot];
    if (session === undefined) return;
    switch (kind) {
      case OrderKind.RESUME:
        if (!retirement.has(session)) session.state = 'resumed';
        session.page = page;
        accept(session, rest);
        return;
      case OrderKind.SYNC:
        session.state = 'stalled';
        if (acknowledgements.isClear(session)) cleared(session);
        else acknowledgements.hasten(session);
        return;
      case OrderKind.LIVE:
        session.platform = platform;
        topics.set(session, wanted);
        if (session.state === 'resumed') session.state = 'live';
        return;
      case OrderKind.ACKNOWLEDGE:
        session.connection.acknowledge?.(acknowledged);
        return;
      case OrderKind.CLOSE:
        if (acknowledged !== '') session.connection.continued?.(acknowledged);
        session.connection.end(code, reason);
        return;
      case OrderKind.UNSPECIFIED:
        return;
    }
  }

  function accept(
    session: SocketSession,
    { device, generation, ticket }: Pick<SessionOrder, 'device' | 'generation' | 'ticket'>,
  ): void {
    session.device = device;
    session.generation = generation;
    session.ticket = ticket;
    for (const pushId of session.early ?? []) outbox().confirmed(session, pushId);
    session.early = undefined;
  }

  return {
    open(connection, deviceId, more) {
      if (count >= options.maxSessions) return undefined;
      const slot = free.pop() ?? slots.length;
      const session = createSocketSession(connection, slot, deviceId, more);
      slots[slot] = session;
      count++;
      if (link().isAttached()) outbox().opened(session);
      return session;
    },

    closed(session) {
      const { slot } = session;
      topics.set(session, []);
      redelivery.forget(session);
      slots[slot] = undefined;
      retirement.forget(session);
      count--;
      if (link().isAttached()) {
        unreleased.add(slot);
        outbox().closed(session, session.end);
      } else {
        outbox().left(session);
        free.push(slot);
      }
      acknowledgements.forget(session);
    },

    drained(session) {
      const wasClear = acknowledgements.isClear(session);
      acknowledgements.drained(session);
      if (session.connection.getBufferedAmount() > 0 || !acknowledgements.isClear(session)) return;
      // It has stalled without taking anything, or it was enough that the last byte is written.
      if (!wasClear || session.state === 'stalled') cleared(session);
    },

    pong: acknowledgements.pong,
    acknowledged: acknowledgements.acknowledged,

    retire(session, reason) {
      // It may have closed by itself.
      if (slots[session.slot] === session) retirement.retire(session, reason);
    },
    retirement,

    confirm(session, pushId) {
      // What was not sent in this session may have been in an earlier one; but nobody has confirmed so much of that.
      if (!session.unconfirmed?.has(pushId) && ++session.strayConfirmations > MAX_STRAY_CONFIRMATIONS) return;
      redelivery.ended(session, pushId);
      // Whose it is the core can say only when it has looked the device up.
      if (session.device === 0) {
        session.early ??= [];
        session.early.push(pushId);
      } else outbox().confirmed(session, pushId);
    },

    *sessions() {
      for (const session of slots) if (session !== undefined) yield session;
    },

    stop() {
      redelivery.stop();
      acknowledgements.stop();
    },
    counts: () => ({
      frames: writer.counts(),
      redelivered,
      unconfirmedBytes: redelivery.keptBytes(),
      unacknowledgedBytes: acknowledgements.bytes(),
      dead,
    }),

    attached() {
      for (const session of slots) {
        if (session === undefined) continue;
        // What a device has not acknowledged would be sent to it again: it is announced when it has.
        if (acknowledgements.isClear(session)) outbox().opened(session);
        else acknowledgements.hasten(session);
      }
      // They may have been recalled while no core could say so.
      outbox().unconfirmed(redelivery.unconfirmedPushes());
    },

    detached() {
      for (const session of slots) if (session !== undefined) session.state = 'announced';
      // Nothing is on its way any more.
      for (const slot of unreleased) free.push(slot);
      unreleased.clear();
      rounds.detached();
    },

    *items(items, number) {
      const round = rounds.begin(number);
      const deliveries: Delivery[] = [];
      const publications: Publication[] = [];
      for (const [index, { item }] of items.entries()) {
        const next = items[index + 1]?.item;
        if (item.case === 'delivery') {
          deliveries.push(item.value);
          if (next?.case === 'delivery' && areEqual(item.value.slots, next.value.slots)) continue;
          yield* fanOut.deliver(deliveries.splice(0), round);
        } else if (item.case === 'publication') {
          publications.push(item.value);
          if (next?.case === 'publication' && isTogetherWith(item.value, next.value)) continue;
          yield* fanOut.publish(publications.splice(0), round);
        } else if (item.case === 'order') applyOrder(item.value);
        else if (item.case === 'recall') recall(item.value);
      }
      rounds.end(round);
    },
  };
}
