import type { SessionReports } from '../link/session-reports.js';
import { SessionEnd } from '../link/wire.js';
import type { Acknowledgements } from './acknowledgements.js';
import { CLOSE } from './close-codes.js';
import { takesMessages } from './fan-out.js';
import type { SocketSession } from './session.js';

/** Sessions that are closed because the server goes away, each as soon as its device has what it was handed. */
export interface Retirement {
  /** Closes the session now if it is clear; otherwise it is handed nothing more, and closed when it is. */
  retire(session: SocketSession, reason: string): void;
  /** Returns true if the session is to be closed, and is handed nothing more. */
  has(session: SocketSession): boolean;
  /** A session is clear. Returns true if it was to be closed: now it is. */
  cleared(session: SocketSession): boolean;
  /** The socket has closed. */
  forget(session: SocketSession): void;
  /** Number of sessions that are to be closed and are not clear. */
  count(): number;
  /** Closes those at once. */
  closeAll(): void;
}

/** Returns a retirement of no sessions. */
export function createRetirement(
  outbox: () => Pick<SessionReports, 'stalled'>,
  acknowledgements: Pick<Acknowledgements, 'isClear' | 'hasten'>,
): Retirement {
  /** The reason that the client is told, by session. */
  const retiring = new Map<SocketSession, string>();

  function cleared(session: SocketSession): boolean {
    const reason = retiring.get(session);
    if (reason !== undefined) session.connection.end(CLOSE.restarting, reason);
    return reason !== undefined;
  }

  return {
    retire(session, reason) {
      session.end = SessionEnd.PLANNED;
      retiring.set(session, reason);
      if (acknowledgements.isClear(session)) {
        cleared(session);
        return;
      }
      if (takesMessages(session)) {
        session.state = 'stalled';
        outbox().stalled(session);
      }
      acknowledgements.hasten(session);
    },
    has: (session) => retiring.has(session),
    cleared,
    forget: (session) => void retiring.delete(session),
    count: () => retiring.size,
    closeAll() {
      for (const session of retiring.keys()) cleared(session);
    },
  };
}
