import { CallError, cancelled, clientClosed, noTimeLeft, toFinalError } from './errors.js';

/** A push as it goes on the wire. */
export interface EncodedPush {
  /** The push as it goes to the service. */
  readonly bytes: Uint8Array;
  /** Number of its fields, items of lists among them. */
  readonly fields: number;
}

/** A push without an answer. */
export interface PendingPush {
  /** Its number on the stream. */
  readonly reference: number;
  /** The push, with its idempotency key. */
  readonly push: EncodedPush;
}

interface Entry extends PendingPush {
  /** By performance.now(). */
  readonly deadline: number;
  readonly resolve: (requestId: string) => void;
  readonly reject: (failure: CallError) => void;
  /** True if a stream has broken that may have carried it. */
  inDoubt: boolean;
  /** The error that it was sent back with; undefined: none. */
  failure: CallError | undefined;
  /** Looks at its signal no more. */
  leave: (() => void) | undefined;
}

/**
 * The pushes without an answer, in the order in which they were added: those that wait to be sent, and those that are
 * sent. There are never more than the limit.
 */
export interface PendingPushes {
  /** Number of pushes without an answer. */
  readonly size: number;
  /** Number of those that wait to be sent. */
  readonly waiting: number;
  /** Number of those that are sent. */
  readonly sent: number;
  /** Time at which one was taken last, by `performance.now()`. */
  readonly lastSent: number;
  /**
   * Resolves with the request id.
   *
   * @throws CallError RESOURCE_EXHAUSTED when there is no room, CANCELLED when it is closed or the signal is aborted
   */
  add(push: EncodedPush, deadline: number, signal?: AbortSignal): Promise<string>;
  /** The next ones to send, within these bounds; at least one, if any waits. */
  take(most: BatchBounds): PendingPush[];
  /** Resolves a push. One that is not known, because its time was over, is passed by. */
  answer(reference: number, requestId: string): void;
  /** Rejects a push. */
  fail(reference: number, failure: CallError): void;
  /** Rejects all of them. */
  failAll(failure: CallError): void;
  /** It waits again, before all that has not been sent. */
  unsend(reference: number, failure: CallError): void;
  /** All that is sent waits again. */
  unsendAll(failure: CallError): void;
  /**
   * Fails what has a deadline before now.
   *
   * @param failure why nothing could be sent, if that is so
   */
  expire(now: number, failure: CallError | undefined): void;
  /** Resolves when one more may be added. */
  room(): Promise<void>;
  /** Nothing more is added; resolves when nothing is pending. */
  close(): Promise<void>;
}

/** Maximum of what one message carries. */
export interface BatchBounds {
  /** Maximum number of pushes. */
  readonly pushes: number;
  /** Maximum number of bytes, exceeded by at most one push. */
  readonly bytes: number;
  /** Maximum number of fields, exceeded by at most one push. */
  readonly fields: number;
}

/** Returns an empty list. */
export function createPendingPushes(limit: number): PendingPushes {
  // Maps keep the order in which their keys were set.
  let waiting = new Map<number, Entry>();
  const sent = new Map<number, Entry>();
  let again: Entry[] = [];
  let nextReference = 1;
  let lastSent = 0;
  let closed = false;
  let waiters: (() => void)[] = [];

  const size = (): number => waiting.size + sent.size + again.length;

  function settle(entry: Entry, how: (entry: Entry) => void): void {
    sent.delete(entry.reference);
    waiting.delete(entry.reference);
    entry.leave?.();
    how(entry);
    notify();
  }

  function notify(): void {
    const woken = waiters;
    waiters = [];
    for (const resolve of woken) resolve();
  }

  async function until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => waiters.push(resolve));
  }

  function sendBack(entry: Entry, failure: CallError): void {
    entry.inDoubt ||= failure.inDoubt;
    entry.failure = failure;
    sent.delete(entry.reference);
    again.push(entry);
  }

  function lateness(entry: Entry, failure: CallError | undefined): CallError {
    if (entry.inDoubt || sent.has(entry.reference)) {
      const cause = entry.failure ?? failure;
      const message = 'The push was not answered in time; it may have been accepted';
      return new CallError('DEADLINE_EXCEEDED', message, undefined, cause, true);
    }
    const known = entry.failure ?? failure;
    return known ? toFinalError(known, false) : noTimeLeft();
  }

  function onAbort(signal: AbortSignal, entry: Entry): void {
    const abort = (): void => {
      mergeAgain();
      const inDoubt = entry.inDoubt || sent.has(entry.reference);
      settle(entry, ({ reject }) => reject(cancelled(inDoubt)));
    };
    signal.addEventListener('abort', abort, { once: true });
    entry.leave = () => signal.removeEventListener('abort', abort);
  }

  /** Puts what is to be sent again before the rest. */
  function mergeAgain(): void {
    if (again.length === 0) return;
    const first = again.sort((a, b) => a.reference - b.reference).map((entry) => [entry.reference, entry] as const);
    waiting = new Map([...first, ...waiting]);
    again = [];
  }

  return {
    get size() {
      return size();
    },
    get waiting() {
      return waiting.size + again.length;
    },
    get sent() {
      return sent.size;
    },
    get lastSent() {
      return lastSent;
    },

    add(push, deadline, signal) {
      if (closed) return Promise.reject(clientClosed());
      if (signal?.aborted) return Promise.reject(cancelled(false));
      if (size() >= limit) return Promise.reject(new CallError('RESOURCE_EXHAUSTED', `${limit} pushes are pending`));
      const reference = nextReference;
      nextReference = nextReference === 0xffff_ffff ? 1 : nextReference + 1;
      return new Promise((resolve, reject) => {
        const entry: Entry = {
          reference,
          push,
          deadline,
          resolve,
          reject,
          inDoubt: false,
          failure: undefined,
          leave: undefined,
        };
        waiting.set(reference, entry);
        if (signal) onAbort(signal, entry);
      });
    },

    take({ pushes, bytes, fields }) {
      mergeAgain();
      const taken: Entry[] = [];
      let bytesLeft = bytes;
      let fieldsLeft = fields;
      for (const entry of waiting.values()) {
        bytesLeft -= entry.push.bytes.length;
        fieldsLeft -= entry.push.fields;
        if (taken.length > 0 && (taken.length >= pushes || bytesLeft < 0 || fieldsLeft < 0)) break;
        taken.push(entry);
      }
      for (const entry of taken) {
        waiting.delete(entry.reference);
        sent.set(entry.reference, entry);
      }
      if (taken.length > 0) lastSent = performance.now();
      return taken;
    },

    answer(reference, requestId) {
      const entry = sent.get(reference);
      if (entry) settle(entry, ({ resolve }) => resolve(requestId));
    },
    fail(reference, failure) {
      const entry = sent.get(reference);
      if (entry) settle(entry, ({ reject }) => reject(failure));
    },
    failAll(failure) {
      mergeAgain();
      for (const entry of [...sent.values(), ...waiting.values()]) {
        const known = entry.inDoubt && !failure.inDoubt ? toFinalError(failure, true) : failure;
        settle(entry, ({ reject }) => reject(known));
      }
    },

    unsend(reference, failure) {
      const entry = sent.get(reference);
      if (entry) sendBack(entry, failure);
    },
    unsendAll(failure) {
      for (const entry of sent.values()) sendBack(entry, failure);
    },

    expire(now, failure) {
      mergeAgain();
      for (const entry of [...sent.values(), ...waiting.values()]) {
        if (entry.deadline > now) continue;
        const late = lateness(entry, failure);
        settle(entry, ({ reject }) => reject(late));
      }
    },

    room: () => until(() => closed || size() < limit),
    async close() {
      closed = true;
      notify();
      await until(() => size() === 0);
    },
  };
}
