import { describeError, type Logger } from '../../common/log.js';
import type { Position } from '../../common/position.js';
import type { IdClock } from '../domain/id-clock.js';
import type { Push } from '../domain/push.js';
import {
  type Commits,
  type Confirmation,
  type LookUps,
  type NewDelivery,
  type NewPush,
  type Replaced,
  StoreUnavailable,
} from '../store/store.js';
import { type ChangeKind, createChangeQueue } from './change-queue.js';
import { type ChangeEffects, type Changes, createChanges } from './changes.js';
import {
  createDeliveryQueue,
  isEmpty,
  NOTHING,
  type PushOrder,
  type PushRequest,
  type QueuedBatch,
  type Settlements,
  sizeOf,
} from './delivery-queue.js';
import { createIdempotency } from './idempotency.js';

/** What the rest of the core does once something is committed: called in the order of the commits, before callers are answered. */
export interface Effects extends ChangeEffects {
  /** Deliveries have ended because of the pushes that are handed on next. */
  replaced(replaced: Replaced): void;
  pushed(pushes: readonly NewPush[]): void;
}

/**
 * The one writer. Each cycle takes what has gathered and commits it, changes first, then answers. What has ended waits a little for
 * more of it. Push ids are given out here, so they are committed in their order.
 *
 * Guarantees: a promise resolves only after its commit. What failed is not in the store, and its caller is told: try again
 * (STORE_UNAVAILABLE), too many wait (OVERLOADED). What was delivered, confirmed and read is kept until it is committed.
 */
export interface WriteCycle {
  /** Resolves with the push's id. Undefined: resolve its audience again; see `Resolution.current`. */
  push(request: PushRequest): Promise<number | undefined>;
  /** Carries out a change of one of `changes`. */
  change<I, O>(kind: ChangeKind<I, O>, input: I): Promise<O>;
  readonly changes: Changes;
  delivered(deliveryIds: readonly number[]): void;
  confirmed(confirmation: Confirmation): void;
  /** How far a device has read its topics. */
  read(deviceNum: number, position: Position): void;
  /** An edge has sent a topic push to so many live sessions. */
  published(pushId: number, sessions: number): void;
  /** Resolves when all that was delivered, confirmed and read so far is committed; undefined: it is already. */
  settled(): Promise<void> | undefined;
  /** The same, and has it committed at once. */
  settle(): Promise<void> | undefined;
  /** The last push that is committed and handed on to the sessions, or what stands before the first. */
  lastCommitted(): number;
  /** Resolves when nothing is left to commit, or the store cannot be reached. */
  idle(): Promise<void>;
  /** What waits now, and whether it is not known what became of the last commit. */
  depths(): { pushes: number; settlements: number; changes: number; inDoubt: boolean };
}

/** What one commit held, and how long it took. */
export interface CommitReport {
  pushes: number;
  settlements: number;
  seconds: number;
}

export interface WriteCycleOptions {
  store: Commits & Pick<LookUps, 'findIdempotent' | 'hasPush'>;
  pushIds: IdClock;
  deliveryIds: IdClock;
  effects: Effects;
  log: Logger;
  /** Called after each cycle that has committed something. */
  committed?: () => void;
  /** Told of each commit of pushes and settlements that the store carried out. */
  observe?: (report: CommitReport) => void;
  /** See `createDeliveryQueue`. */
  settleWithin?: number;
  now?: () => number;
}

/** How long to wait before committing again what could not be, in milliseconds. */
const RETRY_DELAY = 200;

export function createWriteCycle(options: WriteCycleOptions): WriteCycle {
  const { store, pushIds, deliveryIds, effects, log, committed: tell, observe, now = Date.now } = options;
  const deliveries = createDeliveryQueue(wake, options.settleWithin);
  const changeQueue = createChangeQueue();
  const changes = createChanges({ commits: store, effects, pushIds, now });
  const idempotency = createIdempotency(store, now);
  let lastCommitted = pushIds.last();
  /** Pushes whose commit was cut off before its answer: their callers were told to try again, but they may be there. */
  let inDoubt: readonly NewPush[] = [];
  /** Resolves with whether nothing is left to do. */
  let running: Promise<boolean> | undefined;
  let stopping = false;

  /** After this turn of the loop, so that what arrives together is committed together. */
  function wake(): void {
    running ??= new Promise<void>((resolve) => setImmediate(resolve)).then(run);
  }

  async function run(): Promise<boolean> {
    try {
      for (;;) {
        const fit = (await clearDoubt()) && (!changeQueue.endDeliveries() || (await settleFirst()));
        if (!fit) changeQueue.refuse(new StoreUnavailable('IN_DOUBT'));
        const changed = await changeQueue.commit();
        const batch = deliveries.take();
        if (batch === undefined && fit && !changed) return true;
        const committed = batch === undefined || (fit ? await commit(batch) : refuse(batch));
        if (fit && committed) {
          tell?.();
          continue;
        }
        if (batch !== undefined) deliveries.putBack(batch);
        if (stopping) {
          // Nobody would look at it again.
          changeQueue.refuse(new StoreUnavailable('STOPPING'));
          deliveries.refuse(new StoreUnavailable('STOPPING'));
          return false;
        }
        await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY));
      }
    } finally {
      // In the very step in which nothing was left: what comes later wakes the cycle again.
      running = undefined;
    }
  }

  /** What was handed to its device has ended before a change ends it in another way. False: that cannot be committed now. */
  async function settleFirst(): Promise<boolean> {
    const batch = deliveries.takeSettlements();
    if (batch === undefined || (await commit(batch))) return true;
    deliveries.putBack(batch);
    return false;
  }

  /** While it is not known what was committed last, or what has ended cannot be committed, no push may be. */
  function refuse({ orders }: QueuedBatch): false {
    for (const order of orders) order.reject(new StoreUnavailable('IN_DOUBT'));
    return false;
  }

  /** Answers the orders in any case. False: the settlements are not committed yet. */
  async function commit(batch: QueuedBatch): Promise<boolean> {
    const orders = await admit(batch.orders);
    const committed = await tryCommit(orders, batch.settlements);
    if (committed) deliveries.committed(batch);
    return committed;
  }

  /** The orders that are to be committed; the others are answered, or wait for the next cycle. */
  async function admit(orders: readonly PushOrder[]): Promise<readonly PushOrder[]> {
    const current = orders.filter((order) => {
      if (order.caller?.cancelled) {
        order.reject(new StoreUnavailable('CANCELLED')); // Nobody is told: this only ends the call.
        return false;
      }
      const resolution = order.resolution.current();
      if (resolution === undefined) order.resolve(undefined);
      else order.resolution = resolution;
      return resolution !== undefined;
    });
    try {
      const { fresh, later } = await idempotency.sort(current);
      deliveries.wait(later);
      return fresh;
    } catch (error) {
      for (const order of current) order.reject(error);
      return [];
    }
  }

  async function tryCommit(orders: readonly PushOrder[], settlements: Settlements): Promise<boolean> {
    if (orders.length === 0 && isEmpty(settlements)) return true;
    const pushes = orders.map(toNewPush);
    const begun = performance.now();
    let replaced: Replaced;
    try {
      replaced = await store.commitDeliveries({ ...settlements, pushes, now: now() });
    } catch (error) {
      return commitFailed(orders, pushes, settlements, error);
    }
    // Before the pushes that took the places: a device is not told to forget what it has just been sent.
    if (replaced.deliveries.length + replaced.topicPushes.length > 0) effects.replaced(replaced);
    const seconds = (performance.now() - begun) / 1000;
    observe?.({ pushes: pushes.length, settlements: sizeOf(settlements), seconds });
    committedPushes(pushes);
    for (const [index, order] of orders.entries()) order.resolve(pushes[index]?.push.id);
    return true;
  }

  function committedPushes(pushes: readonly NewPush[]): void {
    effects.pushed(pushes);
    // Not before: what edges are known to have handled is counted up to this push.
    lastCommitted = pushes.at(-1)?.push.id ?? lastCommitted;
  }

  async function commitFailed(
    orders: readonly PushOrder[],
    pushes: readonly NewPush[],
    settlements: Settlements,
    error: unknown,
  ): Promise<boolean> {
    if (error instanceof StoreUnavailable) {
      log.warn({ ...describeError(error), pushes: orders.length }, 'the store is not available');
      if (pushes.length > 0) inDoubt = pushes;
      for (const order of orders) order.reject(error);
      return false;
    }
    const [first, ...others] = orders;
    if (first === undefined) {
      // Refused for what they are: they would be refused again, and nothing would ever be committed behind them.
      log.error(describeError(error), 'the store refused settlements');
      return true;
    }
    if (others.length === 0 && isEmpty(settlements)) {
      first.reject(error);
      return true;
    }
    // One of them is refused; the others must not fail with it.
    const committed = await tryCommit([], settlements);
    // In halves: one of a thousand costs some twenty more commits, and not a thousand.
    const middle = Math.ceil(orders.length / 2);
    for (const half of [orders.slice(0, middle), orders.slice(middle)]) {
      if (inDoubt.length === 0) await tryCommit(half, NOTHING);
      else for (const order of half) order.reject(new StoreUnavailable('IN_DOUBT'));
    }
    return committed;
  }

  /**
   * Looks whether a commit that was cut off took place: then its pushes go to the devices that are online. False: it is still not
   * known.
   */
  async function clearDoubt(): Promise<boolean> {
    const last = inDoubt.at(-1);
    if (last === undefined) return true;
    try {
      if (await store.hasPush(last.push.id)) committedPushes(inDoubt);
      inDoubt = [];
      return true;
    } catch (error) {
      log.debug(describeError(error), 'the store is still not available');
      return false;
    }
  }

  function toNewPush({ header, content, lifetime, resolution: { target }, idempotency, job }: PushOrder): NewPush {
    const createdAt = now();
    const push: Push = {
      appId: header.appId,
      appNum: header.appNum,
      tenantCode: header.tenantCode,
      platform: header.platform,
      msgType: header.msgType,
      needConfirm: header.needConfirm,
      collapseKey: header.collapseKey,
      priority: header.priority,
      id: pushIds.next(),
      createdAt,
      expiresAt: createdAt + lifetime,
      content,
    };
    if (target.kind === 'topics') return { push, target, idempotency, job };
    const entries = target.deviceNums.map((deviceNum): NewDelivery => ({ id: deliveryIds.next(), deviceNum }));
    return { push, target: { kind: 'directed', deliveries: entries }, idempotency, job };
  }

  return {
    changes,
    push: deliveries.push,
    change(kind, input) {
      wake();
      return changeQueue.add(kind, input);
    },
    delivered: deliveries.delivered,
    confirmed: deliveries.confirmed,
    read: deliveries.read,
    published: deliveries.published,
    settled: deliveries.settled,
    settle: deliveries.settle,
    lastCommitted: () => lastCommitted,
    async idle() {
      stopping = true;
      // What has ended while the last of it was committed, too.
      do deliveries.settle();
      while ((await running) && deliveries.settled() !== undefined);
    },
    depths: () => ({ ...deliveries.depths(), changes: changeQueue.size(), inDoubt: inDoubt.length > 0 }),
  };
}
