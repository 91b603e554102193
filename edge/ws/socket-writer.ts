import type { SessionReports } from '../link/session-reports.js';
import type { Acknowledgements } from './acknowledgements.js';
import type { Handed, SocketSession } from './session.js';

/** A message for one device. */
export interface Message {
  /** Its JSON text in UTF-8: the text of a WebSocket's frame. */
  readonly frame: Uint8Array;
  /** Milliseconds since the epoch until when it is sent again, unless the device confirms it; 0: it is not. */
  readonly confirmUntil: number;
  /** Remembered of it until the device has it. */
  readonly handed: Handed;
}

/** Numbers of messages that sockets took, buffer, or did not take: those are sent again. */
export type FrameCounts = Record<'taken' | 'buffered' | 'refused', number>;

/**
 * Writes messages to sockets. A session whose socket buffers something, or which has not acknowledged a window of
 * bytes, is stalled: it gets nothing more until it has acknowledged all and the core resumes it.
 */
export interface SocketWriter {
  /**
   * In order, and several as one write, with a ping behind them if one is due. Answers how many were sent: the session
   * has stalled before the others. Hot: called for each session of a push. Watched by the benchmarks of broadcasts and
   * of sends.
   */
  write(session: SocketSession, messages: readonly Message[]): number;
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
  outbox: () => Pick<SessionReports, 'stalled'>,
  acknowledgements: Acknowledgements,
): SocketWriter {
  const frames: FrameCounts = { taken: 0, buffered: 0, refused: 0 };

  function stall(session: SocketSession): void {
    session.state = 'stalled';
    outbox().stalled(session);
    acknowledgements.hasten(session);
  }

  /** Hands a message to the socket; returns what uWebSockets answers, or undefined if there is no room for it. */
  function hand(session: SocketSession, { frame, handed }: Message): number | undefined {
    if (!acknowledgements.hasRoom(session)) return undefined;
    const result = session.connection.send(frame, false);
    if (result === TAKEN || result === BUFFERED) acknowledgements.handed(session, handed, bytesOnWire(frame.length));
    return result;
  }

  /** Writes as one what the session has room for and the socket does not drop: how many that was. */
  function writeCorked(session: SocketSession, messages: readonly Message[]): number {
    let accepted = 0;
    session.connection.cork(() => {
      for (const message of messages) {
        const result = hand(session, message);
        if (result !== TAKEN && result !== BUFFERED) break;
        accepted++;
        if (result === BUFFERED) break;
      }
      acknowledgements.ping(session);
    });
    return accepted;
  }

  function writeOne(session: SocketSession, message: Message): number {
    const result = hand(session, message);
    const isSent = result === TAKEN || result === BUFFERED;
    if (isSent) acknowledgements.written(session, result === TAKEN ? 0 : 1);
    frames[result === TAKEN ? 'taken' : isSent ? 'buffered' : 'refused']++;
    // What is refused is read again with what follows.
    if (result !== TAKEN) stall(session);
    return isSent ? 1 : 0;
  }

  function writeAll(session: SocketSession, messages: readonly Message[]): number {
    let sent = 0;
    while (sent < messages.length) {
      const accepted = messages.slice(sent, sent + writeCorked(session, messages.slice(sent)));
      // Only now is it known what of it the kernel has taken.
      const buffered = countWaiting(accepted, session.connection.getBufferedAmount());
      acknowledgements.written(session, buffered);
      frames.taken += accepted.length - buffered;
      frames.buffered += buffered;
      sent += accepted.length;
      if (buffered > 0 || accepted.length === 0) {
        if (accepted.length === 0) frames.refused++;
        stall(session);
        break;
      }
    }
    return sent;
  }

  return {
    write(session, messages) {
      const [first] = messages;
      const isAlone = messages.length === 1 && first !== undefined && !acknowledgements.isPingDue(session);
      return isAlone ? writeOne(session, first) : writeAll(session, messages);
    },
    counts: () => frames,
  };
}

/** Returns how many of the last messages are not wholly taken while so many bytes are buffered. */
function countWaiting(messages: readonly Message[], bytes: number): number {
  let count = 0;
  for (let left = bytes; left > 0 && count < messages.length; count++) {
    left -= bytesOnWire(messages.at(-1 - count)?.frame.length ?? 0);
  }
  return count;
}

/** Of a frame that a server sends: its head has 2, 4 or 10 bytes. */
function bytesOnWire(length: number): number {
  return length + (length < 126 ? 2 : length < 65_536 ? 4 : 10);
}
