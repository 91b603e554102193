import { Worker } from 'node:worker_threads';
import { describeError, type Logger } from '../../../common/logs/log.js';
import type { Channel as ChannelName } from '../../domain/channel.js';
import type { WakeOutcome } from '../../domain/wake.js';
import type { Channel, ProbeResult } from '../channel.js';
import type { FromThread, ThreadData, ToThread } from './messages.js';

/**
 * The thread in which the vendors' work is done. It is started with the first channel, and again when it dies: what was
 * under way then is `unknown`.
 */
export interface VendorThread {
  /** Opens a channel in the thread. */
  open(name: ChannelName, settings: unknown): Channel;
  /** Number of times that it has died. */
  restarts(): number;
  /** Ends the thread; what is under way resolves as `unknown`, and so does all that comes later. */
  stop(): Promise<void>;
}

/** Modules that a thread runs. */
export interface ThreadProgram {
  /** The thread itself. */
  readonly program: URL;
  /** The one that exports `CHANNEL_KINDS`. */
  readonly kinds: URL;
  /** Memory that it may have, in MiB; absent: enough. */
  readonly memoryMb?: number;
}

type State =
  | { kind: 'idle' }
  | { kind: 'running'; worker: Worker; since: number }
  | { kind: 'waiting'; until: number; timer: NodeJS.Timeout }
  | { kind: 'stopped' };

interface UnderWay {
  since: number;
  answered(result: FromThread['result']): void;
  /** Nobody will ever know. */
  lost(reason: string): void;
}

/** Memory of the thread, in MiB: beyond it the thread dies, and the core does not. */
const MEMORY_MB = 256;
const YOUNG_MEMORY_MB = 32;
const BACKOFF_MIN = 100;
const BACKOFF_MAX = 10_000;
/** A thread that has run for so long, in milliseconds, did not fail because of how it was started. */
const STEADY = 60_000;
/** Milliseconds in which a channel must have answered, by its promise with room to spare. */
const ANSWER_MS = 15_000;
/** Milliseconds after which a thread that answers nothing at all is taken for stuck. */
const STUCK_MS = 30_000;
const LOOK_MS = 1000;

/** Returns a thread that is not started. */
export function createVendorThread(options: ThreadProgram & { log: Logger }): VendorThread {
  const { program, kinds, log, memoryMb = MEMORY_MB } = options;
  let state: State = { kind: 'idle' };
  let orders: ToThread[] = [];
  let lastId = 0;
  let lastChannel = 0;
  let failures = 0;
  let restarts = 0;
  /** Time of the first request since the thread was last heard of; undefined: it owes nothing. */
  let silentSince: number | undefined;
  let look: NodeJS.Timeout | undefined;
  const open = new Map<number, ToThread>();
  /** By id, and so by age. */
  const underWay = new Map<number, UnderWay>();

  function start(): void {
    const workerData: ThreadData = { kinds: kinds.href };
    const worker = new Worker(program, {
      workerData,
      // It needs nothing of the environment, which has the secrets of the whole core.
      env: {},
      // Nothing that it prints is wanted: it may repeat tokens.
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: memoryMb, maxYoungGenerationSizeMb: YOUNG_MEMORY_MB },
    });
    worker.stdout.resume();
    worker.stderr.resume();
    // It does not keep the process.
    worker.unref();
    silentSince = undefined;
    state = { kind: 'running', worker, since: performance.now() };
    worker.on('message', (answers: readonly FromThread[]) => {
      silentSince = undefined;
      for (const { id, result } of answers) take(id)?.answered(result);
    });
    let failure: unknown;
    worker.on('error', (error) => {
      failure = error;
    });
    worker.once('exit', (code) => ended(worker, { code, ...(failure === undefined ? {} : describeError(failure)) }));
    worker.postMessage([...open.values()]);
  }

  function ended(worker: Worker, why: Record<string, unknown>): void {
    if (state.kind !== 'running' || state.worker !== worker) return;
    failures = performance.now() - state.since > STEADY ? 1 : failures + 1;
    restarts++;
    const delay = Math.min(BACKOFF_MAX, BACKOFF_MIN * 2 ** Math.min(failures - 1, 10));
    log.error({ ...why, restartIn: delay }, 'the thread of the vendors died');
    const timer = setTimeout(start, delay);
    timer.unref();
    state = { kind: 'waiting', until: performance.now() + delay, timer };
    orders = [];
    loseAll('thread_died');
  }

  function loseAll(reason: string): void {
    for (const id of [...underWay.keys()]) take(id)?.lost(reason);
  }

  function take(id: number): UnderWay | undefined {
    const found = underWay.get(id);
    underWay.delete(id);
    if (underWay.size === 0) {
      clearInterval(look);
      look = undefined;
    }
    return found;
  }

  /** Those that a channel does not answer in spite of its promise, and a thread that does not answer at all. */
  function lookAtLate(): void {
    const now = performance.now();
    for (const [id, { since }] of underWay) {
      if (now - since < ANSWER_MS) break;
      take(id)?.lost('no_answer');
    }
    if (state.kind !== 'running' || now - (silentSince ?? now) < STUCK_MS) return;
    log.error('the thread of the vendors is stuck: it is ended');
    void state.worker.terminate();
  }

  function post(order: ToThread): void {
    if (state.kind !== 'running') return;
    orders.push(order);
    if (orders.length > 1) return;
    // What comes in one turn of the loop crosses together.
    setImmediate(() => {
      if (state.kind === 'running' && orders.length > 0) state.worker.postMessage(orders);
      orders = [];
    });
  }

  /** `later`: the answer where there is no thread now. */
  function request<R extends FromThread['result']>(
    order: (id: number) => ToThread,
    lost: (reason: string) => R,
    later: (afterMs: number) => R,
  ): Promise<R> {
    if (state.kind === 'stopped') return Promise.resolve(lost('stopped'));
    if (state.kind === 'waiting') return Promise.resolve(later(Math.max(1, state.until - performance.now())));
    const id = ++lastId;
    const since = performance.now();
    silentSince ??= since;
    if (look === undefined) {
      look = setInterval(lookAtLate, LOOK_MS);
      look.unref();
    }
    return new Promise((resolve) => {
      underWay.set(id, {
        since,
        // The thread answers an order with its kind of result.
        answered: (result) => resolve(result as R),
        lost: (reason) => resolve(lost(reason)),
      });
      post(order(id));
    });
  }

  return {
    open(name, settings) {
      const channel = ++lastChannel;
      const opening: ToThread = { kind: 'open', channel, name, settings };
      open.set(channel, opening);
      if (state.kind === 'idle') start();
      else post(opening);
      return {
        send: (target, message) =>
          request<WakeOutcome>(
            (id) => ({ kind: 'send', id, channel, target, message }),
            (reason) => ({ kind: 'unknown', reason }),
            (afterMs) => ({ kind: 'retry', scope: 'channel', afterMs, reason: 'thread_died' }),
          ),
        probe: () =>
          request<ProbeResult>(
            (id) => ({ kind: 'probe', id, channel }),
            (reason) => ({ kind: 'unreachable', reason }),
            () => ({ kind: 'unreachable', reason: 'thread_died' }),
          ),
        async close() {
          if (open.delete(channel)) post({ kind: 'close', channel });
        },
      };
    },
    restarts: () => restarts,
    async stop() {
      const { kind } = state;
      const worker = state.kind === 'running' ? state.worker : undefined;
      if (state.kind === 'waiting') clearTimeout(state.timer);
      if (kind === 'stopped') return;
      state = { kind: 'stopped' };
      loseAll('stopped');
      await worker?.terminate();
    },
  };
}
