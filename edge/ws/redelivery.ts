import type { SocketSession, Unconfirmed } from './session.js';

/**
 * Sends messages that must be confirmed again, until they are: after the first interval, then at doubling ones up to
 * five minutes. Costs nothing for sessions that have nothing to confirm: a queue for each interval is in the order of
 * its due times by itself, so there is one timer, and each message is looked at only when it is due.
 */
export interface Redelivery {
  /** A message that must be confirmed was sent. `frame` is kept until the message is confirmed or expires. */
  sent(session: SocketSession, pushId: number, frame: Uint8Array, until: number): void;
  /** The device has confirmed the message, or it is for it no more. */
  ended(session: SocketSession, pushId: number): void;
  /** The session is gone: the next one is sent what is unconfirmed. */
  forget(session: SocketSession): void;
  /** A push is not sent again to anybody. */
  recalled(pushId: number): void;
  /** The pushes that are kept, each once. */
  unconfirmedPushes(): number[];
  /** Number of bytes of frames that are kept. */
  keptBytes(): number;
  /** Sends nothing again any more. */
  stop(): void;
}

const LONGEST = 300_000;
/** Beyond so many bytes of kept frames, messages come again only with the next session. */
const MAX_KEPT_BYTES = 128 * 1024 * 1024;

/** Returns a redelivery with nothing to send. */
export function createRedelivery(options: {
  /** Milliseconds until a message is sent again for the first time. */
  firstInterval: number;
  /** Sends the frame, or does nothing if the session cannot take it now. */
  resend: (session: SocketSession, pushId: number, frame: Uint8Array) => void;
  now?: () => number;
}): Redelivery {
  const { firstInterval, resend, now = Date.now } = options;
  const levels: { interval: number; queue: Unconfirmed[]; head: number }[] = [];
  for (let interval = firstInterval; ; interval *= 2) {
    levels.push({ interval: Math.min(interval, LONGEST), queue: [], head: 0 });
    if (interval >= LONGEST) break;
  }
  let keptBytes = 0;
  /** Number of sessions for which each push is kept. */
  const pushes = new Map<number, number>();
  let timer: NodeJS.Timeout | undefined;
  let timerDue = Number.POSITIVE_INFINITY;
  const clock = () => performance.now();

  function drop(message: Unconfirmed): void {
    if (message.frame === undefined) return;
    keptBytes -= message.frame.length;
    message.frame = undefined;
    message.session.unconfirmed?.delete(message.pushId);
    const left = (pushes.get(message.pushId) ?? 0) - 1;
    if (left > 0) pushes.set(message.pushId, left);
    else pushes.delete(message.pushId);
  }

  function enqueue(message: Unconfirmed, level: number): void {
    const at = levels[Math.min(level, levels.length - 1)];
    if (at === undefined) return;
    message.dueAt = clock() + at.interval;
    at.queue.push(message);
    if (message.dueAt < timerDue) schedule(message.dueAt);
  }

  function schedule(dueAt: number): void {
    clearTimeout(timer);
    timerDue = dueAt;
    timer = dueAt === Number.POSITIVE_INFINITY ? undefined : setTimeout(run, Math.max(1, Math.ceil(dueAt - clock())));
  }

  function run(): void {
    timerDue = Number.POSITIVE_INFINITY;
    let next = Number.POSITIVE_INFINITY;
    for (const [index, level] of levels.entries()) {
      for (;;) {
        const message = level.queue[level.head];
        if (message === undefined) break;
        if (message.frame !== undefined && message.dueAt > clock()) {
          next = Math.min(next, message.dueAt);
          break;
        }
        level.head++;
        if (message.frame === undefined) continue;
        if (message.until <= now()) {
          drop(message);
          continue;
        }
        resend(message.session, message.pushId, message.frame);
        enqueue(message, index + 1);
      }
      // What is before the head has been handled.
      if (level.head > 1024 && level.head * 2 > level.queue.length) {
        level.queue = level.queue.slice(level.head);
        level.head = 0;
      }
    }
    schedule(Math.min(next, timerDue));
  }

  return {
    sent(session, pushId, frame, until) {
      if (session.unconfirmed?.has(pushId) || keptBytes + frame.length > MAX_KEPT_BYTES) return;
      session.unconfirmed ??= new Map();
      const message: Unconfirmed = { session, pushId, frame, until, dueAt: 0 };
      session.unconfirmed.set(pushId, message);
      keptBytes += frame.length;
      pushes.set(pushId, (pushes.get(pushId) ?? 0) + 1);
      enqueue(message, 0);
    },
    ended(session, pushId) {
      const message = session.unconfirmed?.get(pushId);
      if (message !== undefined) drop(message);
    },
    forget(session) {
      for (const message of session.unconfirmed?.values() ?? []) drop(message);
    },
    recalled(pushId) {
      // Most pushes that are recalled or replaced need no confirmation: nothing is walked for them.
      if (!pushes.has(pushId)) return;
      for (const { queue } of levels) for (const message of queue) if (message.pushId === pushId) drop(message);
    },
    unconfirmedPushes: () => [...pushes.keys()],
    keptBytes: () => keptBytes,
    stop() {
      clearTimeout(timer);
    },
  };
}
