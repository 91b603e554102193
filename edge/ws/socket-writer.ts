import type { SessionReports } from '../link/session-reports.js';
import type { Handed, SocketSession } from './session.js';

/** A message for one device. */
export interface Message extends Handed {
  /** The WebSocket frame's text in UTF-8. */
  readonly frame: Uint8Array;
  /** Milliseconds since the epoch until when it is sent again, unless the device confirms it; 0: it is not. */
  readonly confirmUntil: number;
}

/** Numbers of messages that sockets took, buffer, or did not take: those are sent again. */
export type FrameCounts = Record<'taken' | 'buffered' | 'refused', number>;

/**
 * Writes messages to sockets, and tells the core of what the kernel has taken every byte. A socket that buffers
 * something is stalled: it gets nothing more until it has drained and the core resumes it.
 */
export interface SocketWriter {
  /**
   * In order, and several as one write. Answers how many were sent: the socket has stalled before the others. Hot:
   * called for each session of a push. Watched by the benchmarks of broadcasts and of sends.
   */
  write(session: SocketSession, messages: readonly Message[]): number;
  /** Nothing is buffered any more. */
  drained(session: SocketSession): void;
  /** Returns counts since the start. */
  counts(): FrameCounts;
}

/**
 * Answers of uWebSockets to a send: the bytes are written, or wait where that is known later; they are buffered; they
 * are dropped.
 */
const TAKEN = 1;
const BUFFERED = 0;

/** Returns a writer that has sent nothing. */
export function createSocketWriter(
  outbox: () => Pick<SessionReports, 'delivered' | 'deliveredLate' | 'stalled'>,
): SocketWriter {
  const frames: FrameCounts = { taken: 0, buffered: 0, refused: 0 };

  function stall(session: SocketSession, buffered: readonly Message[]): void {
    // Without the frames: each is a part of a whole message of the link.
    if (buffered.length > 0) session.buffered = buffered.map(({ pushId, deliveryId }) => ({ pushId, deliveryId }));
    frames.buffered += buffered.length;
    session.state = 'stalled';
    outbox().stalled(session);
  }

  function handedOver(session: SocketSession, { pushId, deliveryId }: Handed): void {
    if (pushId > session.through) session.through = pushId;
    if (deliveryId === undefined) return;
    // What a session still buffers when its link ends was handed over by an earlier core, or attachment.
    if (session.state === 'announced') outbox().deliveredLate(session, deliveryId);
    else outbox().delivered(session, deliveryId);
  }

  /** Writes as one what the socket accepts without dropping anything: how many that was. */
  function writeCorked(session: SocketSession, messages: readonly Message[]): number {
    let accepted = 0;
    session.ws.cork(() => {
      for (const { frame } of messages) {
        const result = session.ws.send(frame, false);
        if (result !== TAKEN && result !== BUFFERED) return;
        accepted++;
        if (result === BUFFERED) return;
      }
    });
    return accepted;
  }

  function writeOne(session: SocketSession, message: Message): number {
    const result = session.ws.send(message.frame, false);
    if (result === TAKEN) {
      frames.taken++;
      handedOver(session, message);
      return 1;
    }
    if (result === BUFFERED) {
      stall(session, [message]);
      return 1;
    }
    // It is read again with what follows.
    frames.refused++;
    stall(session, []);
    return 0;
  }

  function writeAll(session: SocketSession, messages: readonly Message[]): number {
    let sent = 0;
    while (sent < messages.length) {
      const accepted = messages.slice(sent, sent + writeCorked(session, messages.slice(sent)));
      // Only now is it known what of it the kernel has taken.
      const buffered = waiting(accepted, session.ws.getBufferedAmount());
      for (const message of accepted.slice(0, accepted.length - buffered.length)) {
        frames.taken++;
        handedOver(session, message);
      }
      sent += accepted.length;
      if (buffered.length > 0 || accepted.length === 0) {
        if (accepted.length === 0) frames.refused++;
        stall(session, buffered);
        break;
      }
    }
    return sent;
  }

  return {
    write(session, messages) {
      const [first] = messages;
      return messages.length === 1 && first !== undefined ? writeOne(session, first) : writeAll(session, messages);
    },
    drained(session) {
      const { buffered = [] } = session;
      session.buffered = undefined;
      for (const message of buffered) handedOver(session, message);
    },
    counts: () => frames,
  };
}

/** The last of the messages, which are not wholly taken while so many bytes are buffered. */
function waiting(messages: readonly Message[], bytes: number): readonly Message[] {
  let first = messages.length;
  for (let left = bytes; left > 0 && first > 0; first--) left -= bytesOnWire(messages[first - 1]?.frame.length ?? 0);
  return messages.slice(first);
}

/** Of a frame that a server sends: its head has 2, 4 or 10 bytes. */
function bytesOnWire(length: number): number {
  return length + (length < 126 ? 2 : length < 65_536 ? 4 : 10);
}
