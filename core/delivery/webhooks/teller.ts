import { describeError, type Logger } from '../../../common/logs/log.js';
import { createAlarm } from '../../../common/timers.js';
import type { StreamEntry } from '../../domain/queries.js';
import type { ReceiptPosition } from '../../domain/receipt-position.js';
import type { DeadLetter, Webhook, WebhookLine } from '../../domain/webhook.js';
import type { StoreReader, WebhookProgress } from '../../store/store.js';
import type { ReceiptFeed } from '../receipt-feed.js';
import { type Outcome, outcomeOf } from './answers.js';
import { pauseMs, type WebhookTimes } from './backoff.js';
import { type FindTrace, fromJson, isToldBy, toEvent, toRequest, type WebhookEventText } from './events.js';
import type { ProgressKeeper } from './progress.js';

/**
 * Tells one back end: a request at a time, so that what ended first is told first. Dead letters that are to be sent
 * again come before anything new; where one is refused again, what is new has a turn. In memory it has a page of the
 * stream at the most, and none while it waits.
 */
export interface Teller {
  /** Begins no further request. */
  stop(): void;
  /** Resolves once it was stopped, or has disabled its webhook, and nothing is under way. */
  readonly ended: Promise<void>;
  /** Dead letters may be there that are to be sent again. */
  replay(): void;
  /** The reason for which it may not go on may be gone. */
  recheck(): void;
  /** Returns how far it is, and what it waits for. Times are milliseconds since the epoch. */
  state(): TellerState;
}

/** State of a teller. */
export interface TellerState {
  readonly position: ReceiptPosition;
  /** Null: the last request has succeeded. */
  readonly failingSince: number | null;
  /** Null: it has not disabled its webhook. */
  readonly disabledAt: number | null;
  /** Undefined: it waits for nothing. */
  readonly nextAttemptAt: number | undefined;
  /** Undefined: none waits. */
  readonly oldestUntoldAt: number | undefined;
}

/** Parts that a teller needs. */
export interface TellerOptions {
  readonly webhook: Webhook;
  /** The position to begin behind. */
  readonly from: ReceiptPosition;
  /** Secrets to sign with now. */
  readonly secrets: () => readonly string[];
  readonly line: WebhookLine;
  readonly feed: Pick<ReceiptFeed, 'next'>;
  readonly store: Pick<StoreReader, 'readReplays'>;
  readonly progress: Pick<ProgressKeeper, 'note' | 'keep'>;
  /** Resolves with true if the core and the app may send now. */
  readonly mayTell: () => Promise<boolean>;
  /** Absent: traces are off. */
  readonly findTrace?: FindTrace | undefined;
  /** Told of each request, with the number of its events. */
  readonly observe: (outcome: Outcome['kind'] | 'dead', events: number) => void;
  readonly times: WebhookTimes;
  readonly log: Logger;
  readonly now: () => number;
}

/** Number of times that an event is sent alone before it is a dead letter. */
export const ATTEMPTS = 5;
/** Failures since the start without which none gives up: it may have stood still, or its clock was set. */
const GIVE_UP_FAILURES = 10;
/** Milliseconds before it is looked again whether it may tell, unless it is told so; and whether the store answers. */
const RECHECK_MS = 10_000;
const RETRY_MS = 1000;
/** Milliseconds for which it is looked for something new between two dead letters. */
const TURN_MS = 20;
const NOTHING = { dead: [], taken: [], refused: [] } as const;

/** Returns a teller that has begun. */
export function createTeller(options: TellerOptions): Teller {
  const { webhook, line, feed, store, progress, findTrace, observe, times, log, now } = options;
  const { num, rewinds, maxEvents } = webhook;
  const alarm = createAlarm();
  /** Aborted when something else than the stream is to be looked at. */
  let interrupt = new AbortController();
  let isStopped = false;
  let position = options.from;
  let { failingSince, reason } = webhook;
  let disabledAt: number | null = null;
  let isReplaying = true;
  /** True if it could not be kept what became of dead letters. */
  let isUnkept = false;
  /** True: a dead letter was refused again, and what is new is next. */
  let isNewsTurn = false;
  /** Maximum number of events of a request: fewer where the back end takes too long over more. */
  let most = maxEvents;
  /** The same of the next request. */
  let limit = maxEvents;
  /** Number of failures since the last success. */
  let failures = 0;
  /** The event, and the dead letter, that was refused alone, and how often. */
  const suspects = { news: { id: '', attempts: 0 }, replays: { id: '', attempts: 0 } };
  /** Time to wait before the next request. */
  let restMs = 0;
  let nextAttemptAt: number | undefined;
  let oldestUntoldAt: number | undefined;

  const isOver = (): boolean => isStopped || disabledAt !== null;

  function current(changed: Partial<WebhookProgress> = {}): WebhookProgress {
    return { num, rewinds, position, failingSince, reason, disabledAt, ...NOTHING, ...changed };
  }

  async function pause(ms: number): Promise<void> {
    nextAttemptAt = now() + ms;
    const begun = performance.now();
    // It may be rung for something else.
    for (let left = ms; left > 0 && !isStopped; left = ms - (performance.now() - begun)) {
      await alarm.sleep(left);
    }
    nextAttemptAt = undefined;
  }

  async function send(events: readonly WebhookEventText[]): Promise<Outcome> {
    const answer = await line.post({ url: webhook.url, secrets: options.secrets(), ...toRequest(webhook, events) });
    const outcome = outcomeOf(answer);
    observe(outcome.kind, events.length);
    if (outcome.kind === 'taken') {
      [failures, failingSince, reason] = [0, null, null];
      most = Math.min(maxEvents, most + 1);
      limit = Math.min(most, limit * 2);
    }
    return outcome;
  }

  /** Notes a failure. True: the event, which was sent alone, is a dead letter; its caller keeps that. */
  function isDead(
    outcome: Exclude<Outcome, { kind: 'taken' }>,
    events: readonly WebhookEventText[],
    from: keyof typeof suspects,
  ): boolean {
    // It was cut off, which is no fault of the back end's.
    if (isStopped && outcome.kind === 'unreachable') return false;
    const isLate = outcome.kind === 'unreachable' && outcome.isLate;
    if (events.length > 1 && (isLate || outcome.kind === 'refused')) {
      limit = Math.ceil(events.length / 2);
      if (isLate) most = limit;
      else return false;
    }
    failures++;
    failingSince ??= now();
    reason = outcome.reason;
    if (outcome.kind === 'gone') disable(outcome.reason);
    else if (failures >= GIVE_UP_FAILURES && now() - failingSince >= times.giveUpMs) disable('failing_for_too_long');
    if (disabledAt !== null) return false;
    if (outcome.kind === 'refused') {
      const suspect = suspects[from];
      const [{ id } = suspect] = events;
      Object.assign(suspect, { id, attempts: suspect.id === id ? suspect.attempts + 1 : 1 });
      if (suspect.attempts >= ATTEMPTS) {
        observe('dead', 1);
        return true;
      }
    }
    progress.note(current(), true);
    restMs = pauseMs(failures, outcome.kind === 'unreachable' ? outcome.afterMs : undefined, times);
    return false;
  }

  function disable(why: string): void {
    disabledAt = now();
    reason = why;
    log.warn({ component: 'webhooks', webhook: webhook.id, reason: why }, 'a webhook was disabled');
    progress.note(current(), true);
  }

  function move(to: ReceiptPosition, changed: Partial<WebhookProgress>, isNews: boolean): void {
    position = to;
    progress.note(current(changed), isNews);
  }

  /** Tells what comes next in the stream. */
  async function tellNews(): Promise<void> {
    const isTurn = isNewsTurn;
    isNewsTurn = false;
    const page = await feed.next(position, isTurn ? AbortSignal.timeout(TURN_MS) : interrupt.signal);
    const end = page?.at(-1)?.position;
    if (page === undefined || end === undefined) return;
    const own = page.filter((entry) => isToldBy(webhook, entry));
    if (own.length === 0) return move(end, {}, false);
    await tellPage(own, end, isTurn);
  }

  /** Tells entries in their order, up to the first failure. */
  async function tellPage(own: readonly StreamEntry[], end: ReceiptPosition, isTurn: boolean): Promise<void> {
    const goesOn = (): boolean => !isOver() && (isTurn || !isReplaying);
    for (let start = 0; start < own.length && (await options.mayTell()) && goesOn(); ) {
      const some = own.slice(start, start + limit);
      const events = some.map((entry) => toEvent(entry, findTrace));
      const last = some.at(-1);
      const [first] = events;
      if (first === undefined || last === undefined) return;
      oldestUntoldAt = first.at;
      start += some.length;
      const isLast = start === own.length;
      const outcome = await send(events);
      if (outcome.kind === 'taken') move(isLast ? end : last.position, {}, true);
      else {
        if (!isDead(outcome, events, 'news')) return;
        // With nothing else to tell there is nothing that could succeed.
        if (isLast) failingSince = null;
        const dead = [{ event: first.json, reason: outcome.reason, attempts: ATTEMPTS, failedAt: now() }];
        move(isLast ? end : last.position, { dead }, true);
      }
    }
    if (!isOver()) oldestUntoldAt = undefined;
  }

  /** Sends dead letters again, the oldest first. */
  async function tellReplays(): Promise<void> {
    // Otherwise they would be read, and sent, once more.
    if (isUnkept) await progress.keep(current());
    [isUnkept, isReplaying] = [false, false];
    const letters = await store.readReplays(num, limit).catch((error: unknown) => {
      isReplaying = true;
      throw error;
    });
    const [first] = letters;
    if (first === undefined || isStopped) return;
    isReplaying = true;
    const events = letters.map(({ event }) => fromJson(event));
    const outcome = await send(events);
    // Before the next ones are read.
    isUnkept = true;
    if (outcome.kind === 'taken') await progress.keep(current({ taken: letters.map((letter) => letter.num) }));
    else if (isDead(outcome, events, 'replays')) await progress.keep(current({ refused: [again(first, outcome)] }));
    isUnkept = false;
    isNewsTurn = outcome.kind === 'refused' && events.length === 1;
  }

  function again({ num: letter, attempts: before }: DeadLetter, { reason: why }: { reason: string }) {
    return { num: letter, reason: why, attempts: before + ATTEMPTS, failedAt: now() };
  }

  async function run(): Promise<void> {
    while (!isOver()) {
      try {
        const ms = restMs;
        restMs = 0;
        if (ms > 0) await pause(ms);
        interrupt = new AbortController();
        const isFree = await options.mayTell();
        if (isOver()) break;
        if (!isFree) await alarm.sleep(RECHECK_MS);
        else if (isReplaying && !isNewsTurn) await tellReplays();
        else await tellNews();
      } catch (error) {
        // The store, or the core is about to stop.
        log.debug(describeError(error), 'webhooks: what is to be told cannot be read now');
        if (!isOver()) await alarm.sleep(RETRY_MS);
      }
    }
    nextAttemptAt = undefined;
    // Whoever enables it again is to find it disabled.
    if (disabledAt !== null) await progress.keep(current()).catch(() => {});
  }

  return {
    stop() {
      isStopped = true;
      interrupt.abort();
      alarm.ring();
    },
    ended: run(),
    replay() {
      isReplaying = true;
      interrupt.abort();
    },
    recheck() {
      interrupt.abort();
      alarm.ring();
    },
    state: () => ({ position, failingSince, disabledAt, nextAttemptAt, oldestUntoldAt }),
  };
}
