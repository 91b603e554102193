import type { ProbeResult } from '../channel.js';
import type { BreakerState } from '../host.js';

/** A circuit breaker: after it has opened it asks the vendor from time to time, and closes when the vendor agrees. */
export interface Breaker {
  /** Returns the number of messages that it lets through now. */
  admits(): number;
  /** A message is handed over; the only one, where it is a trial. */
  begun(): void;
  /** The vendor answered in a way that shows that the credential works. */
  worked(): void;
  /** The vendor refuses the credential. */
  refused(reason: string): void;
  /** No answer came, and nobody knows why. Only several of these without an answer between them open it. */
  unanswered(): void;
  /** A message ended without asking the vendor: it says nothing, and another one may be the trial. */
  unasked(): void;
  /** The vendor was asked beside all this. */
  probed(answer: ProbeResult): void;
  /** Returns its state, and why it has opened. */
  state(): { readonly kind: BreakerState; readonly reason?: string | undefined };
  /** Stops asking. */
  stop(): void;
}

type State =
  | { kind: 'closed' }
  | { kind: 'open'; reason: string; timer: NodeJS.Timeout }
  | { kind: 'probing'; reason: string }
  /** The vendor has no probe: one message is the trial. */
  | { kind: 'trial'; reason: string; underWay: boolean };

/** Milliseconds from a refusal to the next question. */
const REFUSED_MS = 5 * 60_000;
/** So many messages without an answer, one after the other, are a vendor that does not answer. */
const UNANSWERED = 10;
/** Milliseconds until a vendor that did not answer is asked for the first time; doubled from time to time. */
const UNANSWERED_MS = 15_000;

/** Returns a closed breaker. */
export function createBreaker(options: {
  /** Asks the vendor; must not reject. */
  probe: () => Promise<ProbeResult>;
  /** Told when it opens: nothing that waits will go through. */
  opened: (reason: string) => void;
}): Breaker {
  const { opened } = options;
  let state: State = { kind: 'closed' };
  let unanswered = 0;
  let silences = 0;
  let stopped = false;

  function open(reason: string, waitMs: number): void {
    clear();
    if (stopped) return;
    unanswered = 0;
    state = { kind: 'open', reason, timer: setTimeout(() => void ask(reason), waitMs) };
    state.timer.unref();
    opened(reason);
  }

  const silent = (reason: string): void =>
    open(reason, Math.min(REFUSED_MS, UNANSWERED_MS * 2 ** Math.min(silences++, 10)));

  async function ask(reason: string): Promise<void> {
    const probing: State = { kind: 'probing', reason };
    state = probing;
    const answer = await options.probe();
    // Something else may have been decided meanwhile.
    if (state === probing) decide(answer, reason);
  }

  function decide(answer: ProbeResult, reason: string): void {
    if (answer.kind === 'ok') close();
    else if (answer.kind === 'refused') open(answer.reason, REFUSED_MS);
    else if (answer.kind === 'unreachable') silent(answer.reason);
    else state = { kind: 'trial', reason, underWay: false };
  }

  function close(): void {
    clear();
    unanswered = 0;
    silences = 0;
    state = { kind: 'closed' };
  }

  function clear(): void {
    if (state.kind === 'open') clearTimeout(state.timer);
  }

  return {
    admits() {
      if (state.kind === 'closed') return Number.POSITIVE_INFINITY;
      return state.kind === 'trial' && !state.underWay ? 1 : 0;
    },
    begun() {
      if (state.kind === 'trial') state.underWay = true;
    },
    worked() {
      unanswered = 0;
      // An answer to what was sent before it opened says nothing.
      if (state.kind === 'closed') silences = 0;
      else if (state.kind === 'trial') close();
    },
    refused(reason) {
      if (state.kind === 'closed' || state.kind === 'trial') open(reason, REFUSED_MS);
    },
    unanswered() {
      if (state.kind === 'closed') unanswered++;
      if (state.kind === 'trial' || unanswered >= UNANSWERED) silent('no_answer');
    },
    unasked() {
      if (state.kind === 'trial') state.underWay = false;
    },
    probed(answer) {
      if (answer.kind === 'ok') close();
      else if (answer.kind === 'refused') open(answer.reason, REFUSED_MS);
    },
    state() {
      if (state.kind === 'closed') return { kind: 'closed' };
      return { kind: state.kind === 'open' ? 'open' : 'half_open', reason: state.reason };
    },
    stop() {
      stopped = true;
      clear();
    },
  };
}
