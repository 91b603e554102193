import { host, now, type Timer } from './host.js';

/** Times of a heartbeat, in milliseconds. */
export interface HeartbeatTimes {
  /** Silence after which the server is asked whether it is there. Doubles while nobody looks, up to `mostMs`. */
  readonly everyMs: number;
  /** Longest silence. */
  readonly mostMs: number;
  /** Time within which it must answer. */
  readonly answerWithinMs: number;
}

/** Finds out that a connection is dead, of which the network may say nothing. */
export interface Heartbeat {
  /** Something has come. Cheap: no timer is touched. */
  heard(): void;
  /** Asks at once: the device has been asleep, or on another network. */
  check(): void;
  /** Ends it. */
  stop(): void;
}

/** A timer that fires so much later than it was due was asleep with its page, in milliseconds. */
const ASLEEP_MS = 1_000;
/** Part of the time to answer that a check gives. */
const CHECK_SHARE = 0.5;

type State =
  | { readonly name: 'resting'; readonly timer: Timer }
  | { readonly name: 'asking'; readonly timer: Timer; readonly since: number };

/** Returns a heartbeat that has begun, right after something was heard. */
export function startHeartbeat(
  times: HeartbeatTimes,
  parts: {
    /** Asks the server. */
    ask: () => void;
    /** The server has not answered. */
    dead: () => void;
    /** Nobody looks at the page. */
    isHidden: () => boolean;
  },
): Heartbeat {
  let heardAt = now();
  let silenceMs = times.everyMs;
  let state: State = rest(silenceMs);

  function rest(ms: number): State {
    return { name: 'resting', timer: host.setTimeout(wake, ms) };
  }

  function wake(): void {
    const left = heardAt + silenceMs - now();
    if (left > 0) state = rest(left);
    else ask(times.answerWithinMs);
  }

  function ask(withinMs: number): void {
    const since = now();
    state = { name: 'asking', since, timer: host.setTimeout(() => expire(since + withinMs), withinMs) };
    parts.ask();
  }

  function expire(due: number): void {
    // What came during the sleep has not been told yet.
    if (now() - due > ASLEEP_MS) ask(times.answerWithinMs);
    else parts.dead();
  }

  return {
    heard() {
      heardAt = now();
      if (state.name === 'resting') return;
      host.clearTimeout(state.timer);
      silenceMs = parts.isHidden() ? Math.min(silenceMs * 2, times.mostMs) : times.everyMs;
      state = rest(silenceMs);
    },
    check() {
      host.clearTimeout(state.timer);
      ask(times.answerWithinMs * CHECK_SHARE);
    },
    stop: () => host.clearTimeout(state.timer),
  };
}
