import { sleep } from '../../../common/timers.js';
import type { AuditEntry } from '../../domain/access.js';
import {
  type AlsoEnded,
  type Confirmation,
  type CoreOwnership,
  type LateDelivery,
  type StoreReader,
  StoreUnavailable,
  type StoreWriter,
} from '../../store/store.js';
import { type Command, type CommandSet, createCommandQueue } from './command-queue.js';
import { type Commands, createCommands } from './commands.js';
import { createCommitDoubt } from './commit-doubt.js';
import { createDeliveryCommit, type DeliveryCommitOptions } from './delivery-commit.js';
import { createIdempotency } from './idempotency.js';
import { createPushQueue, type PushRequest, type QueuedPush } from './push-queue.js';
import {
  createSettlementBuffer,
  joined,
  NO_SETTLEMENTS,
  type SettlementBatch,
  type Settlements,
  sizeOf,
} from './settlement-buffer.js';

/**
 * The one writer. Each cycle takes what has gathered and commits it, changes last, then answers. What has ended waits
 * a little for more of it. Push ids are given out here, so they are committed in their order.
 *
 * Guarantees: a promise resolves only after its commit. What failed is not in the store, or in doubt, and its caller is
 * told: try again (STORE_UNAVAILABLE), too many are waiting (OVERLOADED). What was in doubt has its effects as soon as
 * it is known. What was delivered, confirmed and read is kept until it is committed. What the store refuses takes
 * nothing of its batch with it.
 */
export interface WriteCycle {
  /** Resolves with the push's id. Undefined: resolve its audience again; see `Resolution.current`. */
  push(request: PushRequest): Promise<number | undefined>;
  /** Carries out a change of one of `commands`; its entry of the audit log is committed with it. */
  execute<I, O>(kind: Command<I, O>, input: I, entry?: AuditEntry): Promise<O>;
  /** The commands that `execute` takes. */
  readonly commands: Commands;
  /** Deliveries have ended as delivered. Twice is fine. */
  delivered(deliveryIds: readonly number[]): void;
  /** Ends it only if it is the device's. */
  lateDelivered(delivery: LateDelivery): void;
  /** A device has confirmed a push. */
  confirmed(confirmation: Confirmation): void;
  /** A device has read its topics up to this push. */
  advanceCursor(deviceNum: number, pushId: number): void;
  /** An edge has sent a topic push to so many live sessions. */
  published(pushId: number, sessions: number): void;
  /** Resolves when all that was delivered, confirmed and read so far is committed; undefined: it is already. */
  whenSettled(): Promise<void> | undefined;
  /** The same, and has it committed at once. */
  flush(): Promise<void> | undefined;
  /** The last push that is committed and handed on to the sessions, or what stands before the first. */
  lastCommitted(): number;
  /** Resolves if a push would be committed now, as far as can be told: otherwise rejects with StoreUnavailable. */
  checkWritable(): Promise<void>;
  /** Resolves when nothing is left to commit, or the store cannot be reached. */
  idle(): Promise<void>;
  /** Returns the numbers of what waits now, and whether the last commit is in doubt. */
  depths(): { pushes: number; settlements: number; changes: number; inDoubt: boolean };
}

/** The parts that the write cycle needs. */
export interface WriteCycleOptions extends DeliveryCommitOptions {
  /** The store, of which nobody else commits. */
  store: StoreWriter & Pick<StoreReader, 'findIdempotent'> & Pick<CoreOwnership, 'resolveDoubt'>;
  /** Another core has taken over: nothing is committed any more. Called once. */
  fenced: () => void;
  /** Called after each cycle that has committed something. */
  committed?: () => void;
  /** See `createSettlementBuffer`. */
  settleWithin?: number;
  /** Milliseconds since the epoch; absent: the clock of the machine. */
  now?: () => number;
}

/** Time before what could not be committed is tried again, in milliseconds. */
const RETRY_DELAY = 200;

/** Milliseconds since the last push for which changes leave room for the next. */
const PUSHES_GO_ON = 1000;
/** Milliseconds that a set of changes may take meanwhile: a push that comes in it waits for its end. */
const BESIDE_PUSHES = 5;

/**
 * Resolves when what was said in this turn of the event loop is on its way, two turns later: SQLite keeps the loop
 * while it commits, and answers would wait behind the next set of changes.
 */
async function yieldToIo(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** Returns a cycle at rest. */
export function createWriteCycle(options: WriteCycleOptions): WriteCycle {
  const { store, pushIds, onCommit, committed: tell, now = Date.now } = options;
  const pushes = createPushQueue(wake);
  const settlements = createSettlementBuffer(wake, options.settleWithin);
  const deliveries = createDeliveryCommit(options);
  const doubt = createCommitDoubt(options);
  const changeQueue = createCommandQueue(doubt, store.alongside);
  const commands = createCommands({ commits: store, onCommit, pushIds, now });
  const idempotency = createIdempotency(store);
  /** Resolves with whether nothing is left to do. */
  let running: Promise<boolean> | undefined;
  let stopping = false;
  let lastPushAt = Number.NEGATIVE_INFINITY;

  /** After this turn of the loop, so that what arrives together is committed together. */
  function wake(): void {
    running ??= new Promise<void>((resolve) => setImmediate(resolve)).then(run);
  }

  async function run(): Promise<boolean> {
    try {
      for (;;) {
        const fit = await doubt.clear();
        if (!fit) changeQueue.refuse(new StoreUnavailable('IN_DOUBT'));
        const batch = pushes.take();
        if (batch.length > 0) lastPushAt = performance.now();
        const changes = changeQueue.take(performance.now() - lastPushAt < PUSHES_GO_ON ? BESIDE_PUSHES : undefined);
        // What was handed to devices is committed before a change ends it in another way.
        if (changes?.endsDeliveries) settlements.flush();
        const ended = fit ? settlements.take() : undefined;
        const isIdle = batch.length === 0 && ended === undefined && fit && changes === undefined;
        // A change may have come since the queue was looked at: whoever brought it relies on this loop.
        if (isIdle && changeQueue.size() === 0) return true;
        const done = fit ? await commit(batch, ended) : refuse(batch);
        if (changes !== undefined) {
          await yieldToIo();
          // A push that failed alone is no hindrance.
          await carryOut(changes, done || ended === undefined);
        }
        if (done) {
          tell?.();
          continue;
        }
        if (stopping) {
          // Nobody would look at it again.
          changeQueue.refuse(new StoreUnavailable('STOPPING'));
          pushes.refuse(new StoreUnavailable('STOPPING'));
          return false;
        }
        await sleep(RETRY_DELAY);
      }
    } finally {
      // In the very step in which nothing was left: what comes later wakes the cycle again.
      running = undefined;
    }
  }

  /** @param settled false: what has ended before them could not be committed */
  async function carryOut(changes: CommandSet, settled: boolean): Promise<void> {
    const fit = !doubt.isOpen() && (!changes.endsDeliveries || (settled && (await settleRest())));
    if (fit) await changes.commit();
    else changes.refuse(new StoreUnavailable('IN_DOUBT'));
  }

  /** Commits what else is due. False: that cannot be committed now. */
  async function settleRest(): Promise<boolean> {
    for (let batch = settlements.take(); batch !== undefined; batch = settlements.take()) {
      if (!(await commitBatch([], batch))) return false;
    }
    return true;
  }

  /** While it is not known what was committed last, or what has ended cannot be committed, no push may be. */
  function refuse(batch: readonly QueuedPush[]): false {
    for (const push of batch) push.reject(new StoreUnavailable('IN_DOUBT'));
    return false;
  }

  /** Answers the pushes in any case. False: the store is not available. */
  async function commit(batch: readonly QueuedPush[], ended: SettlementBatch | undefined): Promise<boolean> {
    const time = now();
    const admitted = await admit(batch, time);
    // What was handed to its device is not replaced any more.
    const collapses = admitted.some(({ header }) => header.collapseKey !== undefined);
    if (!collapses) return commitBatch(admitted, ended, time);
    if (ended !== undefined && !(await commitBatch([], ended, time))) return refuse(admitted);
    settlements.flush();
    return (await settleRest()) ? commitBatch(admitted, undefined, time) : refuse(admitted);
  }

  /** The pushes that are to be committed; the others are answered, or wait for the next cycle. */
  async function admit(batch: readonly QueuedPush[], time: number): Promise<readonly QueuedPush[]> {
    const current = batch.filter((push) => {
      if (push.caller?.cancelled) {
        // Nobody is told: this only ends the call.
        push.reject(new StoreUnavailable('CANCELLED'));
        return false;
      }
      const resolution = push.resolution.current();
      if (resolution === undefined) push.resolve(undefined);
      else push.resolution = resolution;
      return resolution !== undefined;
    });
    try {
      const { fresh, later } = await idempotency.sort(current, time);
      pushes.putBack(later);
      return fresh;
    } catch (error) {
      for (const push of current) push.reject(error);
      return [];
    }
  }

  /** Answers the pushes in any case. False: the store is not available, and what is left of the settlements waits. */
  async function commitBatch(
    batch: readonly QueuedPush[],
    ended: SettlementBatch | undefined,
    time = now(),
  ): Promise<boolean> {
    const failure = await deliveries.tryCommit(batch, ended?.settlements ?? NO_SETTLEMENTS, time);
    const finish = (rest: Settlements): void => {
      if (ended === undefined) return;
      if (sizeOf(rest) === 0) settlements.committed(ended);
      else settlements.putBack({ ...ended, settlements: rest });
    };
    if (failure === undefined) {
      finish(NO_SETTLEMENTS);
      return true;
    }
    const { error, made, held, left } = failure;
    const isInDoubt = doubt.note(error, (committed, result) => {
      // It is what the commit would have resolved with.
      if (committed) deliveries.handOn(made, result as AlsoEnded);
      finish(committed ? left : joined(held, left));
    });
    if (!isInDoubt) finish(joined(held, left));
    return false;
  }

  function change<I, O>(kind: Command<I, O>, input: I, entry?: AuditEntry): Promise<O> {
    wake();
    return changeQueue.add(kind, input, entry);
  }

  return {
    commands,
    push: pushes.push,
    execute: change,
    delivered: settlements.delivered,
    lateDelivered: settlements.lateDelivered,
    confirmed: settlements.confirmed,
    advanceCursor: settlements.advanceCursor,
    published: settlements.published,
    whenSettled: settlements.whenSettled,
    flush() {
      const settled = settlements.whenSettled();
      if (settled !== undefined) settlements.flush();
      return settled;
    },
    lastCommitted: deliveries.lastCommitted,
    async checkWritable() {
      const failure = deliveries.recentFailure();
      if (failure !== undefined) throw failure;
      await change(commands.nothing, undefined);
    },
    async idle() {
      stopping = true;
      // What has ended while the last of it was committed, too.
      do settlements.flush();
      while ((await running) && settlements.whenSettled() !== undefined);
    },
    depths: () => ({
      pushes: pushes.size(),
      settlements: settlements.size(),
      changes: changeQueue.size(),
      inDoubt: doubt.isOpen(),
    }),
  };
}
