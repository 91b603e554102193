import type { WakeMessage, WakeOutcome, WakeTarget } from '../../domain/wake.js';
import type { Channel, ProbeResult } from '../channel.js';
import type { ChannelStatus, CountedOutcome } from '../host.js';
import { createBreaker } from './breaker.js';
import { createPartBreakers } from './part-breakers.js';
import { createPause } from './pause.js';
import { createTokenBucket } from './token-bucket.js';
import { createTokenGate } from './token-gate.js';

/** Limits of one credential. */
export interface Pace {
  /** Messages a second, on average. */
  readonly perSecond: number;
  /** Messages under way at a time. */
  readonly concurrent: number;
}

/**
 * A channel that protects the vendor from us, and an app's tokens from a wrong credential. Answers at once what cannot
 * be sent soon: nothing waits here for longer than `MAX_WAIT_MS`.
 */
export interface ProtectedChannel {
  /** Number of messages that it takes now without making them wait for long; 0: try later. */
  room(): number;
  /** Sends one message, or says why not. Never rejects. */
  send(target: WakeTarget, message: WakeMessage): Promise<WakeOutcome>;
  /** Asks the vendor now; what it answers closes or opens the breaker. */
  probe(): Promise<ProbeResult>;
  /** Returns how it stands. */
  status(): ChannelStatus;
  /** Takes nothing more: what waits is to be tried again, what is under way ends, then the channel is closed. */
  retire(): void;
}

/** Milliseconds that a message waits here at the most. */
const MAX_WAIT_MS = 10_000;
/** Number of bytes that wait here at the most, by the length of texts. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
/** Milliseconds between two questions to a vendor that refuses nearly all tokens. */
const SUSPECT_EVERY_MS = 5 * 60_000;
/** Bytes that a message has at the most, as a rule. */
const TYPICAL_BYTES = 4096;
const SILENT: WakeOutcome = { kind: 'channel_down', reason: 'no_answer' };
/** Milliseconds after which one that found no room may try again. */
const OVERFLOW_MS = 1000;

interface Waiting {
  target: WakeTarget;
  message: WakeMessage;
  bytes: number;
  since: number;
  resolve(outcome: WakeOutcome): void;
}

/** Puts protection around a channel. */
export function protectChannel(options: {
  channel: Channel;
  pace: Pace;
  /** See `ChannelKind`. */
  partOf?: ((target: WakeTarget) => string) | undefined;
  /** Told of each answer of the vendor's, as it is passed on. */
  answered?: (outcome: CountedOutcome, seconds: number) => void;
  /** Told when the breaker opens. */
  opened?: (reason: string) => void;
  /** Told when the vendor refuses nearly all tokens. */
  suspected?: (reason: string) => void;
  /** A number from 0 to 1. */
  random?: () => number;
}): ProtectedChannel {
  const { channel, pace, partOf, answered, random = Math.random } = options;
  const bucket = createTokenBucket(pace.perSecond);
  const gate = createTokenGate();
  const pause = createPause(random);
  const breaker = createBreaker({
    probe: channel.probe,
    opened(reason) {
      options.opened?.(reason);
      flush({ kind: 'channel_down', reason });
    },
  });
  const parts = createPartBreakers((reason) => options.opened?.(reason));
  let waiting: Waiting[] = [];
  let waitingBytes = 0;
  let inFlight = 0;
  let retired = false;
  let timer: NodeJS.Timeout | undefined;
  let lastSuccessAt: number | undefined;
  let lastFailure: { at: number; reason: string } | undefined;
  let suspectAgainAt = 0;
  const throughput = createThroughput();

  function flush(outcome: WakeOutcome): void {
    const flushed = waiting;
    waiting = [];
    waitingBytes = 0;
    for (const { resolve } of flushed) resolve(outcome);
  }

  /** Answers those that have waited for too long: their callers would think that they are lost. */
  function refuseOverdue(): void {
    const oldest = performance.now() - MAX_WAIT_MS;
    for (let first = waiting[0]; first !== undefined && first.since < oldest; first = waiting[0]) {
      take().resolve(overflow());
    }
  }

  function take(): Waiting {
    // Callers have seen that one is there.
    const next = waiting.shift() as Waiting;
    waitingBytes -= next.bytes;
    return next;
  }

  function pump(): void {
    clearTimeout(timer);
    timer = undefined;
    refuseOverdue();
    while (waiting.length > 0 && inFlight < pace.concurrent && breaker.admits() > 0 && bucket.take()) start(take());
    if (waiting.length === 0) return;
    // Otherwise whatever ends next goes on here; but nobody waits for ever.
    timer = setTimeout(pump, inFlight < pace.concurrent ? Math.max(1, bucket.waitMs()) : MAX_WAIT_MS / 4);
    timer.unref();
  }

  async function start({ target, message, resolve }: Waiting): Promise<void> {
    const part = partOf?.(target);
    if (part !== undefined && !parts.admits(part)) return resolve(SILENT);
    inFlight++;
    breaker.begun();
    if (part !== undefined) parts.begun(part);
    const begun = performance.now();
    const answer = await channel.send(target, message);
    inFlight--;
    throughput.ended();
    const outcome = judge(answer, part);
    const isHeld = outcome.kind === 'channel_down' && answer.kind !== 'channel_down';
    answered?.(isHeld ? 'token_held' : outcome.kind, (performance.now() - begun) / 1000);
    resolve(outcome);
    pump();
    if (retired && inFlight === 0) void channel.close();
  }

  /** Takes from an answer what it says about the credential, and returns what the caller is told. */
  function judge(answer: WakeOutcome, part: string | undefined): WakeOutcome {
    const isAsked = !('unasked' in answer);
    if (part !== undefined && answer.kind === 'unknown') parts.unanswered(part);
    else if (part !== undefined && isAsked) parts.answered(part);
    if (answer.kind !== 'accepted' && answer.kind !== 'payload_bad') {
      lastFailure = { at: Date.now(), reason: answer.reason };
    }
    switch (answer.kind) {
      case 'accepted':
        lastSuccessAt = Date.now();
        gate.succeeded();
        pause.ended();
        breaker.worked();
        return answer;
      case 'payload_bad':
        if (isAsked) breaker.worked();
        else breaker.unasked();
        return answer;
      case 'token_dead':
      case 'token_set_aside': {
        const isClosed = breaker.state().kind === 'closed';
        const verdict = gate.refused();
        if (isAsked) breaker.worked();
        else breaker.unasked();
        // Whoever registers tokens that there are not must not stop the others: the vendor decides.
        if (verdict === 'suspect' && performance.now() >= suspectAgainAt) {
          suspectAgainAt = performance.now() + SUSPECT_EVERY_MS;
          options.suspected?.(answer.reason);
          void probe();
        }
        return isClosed && verdict === 'passes' ? answer : { kind: 'channel_down', reason: answer.reason };
      }
      case 'retry': {
        if (isAsked) breaker.worked();
        // It could not be reached: that is no answer to a trial.
        else if (breaker.state().kind !== 'closed') breaker.unanswered();
        if (answer.scope === 'token') return answer;
        pause.begin(answer.afterMs);
        const paused = pausedOutcome(answer.reason);
        flush(paused);
        return paused;
      }
      case 'channel_down':
        breaker.refused(answer.reason);
        return answer;
      case 'unknown':
        if (part === undefined) breaker.unanswered();
        else breaker.unasked();
        return answer;
    }
  }

  async function probe(): Promise<ProbeResult> {
    const answer = await channel.probe();
    breaker.probed(answer);
    if (answer.kind === 'refused') lastFailure = { at: Date.now(), reason: answer.reason };
    return answer;
  }

  /** Not all come back at the same moment. */
  const pausedOutcome = (reason: string): WakeOutcome => {
    return { kind: 'retry', scope: 'channel', afterMs: pause.leftMs() + Math.ceil(random() * OVERFLOW_MS), reason };
  };
  const overflow = (): WakeOutcome => {
    return { kind: 'retry', scope: 'channel', afterMs: Math.ceil((1 + random()) * OVERFLOW_MS), reason: 'no_room' };
  };

  return {
    room() {
      if (retired || pause.leftMs() > 0) return 0;
      // As many as a slow vendor ends in a second or two, and as many as the rate lets through in one.
      const outstanding = Math.max(pace.concurrent, 2 * throughput.perSecond()) - inFlight - waiting.length;
      const byRate = Math.ceil(bucket.available() + pace.perSecond) - waiting.length;
      // Those that can begin at once, and as many as surely fit in wait.
      const bySize = pace.concurrent - inFlight + Math.floor((MAX_WAITING_BYTES - waitingBytes) / TYPICAL_BYTES);
      return Math.max(0, Math.min(outstanding, byRate, bySize, breaker.admits()));
    },
    send(target, message) {
      if (retired) return Promise.resolve(overflow());
      const { kind, reason = '' } = breaker.state();
      if (kind !== 'closed' && breaker.admits() <= waiting.length) {
        return Promise.resolve({ kind: 'channel_down', reason });
      }
      if (pause.leftMs() > 0) return Promise.resolve(pausedOutcome('paused'));
      const bytes = bytesOf(target, message);
      if (waiting.length >= pace.concurrent + Math.ceil(pace.perSecond) || waitingBytes + bytes > MAX_WAITING_BYTES) {
        return Promise.resolve(overflow());
      }
      return new Promise((resolve) => {
        waitingBytes += bytes;
        waiting.push({ target, message, bytes, since: performance.now(), resolve });
        pump();
      });
    },
    probe,
    status() {
      const { kind, reason } = breaker.state();
      return { breaker: kind, breakerReason: reason, queued: waiting.length, inFlight, lastSuccessAt, lastFailure };
    },
    retire() {
      if (retired) return;
      retired = true;
      clearTimeout(timer);
      breaker.stop();
      parts.stop();
      flush(overflow());
      if (inFlight === 0) void channel.close();
    },
  };
}

/** Counts what ended in the last second or two. */
function createThroughput() {
  let second = Math.floor(performance.now() / 1000);
  let current = 0;
  let previous = 0;
  function roll(): void {
    const now = Math.floor(performance.now() / 1000);
    if (now === second) return;
    previous = now === second + 1 ? current : 0;
    current = 0;
    second = now;
  }
  return {
    ended(): void {
      roll();
      current++;
    },
    perSecond(): number {
      roll();
      return Math.max(previous, current);
    },
  };
}

/** About how many bytes it takes while it waits. */
function bytesOf(target: WakeTarget, message: WakeMessage): number {
  const { body, title, image, clickTarget, override } = message;
  const texts = [target.token, body, title, image, clickTarget, override && JSON.stringify(override)];
  return texts.reduce((sum, text) => sum + (text?.length ?? 0) * 2, 500);
}
