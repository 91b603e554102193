import { setImmediate as nextTurn } from 'node:timers/promises';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { SendPushStreamResponse } from '../gen/onepush/v1/push_pb.js';
import { CallError, toCallError, toCodeName } from './errors.js';
import { createPendingPushes, type EncodedPush, type PendingPush } from './pending-pushes.js';
import { backoffMs, classifyFailure, type RetryPolicy, sleep } from './retry.js';

/** Many pushes over one stream, made again when it breaks. */
export interface PushStream {
  /**
   * Resolves with the request id. The push has an idempotency key: it is sent again until it is answered.
   *
   * @throws CallError what it was refused with; after `timeoutMs` DEADLINE_EXCEEDED when it may have been accepted all
   * the same, and otherwise why it could not be sent; RESOURCE_EXHAUSTED when too many are pending: see `room`;
   * CANCELLED by the signal
   */
  send(push: EncodedPush, timeoutMs: number, signal?: AbortSignal): Promise<string>;
  /** Resolves when another push may be sent. */
  room(): Promise<void>;
  /** Takes no more pushes; resolves when all are answered or their time is over. */
  close(): Promise<void>;
}

/**
 * One SendPushStream call, of messages that are encoded. The next one is asked for when there is a connection that
 * takes it: what was not asked for was not sent.
 */
export type OpenStream = (
  messages: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
) => AsyncIterable<SendPushStreamResponse>;

/** Maximum number of pushes of a stream without an answer. */
const MAX_SENT = 2048;
/** One message holds what was sent in one turn of the event loop, up to so much; the service takes 300,000 fields. */
const MAX_BATCH = { pushes: 256, bytes: 4_000_000, fields: 280_000 };
/** A stream that answers nothing for so long, with pushes to answer, is given up, in milliseconds. */
const STALLED_MS = 10_000;
const LOOK_MS = 250;

/** Returns a stream that is opened with the first push. */
export function createPushStream(open: OpenStream, policy: RetryPolicy, maxPending: number): PushStream {
  const pending = createPendingPushes(maxPending);
  let running: Promise<void> | undefined;
  let clock: NodeJS.Timeout | undefined;
  let connection: AbortController | undefined;
  let wake = (): void => {};
  let heard = 0;
  /** Failures in a row, of the stream or of pushes for want of room. */
  let failures = 0;
  let pausedUntil = 0;
  /** The error for which nothing can be sent; undefined once something is answered. */
  let obstacle: CallError | undefined;
  const stopping = new AbortController();

  /** Connects for as long as there is something to send or to hear. */
  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await converse();
        if (!stopping.signal.aborted) throw new CallError('UNAVAILABLE', 'The service ended the stream');
      } catch (error) {
        if (stopping.signal.aborted) return;
        const failure = toCallError(error);
        obstacle = failure;
        pending.unsendAll(failure);
        if (classifyFailure(failure) === 'hopeless' && failure.code !== 'CANCELLED') {
          pending.failAll(failure);
          running = undefined;
          return;
        }
        await pause(failure.retryAfterMs);
      }
    }
  }

  async function converse(): Promise<void> {
    const controller = new AbortController();
    connection = controller;
    heard = performance.now();
    try {
      for await (const { results } of open(outgoing(controller.signal), controller.signal)) {
        heard = performance.now();
        for (const { reference, result } of results) {
          if (result.case === 'requestId') {
            failures = 0;
            obstacle = undefined;
            pending.answer(reference, result.value);
          } else if (result.case === 'failure') {
            const { code, message, detail } = result.value;
            refused(reference, new CallError(toCodeName(code), message, detail));
          }
        }
        wake();
      }
    } finally {
      controller.abort();
      wake();
    }
  }

  function refused(reference: number, failure: CallError): void {
    if (classifyFailure(failure) === 'hopeless') {
      pending.fail(reference, failure);
      return;
    }
    pending.unsend(reference, failure);
    // The pushes that are refused together make one pause.
    if (performance.now() < pausedUntil) return;
    failures++;
    pausedUntil = performance.now() + backoffMs(failures, policy, failure.retryAfterMs);
  }

  async function pause(retryAfterMs: number | undefined): Promise<void> {
    failures++;
    // A stop cuts it short.
    await sleep(backoffMs(failures, policy, retryAfterMs), stopping.signal).catch(() => {});
  }

  /** Makes the messages of the stream; asked for the next one when the connection takes one. */
  async function* outgoing(signal: AbortSignal): AsyncGenerator<Uint8Array> {
    while (!signal.aborted) {
      const wait = pausedUntil - performance.now();
      const room = MAX_SENT - pending.sent;
      if (wait <= 0 && room > 0 && pending.waiting > 0) {
        // What else is sent in this turn of the event loop goes with it.
        await nextTurn();
        // The stream has broken meanwhile: what is taken now would go nowhere.
        if (signal.aborted) return;
        const batch = pending.take({ ...MAX_BATCH, pushes: Math.min(room, MAX_BATCH.pushes) });
        if (batch.length > 0) yield toMessage(batch);
        continue;
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (wait > 0) setTimeout(resolve, wait);
      });
    }
  }

  /** Ends what has waited too long, and a stream that says nothing. */
  function look(): void {
    const now = performance.now();
    pending.expire(now, obstacle);
    if (pending.sent > 0 && now - Math.max(heard, pending.lastSent) > STALLED_MS) connection?.abort();
    if (pending.size === 0) {
      clearInterval(clock);
      clock = undefined;
    }
  }

  return {
    send(push, timeoutMs, signal) {
      const answer = pending.add(push, performance.now() + timeoutMs, signal);
      running ??= run();
      clock ??= setInterval(look, LOOK_MS);
      wake();
      return answer;
    },
    room: () => pending.room(),
    async close() {
      await pending.close();
      stopping.abort();
      connection?.abort();
      wake();
      clearInterval(clock);
      await running;
    },
  };
}

/** A SendPushStreamRequest of pushes that are encoded. */
function toMessage(batch: readonly PendingPush[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const { reference, push } of batch) {
    writer.tag(1, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.Varint).uint32(reference);
    writer.tag(2, WireType.LengthDelimited).bytes(push.bytes);
    writer.join();
  }
  return writer.finish();
}
