import {
  SessionEvent_End as End,
  SessionEvent_Kind as Kind,
  type SessionEvent,
} from '../../gen/onepush/link/v1/edge_link_pb.js';
import type { SessionEnd } from '../delivery/sessions/session.js';
import type { Sessions } from '../delivery/sessions/sessions.js';
import type { WriteCycle } from '../delivery/writer/write-cycle.js';
import type { EdgeOutbox } from './outbox.js';
import type { Tickets } from './tickets.js';

/** Does what an event of an edge's session says. */
export type HandleEvent = (outbox: EdgeOutbox, event: SessionEvent) => void;

/**
 * An event of a slot is about the session that the core knows there. What else it names a device in needs that
 * registration's ticket: it may come from a socket that closed while no core listened, and nothing but the ticket shows
 * that the edge ever had it. Without that it changes nothing; it is no reason to end the link, since a database that
 * was replaced knows no ticket of the one before.
 */
export function createEventHandler(options: {
  sessions: Sessions;
  cycle: Pick<WriteCycle, 'confirmed' | 'advanceCursor' | 'lateDelivered'>;
  tickets: Tickets;
  /** Told of each event that changes nothing, for want of its ticket. */
  ignored: () => void;
}): HandleEvent {
  const { sessions, cycle, tickets, ignored } = options;

  /** Returns true if the edge shows that it has had a session of the device that it claims. */
  function hasTicket({ device, generation, ticket }: SessionEvent): boolean {
    if (device === 0) return false;
    const valid = tickets.isFor({ num: device, generation }, ticket);
    if (!valid) ignored();
    return valid;
  }

  return (outbox, event) => {
    const { kind, slot, deviceId, through, device, generation, page, pushId, deliveryId, resumedFrom } = event;
    switch (kind) {
      case Kind.OPENED:
        sessions.opened(outbox, {
          slot,
          deviceId,
          through,
          accepted: device > 0 ? { num: device, generation } : undefined,
          resumedFrom,
        });
        return;
      case Kind.CLOSED:
        // A socket that was not announced again, or not looked up, before it closed: nobody else knows how far it got.
        if (!sessions.closed(outbox, slot, through, toSessionEnd(event.end)) && through > 0 && hasTicket(event))
          cycle.advanceCursor(device, through);
        return;
      case Kind.LEFT:
        // Of an earlier registration too: what is said of pushes before the present one changes nothing for it.
        if (hasTicket(event)) cycle.advanceCursor(device, through);
        return;
      case Kind.DELIVERED:
        if (hasTicket(event)) cycle.lateDelivered({ deviceNum: device, deliveryId });
        return;
      case Kind.STALLED:
        sessions.stalled(outbox, slot);
        return;
      case Kind.DRAINED:
        sessions.drained(outbox, slot, page, through);
        return;
      case Kind.CONFIRMED:
        if (device === 0) return;
        if (sessions.deviceAt(outbox, slot) === device || hasTicket(event)) {
          cycle.confirmed({ deviceNum: device, pushId });
        }
        return;
      case Kind.UNSPECIFIED:
        return;
    }
  };
}

function toSessionEnd(end: End): SessionEnd {
  switch (end) {
    case End.DEAD:
      return 'dead';
    case End.PLANNED:
      return 'planned';
    default:
      return 'closed';
  }
}
