/**
 * Messages that one attachment of an edge was handed and has not reported: an edge can report nothing else. Holds 8
 * bytes for each message that is on its way to a device, and a count for each publication that devices have not
 * acknowledged.
 *
 * Hot: called for each delivery, watched by the benchmarks of sends.
 */
export interface HandedOver {
  /** A delivery is handed to a slot. */
  delivery(slot: number, deliveryId: number): void;
  /** Returns true if the slot was handed this delivery and has not reported it; from now on it has. */
  takeDelivery(slot: number, deliveryId: number): boolean;
  /** Nothing more is reported of what the slot was handed so far. */
  release(slot: number): void;
  /** A publication went with a message of the link, to an edge with so many sessions. */
  publication(pushId: number, batch: number, sessions: number): void;
  /** Returns true if so many sessions more may have received a publication. */
  takePublished(pushId: number, sessions: number): boolean;
  /** Of all messages up to this one the edge has reported what there was. */
  acknowledged(batch: number): void;
}

/** Returns the record of an attachment that was handed nothing. */
export function createHandedOver(): HandedOver {
  /** By slot, in the order in which they were handed over: sockets take them in that order. */
  const deliveries = new Map<number, number[]>();
  const publications = new Map<number, { batch: number; left: number }>();

  return {
    delivery(slot, deliveryId) {
      const waiting = deliveries.get(slot);
      if (waiting === undefined) deliveries.set(slot, [deliveryId]);
      else waiting.push(deliveryId);
    },
    takeDelivery(slot, deliveryId) {
      const waiting = deliveries.get(slot);
      if (waiting === undefined) return false;
      const at = waiting.indexOf(deliveryId);
      if (at < 0) return false;
      if (waiting.length === 1) deliveries.delete(slot);
      else if (at === 0) waiting.shift();
      else waiting.splice(at, 1);
      return true;
    },
    release: (slot) => void deliveries.delete(slot),
    publication(pushId, batch, sessions) {
      publications.set(pushId, { batch, left: sessions });
    },
    takePublished(pushId, sessions) {
      const publication = publications.get(pushId);
      if (publication === undefined || publication.left < sessions) return false;
      publication.left -= sessions;
      return true;
    },
    acknowledged(batch) {
      for (const [pushId, publication] of publications) {
        if (publication.batch > batch) return;
        publications.delete(pushId);
      }
    },
  };
}
