import { OnePushError } from '../../common/errors.js';
import { advance, merge, type Position, START } from '../../common/position.js';
import { coreOf } from '../../common/push-id.js';
import type { JobStep } from '../domain/job.js';
import type { Priority, PushContent, PushHeader } from '../domain/push.js';
import { type Confirmation, type DeliveryBatch, type IdempotencyKey, StoreUnavailable } from '../store/store.js';
import type { Resolution } from './audience.js';
import { createFairQueue, type FairQueue } from './fair-queue.js';

/** Who waits for a push's answer. */
export interface Caller {
  /** Nobody does any more. Looked at once for each push, so it must be cheap. */
  readonly cancelled: boolean;
}

/** A push on its way to the store. */
export interface PushRequest {
  header: PushHeader;
  content: PushContent;
  /** Milliseconds from its commit to its expiry. */
  lifetime: number;
  resolution: Resolution;
  idempotency?: IdempotencyKey | undefined;
  caller?: Caller | undefined;
  /** What it is the next part of: it is refused if it is not. */
  job?: JobStep | undefined;
}

/** The same, with its caller waiting. */
export interface PushOrder extends PushRequest {
  /** With the push's id; undefined: its audience must be resolved again. */
  resolve(pushId: number | undefined): void;
  reject(error: unknown): void;
  /** When it came, in milliseconds of a clock that does not step. */
  since: number;
}

/** What deliveries have come to, and how far devices have read. */
export type Settlements = Pick<DeliveryBatch, 'delivered' | 'confirmed' | 'cursors' | 'published'>;

/** None. */
export const NOTHING: Settlements = { delivered: [], confirmed: [], cursors: [], published: [] };

export interface QueuedBatch {
  orders: readonly PushOrder[];
  settlements: Settlements;
  /** Settlements up to this count are in this batch or committed before. */
  ticket: number;
}

/** What waits for the next commit. Bounded: pushes are refused beyond a number; settlements are as many as there are deliveries. */
export interface DeliveryQueue {
  /** Rejects at once with OVERLOADED if too many are waiting, and with StoreUnavailable if it has waited too long. */
  push(request: PushRequest): Promise<number | undefined>;
  delivered(deliveryIds: readonly number[]): void;
  confirmed(confirmation: Confirmation): void;
  read(deviceNum: number, position: Position): void;
  published(pushId: number, sessions: number): void;
  /** As much as one transaction should hold, without settlements that may still wait; undefined if there is nothing for it. */
  take(): QueuedBatch | undefined;
  /** All settlements; undefined if there are none. */
  takeSettlements(): QueuedBatch | undefined;
  /** Rejects all orders that wait. */
  refuse(error: unknown): void;
  /** Orders that have been taken wait again, before all others. */
  wait(orders: readonly PushOrder[]): void;
  /** The settlements of a batch that could not be committed wait again. */
  putBack(batch: QueuedBatch): void;
  committed(batch: QueuedBatch): void;
  /** Resolves when all settlements so far are committed; undefined: they are. */
  settled(): Promise<void> | undefined;
  /** The same, and they do not wait any more. */
  settle(): Promise<void> | undefined;
  /** How many pushes and settlements wait. */
  depths(): { pushes: number; settlements: number };
}

/** How many pushes may wait in all, and of one app: others must find room beside it. */
const MAX_WAITING = 20_000;
const MAX_WAITING_OF_APP = 15_000;
/** How long a push waits for its commit, in milliseconds: edges give up after 5 s, and what is committed later is sent twice. */
const MAX_WAIT = 4000;
/** Milliseconds between two looks at the oldest while no batch is taken. */
const OVERDUE_LOOK = 100;
/**
 * How long settlements wait for others, in milliseconds: nobody waits for them, and a commit of their own for each would keep the
 * next push waiting.
 */
const SETTLE_WITHIN = 20;
/** So many settlements do not wait. */
const MANY_SETTLEMENTS = 1000;
/** Bounds of one transaction. */
const MAX_PUSHES = 1000;
const MAX_TARGETS = 20_000;
const MAX_CHARACTERS = 4_000_000;

/**
 * @param ready called when there is something to take
 * @param settleWithin how long settlements may wait, in milliseconds
 */
export function createDeliveryQueue(ready: () => void, settleWithin = SETTLE_WITHIN): DeliveryQueue {
  const lanes: Record<Priority, FairQueue<PushOrder>> = {
    HIGH: createFairQueue(),
    NORMAL: createFairQueue(),
    LOW: createFairQueue(),
  };
  const inOrder = [lanes.HIGH, lanes.NORMAL, lanes.LOW];
  let delivered: number[] = [];
  let confirmed: Confirmation[] = [];
  let cursors = new Map<number, Position>();
  let published = new Map<number, number>();
  let queuedTicket = 0;
  let committedTicket = 0;
  let waiters: { ticket: number; resolve: () => void }[] = [];
  let lookedAt = 0;
  /** Settlements go with the next batch. */
  let due = false;
  let timer: NodeJS.Timeout | undefined;

  const waiting = (): number => lanes.HIGH.size() + lanes.NORMAL.size() + lanes.LOW.size();

  const laneOf = ({ header }: PushRequest): FairQueue<PushOrder> => lanes[header.priority ?? 'NORMAL'];

  const waitingOf = (app: number): number => inOrder.reduce((sum, lane) => sum + lane.sizeOf(app), 0);

  const settlements = (): number => delivered.length + confirmed.length + cursors.size + published.size;

  function dueNow(): void {
    clearTimeout(timer);
    timer = undefined;
    due = true;
    ready();
  }

  function queued(count: number): void {
    queuedTicket += count;
    if (due) ready();
    else if (settleWithin === 0 || settlements() >= MANY_SETTLEMENTS) dueNow();
    else timer ??= setTimeout(dueNow, settleWithin);
  }

  function takeEnded(): Settlements {
    const taken: Settlements = {
      delivered,
      confirmed,
      cursors: [...cursors].flatMap(([deviceNum, position]) =>
        position.map((pushId) => ({ deviceNum, core: coreOf(pushId), pushId })),
      ),
      published: [...published].map(([pushId, sessions]) => ({ pushId, sessions })),
    };
    delivered = [];
    confirmed = [];
    cursors = new Map();
    published = new Map();
    due = false;
    return taken;
  }

  function settled(): Promise<void> | undefined {
    if (committedTicket >= queuedTicket) return undefined;
    return new Promise((resolve) => {
      waiters.push({ ticket: queuedTicket, resolve });
    });
  }

  function refuseOverdue(now: number): void {
    lookedAt = now;
    for (const lane of inOrder) {
      for (const order of lane.drop(({ since }) => now - since > MAX_WAIT))
        order.reject(new StoreUnavailable('OVERDUE'));
    }
  }

  function takeOrders(): PushOrder[] {
    let count = 0;
    let targets = 0;
    let characters = 0;
    const wanted = ({ resolution, content }: PushOrder): boolean => {
      if (count >= MAX_PUSHES || targets >= MAX_TARGETS || characters >= MAX_CHARACTERS) return false;
      count++;
      targets += resolution.target.kind === 'directed' ? resolution.target.deviceNums.length : 1;
      characters += content.alert.length + (content.extra?.length ?? 0) + 200;
      return true;
    };
    return inOrder.flatMap((lane) => lane.take(wanted));
  }

  return {
    push(request) {
      const since = performance.now();
      if (since - lookedAt > OVERDUE_LOOK) refuseOverdue(since);
      const { appNum } = request.header;
      const lane = laneOf(request);
      if (waiting() >= MAX_WAITING || waitingOf(appNum) >= MAX_WAITING_OF_APP) {
        return Promise.reject(new OnePushError('OVERLOADED'));
      }
      return new Promise((resolve, reject) => {
        lane.add(appNum, {
          header: request.header,
          content: request.content,
          lifetime: request.lifetime,
          resolution: request.resolution,
          idempotency: request.idempotency,
          caller: request.caller,
          job: request.job,
          resolve,
          reject,
          since,
        });
        ready();
      });
    },
    delivered(deliveryIds) {
      for (const id of deliveryIds) delivered.push(id);
      queued(deliveryIds.length);
    },
    confirmed(confirmation) {
      confirmed.push(confirmation);
      queued(1);
    },
    read(deviceNum, position) {
      cursors.set(deviceNum, merge(cursors.get(deviceNum) ?? START, position));
      queued(1);
    },
    published(pushId, sessions) {
      published.set(pushId, (published.get(pushId) ?? 0) + sessions);
      queued(1);
    },
    take() {
      refuseOverdue(performance.now());
      const orders = takeOrders();
      // What was handed to its device is not replaced any more.
      const collapses = orders.some(({ header }) => header.collapseKey !== undefined);
      const ended = due || collapses ? takeEnded() : NOTHING;
      if (orders.length === 0 && isEmpty(ended)) return undefined;
      return { orders, settlements: ended, ticket: ended === NOTHING ? committedTicket : queuedTicket };
    },
    takeSettlements() {
      if (settlements() === 0) return undefined;
      return { orders: [], settlements: takeEnded(), ticket: queuedTicket };
    },
    refuse(error) {
      for (const lane of inOrder) for (const order of lane.drop(() => true)) order.reject(error);
    },
    wait(again) {
      for (const lane of inOrder) {
        lane.putBack(
          again.filter((order) => laneOf(order) === lane).map((item) => ({ app: item.header.appNum, item })),
        );
      }
    },
    putBack({ settlements: ended }) {
      delivered = [...ended.delivered, ...delivered];
      confirmed = [...ended.confirmed, ...confirmed];
      for (const { deviceNum, pushId } of ended.cursors) {
        cursors.set(deviceNum, advance(cursors.get(deviceNum) ?? START, pushId));
      }
      for (const { pushId, sessions } of ended.published) {
        published.set(pushId, (published.get(pushId) ?? 0) + sessions);
      }
      due = true;
    },
    committed({ ticket }) {
      committedTicket = ticket;
      const done = waiters.filter((waiter) => waiter.ticket <= ticket);
      if (done.length === 0) return;
      waiters = waiters.filter((waiter) => waiter.ticket > ticket);
      for (const waiter of done) waiter.resolve();
    },
    settled,
    settle() {
      const waits = settled();
      if (waits !== undefined) dueNow();
      return waits;
    },
    depths: () => ({ pushes: waiting(), settlements: settlements() }),
  };
}

export function isEmpty(settlements: Settlements): boolean {
  return sizeOf(settlements) === 0;
}

/** How many settlements there are, of all kinds. */
export function sizeOf({ delivered, confirmed, cursors, published }: Settlements): number {
  return delivered.length + confirmed.length + cursors.length + published.length;
}
