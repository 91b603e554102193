import { toBinary } from '@bufbuild/protobuf';
import { AudienceSchema, type SendPushRequest, SendPushRequestSchema } from '../gen/onepush/v1/push_pb.js';
import { CallError } from './errors.js';

/** A push without an answer. */
export interface PendingPush {
  readonly reference: number;
  readonly push: SendPushRequest;
}

interface Entry extends PendingPush {
  /** On the wire, or somewhat more. */
  readonly bytes: number;
  /** By performance.now(). */
  readonly deadline: number;
  readonly resolve: (requestId: string) => void;
  readonly reject: (failure: CallError) => void;
}

/**
 * The pushes without an answer, in the order in which they were added: those that wait to be sent, and those that are sent. There
 * are never more than the limit.
 */
export interface PendingPushes {
  readonly size: number;
  readonly waiting: number;
  readonly sent: number;
  /** When one was taken last, by performance.now(). */
  readonly lastSent: number;
  /**
   * Resolves with the request id.
   *
   * @throws CallError RESOURCE_EXHAUSTED when there is no room, CANCELLED when it is closed, INVALID_ARGUMENT when it is too large
   */
  add(push: SendPushRequest, deadline: number): Promise<string>;
  /** The next ones to send; at least one, if any waits. */
  take(pushes: number, bytes: number): PendingPush[];
  /** What is not known, because its time was over, is passed by. */
  answer(reference: number, requestId: string): void;
  fail(reference: number, failure: CallError): void;
  failAll(failure: CallError): void;
  /** It waits again, before all that has not been sent; without a reference, all that is sent does. */
  unsend(reference?: number): void;
  /** Fails what has a deadline before now. */
  expire(now: number): void;
  /** Resolves when one more may be added. */
  room(): Promise<void>;
  /** Nothing more is added; resolves when nothing is pending. */
  close(): Promise<void>;
}

/** The service takes messages of 16 MiB; a push has a few bytes around it. */
const MAX_BYTES = 16 * 1024 * 1024 - 64;
const LARGE = 256 * 1024;

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

    add(push, deadline) {
      if (closed) return Promise.reject(new CallError('CANCELLED', 'The client is closed'));
      if (size() >= limit) return Promise.reject(new CallError('RESOURCE_EXHAUSTED', `${limit} pushes are pending`));
      const bytes = bytesOf(push);
      // Sent with others it would have them fail too.
      if (bytes > MAX_BYTES) return Promise.reject(new CallError('INVALID_ARGUMENT', 'The push is too large'));
      const reference = nextReference;
      nextReference = nextReference === 0xffff_ffff ? 1 : nextReference + 1;
      return new Promise((resolve, reject) => {
        waiting.set(reference, { reference, push, bytes, deadline, resolve, reject });
      });
    },

    take(pushes, bytes) {
      mergeAgain();
      const taken: Entry[] = [];
      let left = bytes;
      for (const entry of waiting.values()) {
        left -= entry.bytes;
        if (taken.length > 0 && (taken.length >= pushes || left < 0)) break;
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
      for (const entry of [...sent.values(), ...waiting.values()]) settle(entry, ({ reject }) => reject(failure));
    },

    unsend(reference) {
      const entries = reference === undefined ? [...sent.values()] : [sent.get(reference)];
      for (const entry of entries) {
        if (entry === undefined) continue;
        sent.delete(entry.reference);
        again.push(entry);
      }
    },

    expire(now) {
      mergeAgain();
      for (const entry of [...sent.values(), ...waiting.values()]) {
        if (entry.deadline > now) continue;
        const late = new CallError('DEADLINE_EXCEEDED', 'The push was not answered in time; it may have been accepted');
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

/** At the most so many bytes a push has on the wire; exactly, where it is large. */
function bytesOf(push: SendPushRequest): number {
  const { audience, alert, extraJson, smsMessage } = push;
  // A UTF-16 unit has at most three bytes; the other texts are short.
  const most = 4000 + 3 * (alert.length + extraJson.length + smsMessage.length) + audienceBytes(audience);
  return most > LARGE ? toBinary(SendPushRequestSchema, push).length : most;
}

function audienceBytes(audience: SendPushRequest['audience']): number {
  const named = audience?.audience;
  if (named?.case === 'everyone') return 0;
  if (named?.case === 'aliases' || named?.case === 'tags') {
    return named.value.values.reduce((sum, { length }) => sum + 3 * length + 6, 0);
  }
  return audience === undefined ? 0 : toBinary(AudienceSchema, audience).length;
}
