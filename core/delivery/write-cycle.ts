import { describeError, type Logger } from '../../common/log.js';
import type { IdClock } from '../domain/id-clock.js';
import type { Push } from '../domain/push.js';
import {
  type Commits,
  type Confirmation,
  type NewApp,
  type NewDelivery,
  type NewPush,
  type Registered,
  StoreUnavailable,
} from '../store/store.js';
import {
  createDeliveryQueue,
  isEmpty,
  type PushOrder,
  type PushRequest,
  type QueuedBatch,
  type Settlements,
} from './delivery-queue.js';
import { createRegistryQueue, type RegistrationRequest, type RegistryEffects } from './registry-queue.js';

/** What the rest of the core does once something is committed: called in the order of the commits, before callers are answered. */
export interface Effects extends RegistryEffects {
  pushed(pushes: readonly NewPush[]): void;
}

/**
 * The one writer. Each cycle takes everything that has gathered and commits it, the registry first, then answers. Push
 * ids are given out here, so they are committed in their order.
 *
 * Guarantees: a promise resolves only after its commit. What failed is not in the store, and its caller is told: try
 * again (STORE_UNAVAILABLE), too many are waiting (OVERLOADED). What was delivered, confirmed and read is kept until it
 * is committed.
 */
export interface WriteCycle {
  /** Undefined: the audience has changed meanwhile, resolve it again. */
  push(request: PushRequest): Promise<Push | undefined>;
  register(request: RegistrationRequest): Promise<Registered>;
  /** Unregisters the device if it is registered. */
  unregister(deviceId: string): Promise<void>;
  createApp(app: Omit<NewApp, 'now'>): Promise<void>;
  delivered(deliveryIds: readonly number[]): void;
  confirmed(confirmation: Confirmation): void;
  /** How far a device has read, for pushes of this core. */
  read(deviceNum: number, pushId: number): void;
  /** Resolves when all that was delivered, confirmed and read so far is committed; undefined: it is already. */
  settled(): Promise<void> | undefined;
  /** The last push that is committed, or what stands before the first. */
  lastCommitted(): number;
  /** Resolves when nothing is left to commit, or the store cannot be reached. */
  idle(): Promise<void>;
}

export interface WriteCycleOptions {
  commits: Commits;
  pushIds: IdClock;
  deliveryIds: IdClock;
  effects: Effects;
  /** The number of this core. */
  core: number;
  log: Logger;
  now?: () => number;
}

/** How long to wait before committing again what could not be, in milliseconds. */
const RETRY_DELAY = 200;
const NOTHING: Settlements = { delivered: [], confirmed: [], cursors: [] };

export function createWriteCycle(options: WriteCycleOptions): WriteCycle {
  const { commits, pushIds, deliveryIds, effects, core, log, now = Date.now } = options;
  const deliveries = createDeliveryQueue(core);
  const registry = createRegistryQueue({ commits, effects, sinceId: () => pushIds.last(), now });
  let lastCommitted = pushIds.last();
  let running: Promise<void> | undefined;
  let stopping = false;

  /** After this turn of the loop, so that what arrives together is committed together. */
  function wake(): void {
    running ??= new Promise<void>((resolve) => setImmediate(resolve)).then(run).finally(() => {
      running = undefined;
    });
  }

  async function run(): Promise<void> {
    for (;;) {
      const changed = await registry.commit();
      const batch = deliveries.take();
      if (batch === undefined) {
        if (!changed) return;
      } else if (!(await commit(batch))) {
        deliveries.putBack(batch);
        if (stopping) return;
        await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY));
      }
    }
  }

  /** Answers the orders in any case. False: the settlements are not committed yet. */
  async function commit(batch: QueuedBatch): Promise<boolean> {
    const orders = batch.orders.filter((order) => {
      if (order.resolution.isCurrent()) return true;
      order.resolve(undefined);
      return false;
    });
    const committed = await tryCommit(orders, batch.settlements);
    if (committed) deliveries.committed(batch);
    return committed;
  }

  async function tryCommit(orders: readonly PushOrder[], settlements: Settlements): Promise<boolean> {
    if (orders.length === 0 && isEmpty(settlements)) return true;
    const pushes = orders.map(toNewPush);
    try {
      await commits.commitDeliveries({ ...settlements, pushes, now: now() });
    } catch (error) {
      return commitFailed(orders, settlements, error);
    }
    lastCommitted = pushes.at(-1)?.push.id ?? lastCommitted;
    effects.pushed(pushes);
    for (const [index, order] of orders.entries()) order.resolve(pushes[index]?.push);
    return true;
  }

  async function commitFailed(
    orders: readonly PushOrder[],
    settlements: Settlements,
    error: unknown,
  ): Promise<boolean> {
    if (error instanceof StoreUnavailable) {
      log.warn({ ...describeError(error), pushes: orders.length }, 'the store is not available');
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
    for (const order of orders) await tryCommit([order], NOTHING);
    return committed;
  }

  function toNewPush({ header, content, lifetime, resolution: { target } }: PushOrder): NewPush {
    const createdAt = now();
    const push: Push = { ...header, content, id: pushIds.next(), createdAt, expiresAt: createdAt + lifetime };
    if (target.kind === 'topics') return { push, target };
    const entries = target.deviceNums.map((deviceNum): NewDelivery => ({ id: deliveryIds.next(), deviceNum }));
    return { push, target: { kind: 'directed', deliveries: entries } };
  }

  /** Does something to a queue, and has the cycle look at it. */
  function queued<T>(result: T): T {
    wake();
    return result;
  }

  return {
    push: (request) => queued(deliveries.push(request)),
    register: (request) => queued(registry.register(request)),
    unregister: (deviceId) => queued(registry.unregister(deviceId)),
    createApp: (app) => queued(registry.createApp(app)),
    delivered: (deliveryIdList) => queued(deliveries.delivered(deliveryIdList)),
    confirmed: (confirmation) => queued(deliveries.confirmed(confirmation)),
    read: (deviceNum, pushId) => queued(deliveries.read(deviceNum, pushId)),
    settled: () => deliveries.settled(),
    lastCommitted: () => lastCommitted,
    async idle() {
      stopping = true;
      await running;
    },
  };
}
