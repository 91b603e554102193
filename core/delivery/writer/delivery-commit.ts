import { describeError, type Logger } from '../../../common/logs/log.js';
import { createTroubleLog } from '../../../common/logs/trouble.js';
import type { IdClock } from '../../domain/id-clock.js';
import { toPush } from '../../domain/push.js';
import {
  type AlsoEnded,
  type NewDelivery,
  type NewPush,
  StoreUnavailable,
  type StoreWriter,
} from '../../store/store.js';
import type { OnCommit } from '../commit-effects.js';
import type { QueuedPush } from './push-queue.js';
import { withoutReplaced } from './replaced.js';
import { halves, joined, NO_SETTLEMENTS, type Settlements, sizeOf } from './settlement-buffer.js';

/** The size of one commit, and its time. */
export interface CommitReport {
  /** Number of pushes. */
  pushes: number;
  /** Number of settlements. */
  settlements: number;
  /** Time that the store took. */
  seconds: number;
}

/** The remains of a commit that could not be carried out. */
export interface Failure {
  /** The error of the store. */
  error: StoreUnavailable;
  /** Pushes of the commit, in case that it took place all the same. */
  made: readonly NewPush[];
  /** Settlements of the commit. */
  held: Settlements;
  /** Settlements that were not tried after it. */
  left: Settlements;
}

/** Commits pushes and settlements as one transaction, and in smaller ones where the store refuses something of it. */
export interface DeliveryCommit {
  /**
   * Answers the pushes in any case. Undefined: all of it is committed, or was refused for what it is and would be
   * again. Otherwise the store is not available.
   */
  tryCommit(batch: readonly QueuedPush[], ended: Settlements, time: number): Promise<Failure | undefined>;
  /** Does what follows from a commit. */
  handOn(made: readonly NewPush[], alsoEnded: AlsoEnded): void;
  /** The last push that is committed and handed on, or what stands before the first. */
  lastCommitted(): number;
  /**
   * Returns the error of the last commit, if that was in the last seconds; undefined: it succeeded, or the next one
   * may.
   */
  recentFailure(): StoreUnavailable | undefined;
}

/** Told of commits, where pushes are traced. */
export interface CommitTraces {
  /** Pushes and settlements are committed, and nothing has followed from that. */
  committed(commit: {
    batch: readonly QueuedPush[];
    /** As many, and in their order. */
    made: readonly NewPush[];
    settled: Settlements;
    /** Milliseconds since the epoch. */
    startedAt: number;
  }): void;
  /** The store was not available. */
  failed(batch: readonly QueuedPush[], startedAt: number, reason: string): void;
}

/** The parts that commits of deliveries need. */
export interface DeliveryCommitOptions {
  /** The store, of which nobody else commits. */
  store: Pick<StoreWriter, 'commitDeliveries'>;
  /** Ids of new pushes. */
  pushIds: IdClock;
  /** Ids of new deliveries. */
  deliveryIds: IdClock;
  /** Takes what follows from each commit, before the callers are answered. */
  onCommit: OnCommit;
  /** Told of troubles once, and of what the store refuses. */
  log: Logger;
  /** Returns true if the devices of a topic push may be woken; absent: none are. */
  wakes?: (appNum: number) => boolean;
  /** Told of each commit that the store carried out. */
  observe?: (report: CommitReport) => void;
  /** Undefined: pushes are not traced. */
  traces?: CommitTraces | undefined;
}

/**
 * For so long a failure says what the next commit would meet, in milliseconds: a full disk may have room for an empty
 * one.
 */
const RECENT_MS = 3000;

/** Returns the commits over a store. */
export function createDeliveryCommit(options: DeliveryCommitOptions): DeliveryCommit {
  const { store, pushIds, deliveryIds, onCommit, log, observe, traces, wakes = () => false } = options;
  let lastCommitted = pushIds.last();
  const trouble = createTroubleLog(log, 'the store is not available');
  let failure: { error: StoreUnavailable; at: number } | undefined;

  async function tryCommit(
    batch: readonly QueuedPush[],
    ended: Settlements,
    time: number,
  ): Promise<Failure | undefined> {
    if (batch.length === 0 && sizeOf(ended) === 0) return undefined;
    const made = batch.map((push) => toNewPush(push, time));
    const begun = performance.now();
    const startedAt = traces === undefined ? 0 : Date.now();
    let alsoEnded: AlsoEnded;
    try {
      alsoEnded = await store.commitDeliveries({ ...ended, pushes: made, now: time });
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) return tryHalves(batch, ended, time, error);
      trouble.met(error);
      failure = { error, at: performance.now() };
      traces?.failed(batch, startedAt, error.code);
      for (const push of batch) push.reject(error);
      return { error, made, held: ended, left: NO_SETTLEMENTS };
    }
    observe?.({ pushes: made.length, settlements: sizeOf(ended), seconds: (performance.now() - begun) / 1000 });
    if (trouble.over()) log.info('the store is available again');
    failure = undefined;
    traces?.committed({ batch, made, settled: ended, startedAt });
    handOn(made, alsoEnded);
    for (const [index, push] of batch.entries()) push.resolve(made[index]?.push.id);
    return undefined;
  }

  /**
   * Something of it is refused; the rest must not fail with it. In halves: one of a thousand costs some twenty more
   * commits.
   */
  async function tryHalves(
    batch: readonly QueuedPush[],
    ended: Settlements,
    time: number,
    refusal: unknown,
  ): Promise<Failure | undefined> {
    const [first] = batch;
    if (batch.length + sizeOf(ended) === 1) {
      if (first === undefined) log.error(describeError(refusal), 'the store refused a settlement');
      else first.reject(refusal);
      return undefined;
    }
    const [one, other] = halvesOf(batch, ended);
    const failure = await tryCommit(one.batch, one.ended, time);
    if (failure === undefined) return tryCommit(other.batch, other.ended, time);
    for (const push of other.batch) push.reject(new StoreUnavailable('IN_DOUBT'));
    return { ...failure, left: joined(failure.left, other.ended) };
  }

  function handOn(made: readonly NewPush[], { replaced, cleared }: AlsoEnded): void {
    // Before the pushes that took the places: a device is not told to forget what it has just been sent.
    if (replaced.deliveries.length + replaced.topicPushes.length > 0) onCommit({ kind: 'replaced', replaced });
    if (cleared.length > 0) onCommit({ kind: 'cleared', deliveries: cleared });
    onCommit({ kind: 'pushed', pushes: made, current: withoutReplaced(made, replaced) });
    // Not before: what edges are known to have handled is counted up to this push.
    lastCommitted = made.at(-1)?.push.id ?? lastCommitted;
  }

  function toNewPush(queued: QueuedPush, createdAt: number): NewPush {
    const { header, content, lifetime, resolution, idempotency, job } = queued;
    const { target } = resolution;
    const push = toPush(header, { id: pushIds.next(), createdAt, expiresAt: createdAt + lifetime, content });
    if (target.kind === 'topics') {
      const wakeAt = push.wake !== 'NEVER' && wakes(push.appNum) ? createdAt : undefined;
      return { push, target, idempotency, job, wakeAt };
    }
    const entries = target.deviceNums.map((deviceNum): NewDelivery => ({ id: deliveryIds.next(), deviceNum }));
    return { push, target: { kind: 'directed', deliveries: entries }, idempotency, job };
  }

  return {
    tryCommit,
    handOn,
    lastCommitted: () => lastCommitted,
    recentFailure: () =>
      failure !== undefined && performance.now() - failure.at < RECENT_MS ? failure.error : undefined,
  };
}

interface Part {
  batch: readonly QueuedPush[];
  ended: Settlements;
}

/** Settlements by themselves, before pushes. */
function halvesOf(batch: readonly QueuedPush[], ended: Settlements): readonly [Part, Part] {
  if (batch.length === 0) {
    const [one, other] = halves(ended);
    return [
      { batch, ended: one },
      { batch, ended: other },
    ];
  }
  if (sizeOf(ended) > 0) {
    return [
      { batch: [], ended },
      { batch, ended: NO_SETTLEMENTS },
    ];
  }
  const middle = Math.ceil(batch.length / 2);
  return [
    { batch: batch.slice(0, middle), ended },
    { batch: batch.slice(middle), ended },
  ];
}
