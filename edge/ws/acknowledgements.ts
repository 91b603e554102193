import { randomInt } from 'node:crypto';
import type { SessionReports } from '../link/session-reports.js';
import type { Rounds } from './rounds.js';
import type { Handed, SocketSession, Unacknowledged } from './session.js';
import { createWheel } from './wheel.js';

/**
 * Decides when a message that a socket was handed has been received: when the device has answered a ping that stands
 * behind it, since bytes that the kernel took may never arrive. Each ping has a number of its own, so nothing else that
 * comes as a pong acknowledges anything. At most one ping of a session is on its way. The next one goes when that is
 * answered and a second has passed since it, or half of the window is used, or the session waits for its answer. A
 * device whose connection is no WebSocket acknowledges by the number of messages instead; its connection is asked to
 * see to that only where the session waits.
 *
 * Hot: `hasRoom`, `handed` and `ping` are called for each message of each session. Watched by the benchmarks of
 * broadcasts and of sends. At one ping a second a message costs about 4% more than without; a ping for each would cost
 * 17 to 24%.
 */
export interface Acknowledgements {
  /** Returns true if the session may be handed another message: less than a window is unacknowledged. */
  hasRoom(session: SocketSession): boolean;
  /** A socket was handed a message of so many bytes, and has not dropped it. */
  handed(session: SocketSession, message: Handed, bytes: number): void;
  /** Returns true if a ping should go with what the session is handed next. */
  isPingDue(session: SocketSession): boolean;
  /** Sends a ping behind what the session was handed, if it is due. */
  ping(session: SocketSession): void;
  /** The messages that the session was handed are written, all but the last so many messages: those are buffered. */
  written(session: SocketSession, buffered: number): void;
  /** The socket buffers less than before. */
  drained(session: SocketSession): void;
  /** Returns true if the device has received all that its socket was handed. */
  isClear(session: SocketSession): boolean;
  /** The session waits until it is clear: sends a ping if none is on its way. */
  hasten(session: SocketSession): void;
  /** A pong has come. Returns false if it answers no ping. */
  pong(session: SocketSession, payload: ArrayBuffer): boolean;
  /**
   * The device says that it has received the oldest messages that it had not acknowledged, so many of them: of a
   * session that acknowledges by number.
   */
  acknowledged(session: SocketSession, count: number): void;
  /** The socket has closed: what it has not acknowledged was not received. */
  forget(session: SocketSession): void;
  /** Number of bytes that are not acknowledged. */
  bytes(): number;
  /** Pings nobody any more. */
  stop(): void;
}

/** The moment at which a message counts as delivered; see ONEPUSH_DELIVERED. */
export type Delivered = 'received' | 'written';

const TICK_MS = 100;
const TICKS_PER_SECOND = 1000 / TICK_MS;
/** Ticks that a ping that is due waits for something that it can go with. */
const GRACE = 2;
/** A session that has not acknowledged so many bytes is handed nothing more. Exceeded by at most one message. */
const WINDOW_BYTES = 64 * 1024;
/** A line that is slower than this is as good as none. */
const BYTES_PER_SECOND = 8 * 1024;
/** Of uWebSockets: the ping does not go out. */
const DROPPED = 2;
const PAYLOAD_BYTES = 8;

/** Returns acknowledgements, of which none is awaited. */
export function createAcknowledgements(options: {
  outbox: () => Pick<SessionReports, 'delivered' | 'deliveredLate'>;
  rounds: Pick<Rounds, 'received' | 'settled'>;
  delivered: Delivered;
  /** Seconds that a device may take to answer a ping that stands behind nothing large. */
  pongSeconds: number;
  /** The device has received all that its socket was handed. */
  cleared: (session: SocketSession) => void;
  /** The device has not answered a ping in time. */
  dead: (session: SocketSession) => void;
  tickMs?: number;
  /** Ticks from a ping until the next one. */
  spacing?: number;
}): Acknowledgements {
  const {
    outbox,
    rounds,
    delivered,
    pongSeconds,
    cleared,
    dead,
    tickMs = TICK_MS,
    spacing = TICKS_PER_SECOND,
  } = options;
  const lookAfter = spacing + GRACE;
  const usesPings = delivered === 'received';
  const wheel = createWheel<SocketSession>({ tickMs, look });
  const payload = new DataView(new ArrayBuffer(PAYLOAD_BYTES));
  /** Counts from anywhere: what proxies and clients say by themselves is no number of ours. */
  let lastPing = randomInt(2 ** 47);
  let totalBytes = 0;

  function start(session: SocketSession): Unacknowledged {
    const { now } = wheel;
    const started: Unacknowledged = {
      messages: [],
      bytes: 0,
      sizes: answersPings(session) ? undefined : [],
      pinged: { messages: 0, bytes: 0 },
      ping: 0,
      isPingSent: false,
      pingedAt: Number.NEGATIVE_INFINITY,
      deadline: 0,
    };
    session.unacknowledged = started;
    if (usesPings && started.sizes === undefined) wheel.add(session, now() + lookAfter);
    return started;
  }

  /** Returns true if it is known when the device has received something, and not only when that was written. */
  function isAwaited({ sizes }: Unacknowledged): boolean {
    return usesPings || sizes !== undefined;
  }

  /** Returns true if a ping is due behind what is there. */
  function isDue({ state }: SocketSession, { sizes, pinged, pingedAt, bytes }: Unacknowledged): boolean {
    if (!usesPings || sizes !== undefined || pinged.messages > 0) return false;
    const isWaiting = state === 'stalled' || state === 'announced';
    return isWaiting || bytes >= WINDOW_BYTES / 2 || wheel.now() - pingedAt >= spacing;
  }

  function send(session: SocketSession, behind: Unacknowledged): void {
    behind.pinged = { messages: behind.messages.length, bytes: behind.bytes };
    behind.ping = ++lastPing;
    behind.pingedAt = wheel.now();
    const seconds = pongSeconds + Math.ceil(behind.bytes / BYTES_PER_SECOND);
    behind.deadline = behind.pingedAt + seconds * TICKS_PER_SECOND + 1;
    write(session, behind);
  }

  /** Writes the ping; where the socket buffers too much for it, that is done when it has drained. */
  function write({ connection }: SocketSession, behind: Unacknowledged): void {
    payload.setFloat64(0, behind.ping);
    behind.isPingSent = connection.ping(payload.buffer) !== DROPPED;
  }

  /** The device has received the oldest messages. */
  function settle(session: SocketSession, from: Unacknowledged, count: number, bytes: number): void {
    const isAll = count === from.messages.length;
    const received = isAll ? from.messages : from.messages.slice(0, count);
    from.messages = isAll ? [] : from.messages.slice(count);
    from.bytes -= bytes;
    totalBytes -= bytes;
    from.pinged = { messages: 0, bytes: 0 };
    for (const { pushId, deliveryId, publication, round } of received) {
      if (pushId > session.through) session.through = pushId;
      if (deliveryId !== undefined) report(session, deliveryId);
      if (publication !== undefined) rounds.received(publication);
      if (round !== undefined) rounds.settled(round);
    }
  }

  function report(session: SocketSession, deliveryId: number): void {
    // What a session has not acknowledged when its link ends was handed over by an earlier core, or attachment.
    if (session.state === 'announced') outbox().deliveredLate(session, deliveryId);
    else outbox().delivered(session, deliveryId);
  }

  /** Looks at a session that has been pinged: after a second, and again for as long as there is something. */
  function look(session: SocketSession): void {
    const { unacknowledged: own } = session;
    if (own === undefined) return;
    const now = wheel.now();
    if (own.pinged.messages > 0 && now >= own.deadline) {
      dead(session);
      return;
    }
    if (own.messages.length > 0 && isDue(session, own)) send(session, own);
    if (own.messages.length === 0 && now - own.pingedAt >= spacing) session.unacknowledged = undefined;
    else
      wheel.add(session, own.pinged.messages > 0 ? Math.min(own.deadline, now + lookAfter) : own.pingedAt + lookAfter);
  }

  return {
    hasRoom: ({ unacknowledged: own }) => own === undefined || !isAwaited(own) || own.bytes < WINDOW_BYTES,
    handed(session, message, bytes) {
      const own = session.unacknowledged ?? start(session);
      own.messages.push(message);
      if (isAwaited(own)) {
        own.bytes += bytes;
        own.sizes?.push(bytes);
        totalBytes += bytes;
      }
      if (message.pushId > session.sent) session.sent = message.pushId;
      if (message.round !== undefined) message.round.left++;
    },
    isPingDue(session) {
      const { unacknowledged: own } = session;
      return own === undefined ? usesPings && answersPings(session) : isDue(session, own);
    },
    ping(session) {
      const { unacknowledged: own } = session;
      if (own !== undefined && own.messages.length > 0 && isDue(session, own)) send(session, own);
    },
    written(session, buffered) {
      const { unacknowledged: own } = session;
      if (own === undefined || isAwaited(own)) return;
      settle(session, own, own.messages.length - buffered, 0);
      if (own.messages.length === 0) session.unacknowledged = undefined;
    },
    drained(session) {
      const { unacknowledged: own, connection } = session;
      if (own === undefined) return;
      if (isAwaited(own)) {
        if (own.pinged.messages > 0 && !own.isPingSent) write(session, own);
      } else if (connection.getBufferedAmount() === 0) {
        settle(session, own, own.messages.length, own.bytes);
        session.unacknowledged = undefined;
      }
    },
    isClear: ({ unacknowledged: own }) => own === undefined || own.messages.length === 0,
    hasten(session) {
      const { unacknowledged: own } = session;
      if (own === undefined || own.messages.length === 0) return;
      if (own.sizes !== undefined) session.connection.ping(payload.buffer);
      else if (usesPings && own.pinged.messages === 0) send(session, own);
    },
    pong(session, answer) {
      const { unacknowledged: own } = session;
      if (own === undefined || own.pinged.messages === 0 || !own.isPingSent) return false;
      if (answer.byteLength !== PAYLOAD_BYTES || new DataView(answer).getFloat64(0) !== own.ping) return false;
      settle(session, own, own.pinged.messages, own.pinged.bytes);
      if (own.messages.length === 0) cleared(session);
      else if (isDue(session, own)) send(session, own);
      return true;
    },
    acknowledged(session, count) {
      const { unacknowledged: own } = session;
      if (own?.sizes === undefined || count <= 0) return;
      const bytes = own.sizes.splice(0, count).reduce((sum, size) => sum + size, 0);
      settle(session, own, Math.min(count, own.messages.length), bytes);
      if (own.messages.length > 0) return;
      session.unacknowledged = undefined;
      cleared(session);
    },
    forget(session) {
      const { unacknowledged: own } = session;
      session.unacknowledged = undefined;
      if (own === undefined) return;
      totalBytes -= own.bytes;
      for (const { round } of own.messages) if (round !== undefined) rounds.settled(round);
    },
    bytes: () => totalBytes,
    stop: () => wheel.stop(),
  };
}

/** Returns true if its connection is a WebSocket. */
function answersPings({ transport }: SocketSession): boolean {
  return transport === 'websocket';
}
