import type { Confirmation, DeliveryBatch, LateDelivery } from '../../store/store.js';

/** States that deliveries have come to, and pushes up to which devices have read. */
export type Settlements = Pick<DeliveryBatch, 'delivered' | 'lateDelivered' | 'confirmed' | 'cursors' | 'published'>;

/** No settlements at all. */
export const NO_SETTLEMENTS: Settlements = {
  delivered: [],
  lateDelivered: [],
  confirmed: [],
  cursors: [],
  published: [],
};

/** Settlements that one transaction holds. */
export interface SettlementBatch {
  /** The settlements themselves. */
  settlements: Settlements;
  /** Settlements up to this count are in this batch, or in those before it. */
  ticket: number;
}

/**
 * Settlements that wait for their commit: nobody waits for them, so that they wait a little for others. As many as
 * there are deliveries; in the order in which they came, in batches of bounded size.
 */
export interface SettlementBuffer {
  /** Deliveries have ended as delivered. Twice is fine. */
  delivered(deliveryIds: readonly number[]): void;
  /** Ends it only if it is the device's. */
  lateDelivered(delivery: LateDelivery): void;
  /** A device has confirmed a push; checked when it is committed. */
  confirmed(confirmation: Confirmation): void;
  /** A device has read its topics up to this push. */
  advanceCursor(deviceNum: number, pushId: number): void;
  /** A topic push has gone to so many live sessions of an edge. */
  published(pushId: number, sessions: number): void;
  /** Takes the first batch of those that are due; undefined: none is. */
  take(): SettlementBatch | undefined;
  /** A batch that was taken could not be committed: it is the first again, and due. */
  putBack(batch: SettlementBatch): void;
  /** A batch that was taken is committed, and all before it. */
  committed(batch: SettlementBatch): void;
  /** Resolves when all that came so far is committed; undefined: it is already. */
  whenSettled(): Promise<void> | undefined;
  /** Nothing that came so far waits any longer. */
  flush(): void;
  /** Number of settlements that wait. */
  size(): number;
}

/**
 * Time that settlements wait for others, in milliseconds: a commit of their own for each would keep the next push
 * waiting.
 */
const SETTLE_WITHIN = 20;
/** So many settlements do not wait. */
const MANY_SETTLEMENTS = 1000;
/** Bounds of one transaction. A confirmation costs as much as some others. */
const MAX_PER_BATCH = 4000;
const MAX_CONFIRMATIONS_PER_BATCH = 1000;

interface Gathering {
  delivered: number[];
  lateDelivered: LateDelivery[];
  confirmed: Confirmation[];
  cursors: Map<number, number>;
  published: Map<number, number>;
  ticket: number;
}

/**
 * @param ready called when there is something to take
 * @param settleWithin how long settlements may wait, in milliseconds
 */
export function createSettlementBuffer(ready: () => void, settleWithin = SETTLE_WITHIN): SettlementBuffer {
  /** Batches that were put back or are full, oldest first. */
  let closed: SettlementBatch[] = [];
  let open: Gathering | undefined;
  let queuedTicket = 0;
  let committedTicket = 0;
  let waiters: { ticket: number; resolve: () => void }[] = [];
  /** True: the open batch goes with the next commit. */
  let due = false;
  let timer: NodeJS.Timeout | undefined;

  const size = (): number => {
    const waiting = closed.reduce((sum, { settlements }) => sum + sizeOf(settlements), 0);
    return open === undefined ? waiting : waiting + countOf(open);
  };

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    due = true;
    ready();
  }

  function gathering(): Gathering {
    if (
      open !== undefined &&
      (countOf(open) >= MAX_PER_BATCH || open.confirmed.length >= MAX_CONFIRMATIONS_PER_BATCH)
    ) {
      close();
    }
    open ??= {
      delivered: [],
      lateDelivered: [],
      confirmed: [],
      cursors: new Map(),
      published: new Map(),
      ticket: queuedTicket,
    };
    return open;
  }

  function close(): void {
    if (open === undefined) return;
    const { delivered, lateDelivered, confirmed, ticket } = open;
    const cursors = [...open.cursors].map(([deviceNum, pushId]) => ({ deviceNum, pushId }));
    const published = [...open.published].map(([pushId, sessions]) => ({ pushId, sessions }));
    closed.push({ settlements: { delivered, lateDelivered, confirmed, cursors, published }, ticket });
    open = undefined;
  }

  function queued(into: Gathering, count: number): void {
    queuedTicket += count;
    into.ticket = queuedTicket;
    if (due) ready();
    else if (settleWithin === 0 || countOf(into) >= MANY_SETTLEMENTS) flush();
    else timer ??= setTimeout(flush, settleWithin);
  }

  return {
    delivered(deliveryIds) {
      for (let start = 0; start < deliveryIds.length; ) {
        const into = gathering();
        const part = deliveryIds.slice(start, start + MAX_PER_BATCH - countOf(into));
        start += part.length;
        for (const id of part) into.delivered.push(id);
        queued(into, part.length);
      }
    },
    lateDelivered(delivery) {
      const into = gathering();
      into.lateDelivered.push(delivery);
      queued(into, 1);
    },
    confirmed(confirmation) {
      const into = gathering();
      into.confirmed.push(confirmation);
      queued(into, 1);
    },
    advanceCursor(deviceNum, pushId) {
      const into = gathering();
      into.cursors.set(deviceNum, Math.max(into.cursors.get(deviceNum) ?? 0, pushId));
      queued(into, 1);
    },
    published(pushId, sessions) {
      const into = gathering();
      into.published.set(pushId, (into.published.get(pushId) ?? 0) + sessions);
      queued(into, 1);
    },
    take() {
      if (closed.length === 0 && due) {
        close();
        due = false;
      }
      const [first, ...others] = closed;
      closed = others;
      return first;
    },
    putBack(batch) {
      closed = [batch, ...closed];
    },
    committed({ ticket }) {
      committedTicket = ticket;
      const done = waiters.filter((waiter) => waiter.ticket <= ticket);
      if (done.length === 0) return;
      waiters = waiters.filter((waiter) => waiter.ticket > ticket);
      for (const waiter of done) waiter.resolve();
    },
    whenSettled() {
      if (committedTicket >= queuedTicket) return undefined;
      return new Promise((resolve) => {
        waiters.push({ ticket: queuedTicket, resolve });
      });
    },
    flush() {
      if (committedTicket < queuedTicket) flush();
    },
    size,
  };
}

function countOf({ delivered, lateDelivered, confirmed, cursors, published }: Gathering): number {
  return delivered.length + lateDelivered.length + confirmed.length + cursors.size + published.size;
}

/** Returns how many settlements there are, of all kinds. */
export function sizeOf({ delivered, lateDelivered, confirmed, cursors, published }: Settlements): number {
  return delivered.length + lateDelivered.length + confirmed.length + cursors.length + published.length;
}

/** Returns the two halves of more than one settlement: those of different kinds first. */
export function halves(all: Settlements): readonly [Settlements, Settlements] {
  const none = NO_SETTLEMENTS;
  const { delivered, lateDelivered, confirmed, cursors, published } = all;
  if (delivered.length > 0 && delivered.length < sizeOf(all))
    return [
      { ...none, delivered },
      { ...all, delivered: [] },
    ];
  if (lateDelivered.length > 0 && lateDelivered.length < sizeOf(all))
    return [
      { ...none, lateDelivered },
      { ...all, lateDelivered: [] },
    ];
  if (confirmed.length > 0 && confirmed.length < sizeOf(all))
    return [
      { ...none, confirmed },
      { ...all, confirmed: [] },
    ];
  if (cursors.length > 0 && published.length > 0)
    return [
      { ...none, cursors },
      { ...none, published },
    ];
  const middle = Math.ceil(sizeOf(all) / 2);
  const cut = (from: number, to?: number): Settlements => ({
    delivered: delivered.slice(from, to),
    lateDelivered: lateDelivered.slice(from, to),
    confirmed: confirmed.slice(from, to),
    cursors: cursors.slice(from, to),
    published: published.slice(from, to),
  });
  return [cut(0, middle), cut(middle)];
}

/** Returns the settlements of both. */
export function joined(one: Settlements, other: Settlements): Settlements {
  return {
    delivered: [...one.delivered, ...other.delivered],
    lateDelivered: [...one.lateDelivered, ...other.lateDelivered],
    confirmed: [...one.confirmed, ...other.confirmed],
    cursors: [...one.cursors, ...other.cursors],
    published: [...one.published, ...other.published],
  };
}
