import { OnePushError } from '../../../common/errors.js';
import type { Every } from '../../../common/every.js';
import type { Span } from '../../../common/tracing/tracer.js';
import type { JobStep } from '../../domain/job.js';
import { CONTENT_TEXTS, type Priority, type PushContent, type PushHeader } from '../../domain/push.js';
import { type IdempotencyKey, StoreUnavailable } from '../../store/store.js';
import { createFairQueue, type FairQueue } from './fair-queue.js';
import type { Resolution } from './resolution.js';

/** The one who waits for a push's answer. */
export interface Caller {
  /** Nobody does any more. Looked at once for each push, so it must be cheap. */
  readonly cancelled: boolean;
  /** The span of the call; absent: it is not traced. */
  readonly trace?: Span | undefined;
}

/** A push on its way to the store. */
export interface PushRequest {
  /** The part that says how it is handled. */
  header: PushHeader;
  /** The part that devices get. */
  content: PushContent;
  /** Milliseconds from its commit to its expiry. */
  lifetime: number;
  /** The devices or topics that it goes to. */
  resolution: Resolution;
  /** The key that makes a retry safe; absent: none. */
  idempotency?: IdempotencyKey | undefined;
  /** The one who waits for the answer; absent: it is carried out in any case. */
  caller?: Caller | undefined;
  /** Called if its key stood for a push already, which is answered; absent: nobody wants to know. */
  repeated?: (() => void) | undefined;
  /** The job whose next part it is: it is refused if it is not the next. */
  job?: JobStep | undefined;
  /** Time at which its call came, by `performance.now()`; absent: now. */
  since?: number;
}

/** The same, with its caller waiting. */
export interface QueuedPush extends PushRequest {
  /** With the push's id; undefined: its audience must be resolved again. */
  resolve(pushId: number | undefined): void;
  /** Tells the caller that it is not committed, or not known to be. */
  reject(error: unknown): void;
  /** Time at which its call came, by `performance.now()`. */
  since: number;
  /** About how many bytes it takes, in memory and in a statement. */
  bytes: number;
}

/**
 * Pushes that wait for their commit: those of a high priority first, apps in turn. Bounded in number, bytes and time.
 */
export interface PushQueue {
  /** Rejects at once with OVERLOADED if too many are waiting, and with StoreUnavailable if it has waited too long. */
  push(request: PushRequest): Promise<number | undefined>;
  /** Takes as much as one transaction should hold. */
  take(): QueuedPush[];
  /** Pushes that have been taken wait again, before all others. */
  putBack(pushes: readonly QueuedPush[]): void;
  /** Rejects all that wait. */
  refuse(error: unknown): void;
  /** Number of pushes that wait. */
  size(): number;
}

/** Number of pushes that may wait in all, and of one app: others must find room beside it. */
const MAX_WAITING = 20_000;
const MAX_WAITING_OF_APP = 15_000;
/** The same in bytes. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;
const MAX_WAITING_BYTES_OF_APP = 48 * 1024 * 1024;
/**
 * Time after its call within which a push may be committed, in milliseconds: edges give up after 5 s, and what is
 * committed later is sent twice.
 */
const MAX_WAIT = 4000;
/** Milliseconds between two looks at the oldest while none are taken. */
const OVERDUE_LOOK = 100;
/** Bounds of one transaction. */
const MAX_PUSHES = 1000;
const MAX_TARGETS = 20_000;
const MAX_BYTES = 4_000_000;
/** About as many bytes as a push takes beside its content and its targets. */
const PUSH_BYTES = 300;
const TARGET_BYTES = 16;

/** @param ready called when there is something to take */
export function createPushQueue(ready: () => void): PushQueue {
  const lanes: Record<Priority, FairQueue<QueuedPush>> = {
    HIGH: createFairQueue(),
    NORMAL: createFairQueue(),
    LOW: createFairQueue(),
  };
  const inOrder = [lanes.HIGH, lanes.NORMAL, lanes.LOW];
  let waitingBytes = 0;
  const bytesOfApp = new Map<number, number>();
  let lookedAt = 0;

  const waiting = (): number => lanes.HIGH.size() + lanes.NORMAL.size() + lanes.LOW.size();

  const laneOf = ({ header }: PushRequest): FairQueue<QueuedPush> => lanes[header.priority ?? 'NORMAL'];

  const waitingOf = (app: number): number => inOrder.reduce((sum, lane) => sum + lane.sizeOf(app), 0);

  function count({ header, bytes }: QueuedPush, sign: 1 | -1): void {
    waitingBytes += sign * bytes;
    const left = (bytesOfApp.get(header.appNum) ?? 0) + sign * bytes;
    if (left > 0) bytesOfApp.set(header.appNum, left);
    else bytesOfApp.delete(header.appNum);
  }

  function isFull(app: number, bytes: number): boolean {
    if (waiting() >= MAX_WAITING || waitingOf(app) >= MAX_WAITING_OF_APP) return true;
    return waitingBytes + bytes > MAX_WAITING_BYTES || (bytesOfApp.get(app) ?? 0) + bytes > MAX_WAITING_BYTES_OF_APP;
  }

  function drop(over: (push: QueuedPush) => boolean, error: unknown): void {
    for (const lane of inOrder) {
      for (const push of lane.drop(over)) {
        count(push, -1);
        push.reject(error);
      }
    }
  }

  function refuseOverdue(now: number): void {
    lookedAt = now;
    drop((push) => isOverdue(push, now), new StoreUnavailable('OVERDUE'));
  }

  return {
    push(request) {
      const now = performance.now();
      if (now - lookedAt > OVERDUE_LOOK) refuseOverdue(now);
      const { appNum } = request.header;
      const { since = now } = request;
      const bytes = sizeOf(request);
      if (isFull(appNum, bytes)) return Promise.reject(new OnePushError('OVERLOADED'));
      if (isOverdue({ since }, now)) return Promise.reject(new StoreUnavailable('OVERDUE'));
      return new Promise((resolve, reject) => {
        const push: Every<QueuedPush> = {
          header: request.header,
          content: request.content,
          lifetime: request.lifetime,
          resolution: request.resolution,
          idempotency: request.idempotency,
          caller: request.caller,
          repeated: request.repeated,
          job: request.job,
          resolve,
          reject,
          since,
          bytes,
        };
        count(push, 1);
        laneOf(request).add(appNum, push);
        ready();
      });
    },
    take() {
      const now = performance.now();
      refuseOverdue(now);
      let pushes = 0;
      let targets = 0;
      let bytes = 0;
      const wanted = (push: QueuedPush): boolean => {
        if (pushes >= MAX_PUSHES || targets >= MAX_TARGETS || bytes >= MAX_BYTES) return false;
        // It stood behind one that was called later: its look-ups took longer.
        if (isOverdue(push, now)) return true;
        pushes++;
        targets += targetsOf(push);
        bytes += push.bytes;
        return true;
      };
      const taken = inOrder.flatMap((lane) => lane.take(wanted));
      for (const push of taken) count(push, -1);
      return taken.filter((push) => {
        if (!isOverdue(push, now)) return true;
        push.reject(new StoreUnavailable('OVERDUE'));
        return false;
      });
    },
    putBack(pushes) {
      for (const push of pushes) count(push, 1);
      for (const lane of inOrder) {
        const own = pushes.filter((push) => laneOf(push) === lane);
        lane.putBack(own.map((item) => ({ app: item.header.appNum, item })));
      }
    },
    refuse: (error) => drop(() => true, error),
    size: waiting,
  };
}

function targetsOf({ resolution: { target } }: PushRequest): number {
  return target.kind === 'directed' ? target.deviceNums.length : target.topicNums.length;
}

function isOverdue({ since }: Pick<QueuedPush, 'since'>, now: number): boolean {
  return now - since > MAX_WAIT;
}

/** Hot: called for each push, so it adds up lengths and no more. */
function sizeOf(request: PushRequest): number {
  let bytes = PUSH_BYTES + TARGET_BYTES * targetsOf(request);
  for (const name of CONTENT_TEXTS) bytes += request.content[name]?.length ?? 0;
  return bytes;
}
