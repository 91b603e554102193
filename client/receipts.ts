import type { MessageInitShape } from '@bufbuild/protobuf';
import { type Receipt, WatchReceiptsRequestSchema, type WatchReceiptsResponse } from '../gen/onepush/v1/receipt_pb.js';
import { toCallError } from './errors.js';
import { encodeRequest } from './requests.js';
import { backoffMs, classifyFailure, type RetryPolicy, sleep } from './retry.js';

/** The place where receipts begin, and whoever is told how far they have come. */
export interface WatchOptions {
  /** The position that `onPosition` was given last: goes on after it. */
  readonly position?: string;
  /** Without a position: begin with what ends from now on, not with the oldest receipt that is kept. */
  readonly fromNow?: boolean;
  /** Told when the receipts up to a position have been taken; keep it. It is waited for. */
  readonly onPosition?: (position: string) => void | Promise<void>;
  /** Ends the watch. */
  readonly signal?: AbortSignal;
}

/** One WatchReceipts call. */
export type OpenWatch = (
  request: MessageInitShape<typeof WatchReceiptsRequestSchema>,
  signal: AbortSignal,
) => AsyncIterable<WatchReceiptsResponse>;

/**
 * Receipts for as long as they are asked for, at least once, in the order in which the deliveries ended. When the
 * stream breaks, another one goes on from the last position. Leaving the loop ends the stream.
 *
 * @param closing ends every watch of the client
 * @throws CallError what does not pass by trying again
 */
export async function* watchReceipts(
  open: OpenWatch,
  options: WatchOptions,
  policy: RetryPolicy,
  closing: AbortSignal,
): AsyncGenerator<Receipt> {
  const { fromNow = false, onPosition } = options;
  let position = options.position ?? '';
  // What is no position is no reason to connect.
  encodeRequest(WatchReceiptsRequestSchema, { position, fromNow });
  let failures = 0;
  const left = new AbortController();
  const signal = AbortSignal.any([left.signal, closing, ...(options.signal ? [options.signal] : [])]);
  try {
    while (!signal.aborted) {
      let retryAfterMs: number | undefined;
      try {
        for await (const message of open({ position, fromNow }, signal)) {
          failures = 0;
          yield* message.receipts;
          position = message.position;
          await onPosition?.(position);
        }
      } catch (error) {
        if (signal.aborted) return;
        const failure = toCallError(error);
        if (classifyFailure(failure) === 'hopeless') throw failure;
        retryAfterMs = failure.retryAfterMs;
      }
      failures++;
      // Cut short when the watch ends.
      await sleep(backoffMs(failures, policy, retryAfterMs), signal).catch(() => {});
    }
  } finally {
    left.abort();
  }
}
