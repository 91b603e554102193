import type { Recall } from '../link/wire.js';
import type { Redelivery } from './redelivery.js';
import type { SocketSession } from './session.js';

/** Begins the control frame for a message that was read on another device of the user; its id follows. */
const CLEAR = 'CLR:';

/** Returns what sends a push not again, and tells the sessions that ask for it where the push is cleared. */
export function createRecall(options: {
  redelivery: Pick<Redelivery, 'recalled' | 'ended'>;
  /** Undefined: the slot has no session. */
  sessionOf: (slot: number) => SocketSession | undefined;
}): (recall: Recall) => void {
  const { redelivery, sessionOf } = options;
  return ({ pushId, slots, cleared }) => {
    if (slots.length === 0) redelivery.recalled(pushId);
    for (const slot of slots) {
      const session = sessionOf(slot);
      if (session === undefined) continue;
      redelivery.ended(session, pushId);
      if (!cleared) continue;
      const { connection, takesControl } = session;
      if (connection.clear !== undefined) connection.clear(pushId);
      else if (takesControl) connection.send(Buffer.from(`${CLEAR}${pushId}`), false);
    }
  };
}
