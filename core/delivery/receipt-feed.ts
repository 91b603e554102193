import { setMaxListeners } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { OnePushError } from '../../common/errors.js';
import { describeError, type Logger } from '../../common/logs/log.js';
import { createAlarm, sleep } from '../../common/timers.js';
import type { ReportReader, StreamEntry } from '../domain/queries.js';
import { comparePositions, type ReceiptPosition } from '../domain/receipt-position.js';

/**
 * Follows receipts and ends of wakes. New ones are read once for all watchers, and kept in a ring of fixed size; a
 * watcher that has fallen behind it reads pages from the store. So a watcher costs no memory, however slowly it reads.
 * The watchers take turns: in one turn of the event loop one of them gets one page, whatever each of them has to catch
 * up with.
 */
export interface ReceiptFeed {
  /**
   * Receipts of all apps after a position, at the most a page; waits until there are some. Undefined: the signal was
   * aborted.
   */
  next(after: ReceiptPosition, signal: AbortSignal): Promise<readonly StreamEntry[] | undefined>;
  /** Something was committed. */
  committed(): void;
  /** Ends all waiting with CORE_UNAVAILABLE. */
  stop(): void;
}

/** Receipts that are read and sent at once: that takes milliseconds, and on SQLite the process does nothing else. */
const PAGE = 500;
const RING = 10_000;
/** Time that it waits for watchers before it ends, and for commits that it was not told of, in milliseconds. */
const POLL = 1000;
/** Time within which what is committed is read at once, in milliseconds. */
const GATHER = 20;

/** Returns a feed that reads nothing until somebody watches. */
export function createReceiptFeed(
  queries: Pick<ReportReader, 'readReceipts' | 'lastReceipt'>,
  log: Logger,
): ReceiptFeed {
  const stopped = new AbortController();
  // One listener for each watcher that waits.
  setMaxListeners(0, stopped.signal);
  /** The last receipts that were read, after `start`. */
  let ring: StreamEntry[] = [];
  let start: ReceiptPosition | undefined;
  let waiting = new Set<() => void>();
  let dirty = false;
  const alarm = createAlarm();
  let running = false;
  let lastTurn: Promise<void> = Promise.resolve();

  /**
   * Resolves in a turn of the event loop that is this watcher's. Without that a watcher who catches up would have the
   * process to itself: neither SQLite nor a connection that takes all that it is sent lets anything else go first, and
   * not even that the caller has gone would be seen.
   */
  function ownTurn(): Promise<void> {
    lastTurn = lastTurn.then(() => nextTurn());
    return lastTurn;
  }

  /** Reads what is new until nobody has waited for it for a while. */
  async function run(): Promise<void> {
    running = true;
    while (!stopped.signal.aborted) {
      if (waiting.size === 0) await alarm.sleep(POLL);
      if (waiting.size === 0) break;
      try {
        await readOn();
      } catch (error) {
        log.debug(describeError(error), 'receipts cannot be read now');
      }
      if (!dirty) await alarm.sleep(POLL);
      await sleep(GATHER);
    }
    running = false;
    // What is read next begins anew.
    ring = [];
    start = undefined;
  }

  async function readOn(): Promise<void> {
    dirty = false;
    if (start === undefined) {
      start = await queries.lastReceipt();
      // Something may have been committed since they looked.
      wakeAll();
      return;
    }
    const found = await queries.readReceipts(ring.at(-1)?.position ?? start, PAGE);
    if (found.length === PAGE) dirty = true;
    ring.push(...found);
    const surplus = ring.length - RING;
    if (surplus > 0) start = ring.splice(0, surplus).at(-1)?.position ?? start;
    if (found.length > 0) wakeAll();
  }

  function wakeAll(): void {
    const woken = waiting;
    waiting = new Set();
    for (const resolve of woken) resolve();
  }

  /** Undefined: behind the ring. */
  function fromRing(after: ReceiptPosition): readonly StreamEntry[] | undefined {
    if (start === undefined || comparePositions(after, start) < 0) return undefined;
    // From the end: most watchers have read nearly all of it.
    const index = ring.findLastIndex(({ position }) => comparePositions(position, after) <= 0) + 1;
    return ring.slice(index, index + PAGE);
  }

  async function news(signal: AbortSignal): Promise<void> {
    let done = (): void => {};
    await new Promise<void>((resolve) => {
      done = resolve;
      waiting.add(done);
      for (const each of [signal, stopped.signal]) each.addEventListener('abort', done);
      // What was aborted before does not say so again.
      if (signal.aborted || stopped.signal.aborted) done();
      if (running) alarm.ring();
      else run();
    });
    waiting.delete(done);
    for (const each of [signal, stopped.signal]) each.removeEventListener('abort', done);
  }

  return {
    async next(after, signal) {
      for (;;) {
        await ownTurn();
        if (signal.aborted) return undefined;
        if (stopped.signal.aborted) throw new OnePushError('CORE_UNAVAILABLE');
        const found = fromRing(after) ?? (await queries.readReceipts(after, PAGE));
        if (found.length > 0) return found;
        await news(signal);
      }
    },
    committed() {
      dirty = true;
      alarm.ring();
    },
    stop() {
      stopped.abort();
      alarm.ring();
    },
  };
}
