import type { WebSocket } from 'uWebSockets.js';
import type { CoreLink, LinkListener } from '../link/client.js';
import { type Delivery, OrderKind, type Publication, type Recall, type SessionOrder } from '../link/wire.js';
import { createSocketFanOut, takesMessages } from './fan-out.js';
import { createRedelivery } from './redelivery.js';
import { createSocketSession, type SocketData, type SocketSession } from './session.js';
import { createSocketWriter, type FrameCounts } from './socket-writer.js';
import { areEqual, createTopics } from './topics.js';

/**
 * All open sockets, by slot. Does what the core orders and reports what becomes of it. Keeps no truth: when the core
 * goes away the sockets stay, and are announced again to the next one.
 */
export interface Hub extends LinkListener {
  /** Undefined: there are as many as may be. */
  open(ws: WebSocket<SocketData>, deviceId: string): SocketSession | undefined;
  /** A socket has closed. */
  closed(session: SocketSession): void;
  /** A socket has taken what it buffered. */
  drained(session: SocketSession): void;
  /** A device has confirmed a push. */
  confirm(session: SocketSession, pushId: number): void;
  /** All sessions that are not closed. */
  sessions(): Iterable<SocketSession>;
  /** Returns true if the session that had the slot is still open. */
  isOpen(slot: number, ws: WebSocket<SocketData>): boolean;
  /** Sends nothing again any more. */
  stop(): void;
  /** Returns counts for the metrics. */
  counts(): HubCounts;
}

/** Counted since the start, but for what is kept now. */
export interface HubCounts {
  /** Frames by what became of them. */
  frames: FrameCounts;
  /** Messages that were sent again because they were not confirmed. */
  redelivered: number;
  /** Bytes of messages that are kept until they are confirmed. */
  unconfirmedBytes: number;
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
    /** Number of frames that are sent before something else has its turn. */
    framesPerTurn?: number;
  },
): Hub {
  const outbox = () => link().outbox;
  const slots: (SocketSession | undefined)[] = [];
  const free: number[] = [];
  /** Slots of closed sessions that the core may still be sending to. */
  const unreleased = new Set<number>();
  const topics = createTopics();
  const writer = createSocketWriter(outbox);
  const redelivery = createRedelivery({
    firstInterval: options.confirmInterval,
    resend(session, pushId, frame) {
      if (!takesMessages(session)) return;
      redelivered++;
      writer.write(session, [{ pushId, frame, deliveryId: undefined, confirmUntil: 0 }]);
    },
  });
  const fanOut = createSocketFanOut({
    outbox,
    writer,
    redelivery,
    topics,
    sessionOf: (slot) => slots[slot],
    framesPerTurn: options.framesPerTurn ?? FRAMES_PER_TURN,
  });
  let count = 0;
  let redelivered = 0;

  function applyOrder({ kind, slot, platform, topics: wanted, code, reason, page, ...rest }: SessionOrder): void {
    if (kind === OrderKind.RELEASED) {
      if (unreleased.delete(slot)) free.push(slot);
      return;
    }
    const session = slots[slot];
    if (session === undefined) return;
    switch (kind) {
      case OrderKind.RESUME:
        session.state = 'resumed';
        session.page = page;
        accept(session, rest);
        return;
      case OrderKind.SYNC:
        session.state = 'stalled';
        if (session.buffered === undefined) outbox().drained(session);
        return;
      case OrderKind.LIVE:
        session.platform = platform;
        topics.set(session, wanted);
        if (session.state === 'resumed') session.state = 'live';
        return;
      case OrderKind.CLOSE:
        session.ws.end(code, reason);
        return;
      case OrderKind.UNSPECIFIED:
        return;
    }
  }

  function recall({ pushId, slots: concerned }: Recall): void {
    if (concerned.length === 0) redelivery.recalled(pushId);
    for (const slot of concerned) {
      const session = slots[slot];
      if (session !== undefined) redelivery.ended(session, pushId);
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
    open(ws, deviceId) {
      if (count >= options.maxSessions) return undefined;
      const slot = free.pop() ?? slots.length;
      const session = createSocketSession(ws, slot, deviceId);
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
      count--;
      if (link().isAttached()) {
        unreleased.add(slot);
        outbox().closed(session);
      } else {
        outbox().left(session);
        free.push(slot);
      }
    },

    drained(session) {
      if (session.ws.getBufferedAmount() > 0) return;
      const { buffered } = session;
      writer.drained(session);
      if (!link().isAttached()) return;
      if (session.state === 'stalled') outbox().drained(session);
      else if (session.state === 'announced' && buffered !== undefined) outbox().opened(session);
    },

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

    isOpen: (slot, ws) => slots[slot]?.ws === ws,
    stop: () => redelivery.stop(),
    counts: () => ({
      frames: writer.counts(),
      redelivered,
      unconfirmedBytes: redelivery.keptBytes(),
    }),

    attached() {
      for (const session of slots) {
        // What a socket still buffers would be sent to it again: it is announced when it has drained.
        if (session !== undefined && session.buffered === undefined) outbox().opened(session);
      }
      // They may have been recalled while no core could say so.
      outbox().unconfirmed(redelivery.unconfirmedPushes());
    },

    detached() {
      for (const session of slots) if (session !== undefined) session.state = 'announced';
      // Nothing is on its way any more.
      for (const slot of unreleased) free.push(slot);
      unreleased.clear();
    },

    *items(items) {
      const deliveries: Delivery[] = [];
      const publications: Publication[] = [];
      for (const [index, { item }] of items.entries()) {
        const next = items[index + 1]?.item;
        if (item.case === 'delivery') {
          deliveries.push(item.value);
          if (next?.case === 'delivery' && areEqual(item.value.slots, next.value.slots)) continue;
          yield* fanOut.deliver(deliveries.splice(0));
        } else if (item.case === 'publication') {
          publications.push(item.value);
          if (next?.case === 'publication' && isTogetherWith(item.value, next.value)) continue;
          yield* fanOut.publish(publications.splice(0));
        } else if (item.case === 'order') applyOrder(item.value);
        else if (item.case === 'recall') recall(item.value);
      }
    },
  };
}

/** Returns true if they go to the same sessions. */
function isTogetherWith(publication: Publication, next: Publication): boolean {
  return publication.platform === next.platform && areEqual(publication.topics, next.topics);
}
