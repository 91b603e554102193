import { PushCore } from '../gen/onepush/v1/push_core_pb.js';
import type { Receipt } from '../gen/onepush/v1/receipt_pb.js';
import { CallError, follow } from './rpc.js';

/** Answers after which it is of no use to ask again. */
const FINAL = new Set(['unauthenticated', 'permission_denied', 'invalid_argument', 'unimplemented']);
/** Milliseconds before the stream is asked for again: at first, where that fails too, and at the most. */
const SHORT_PAUSE_MS = 250;
const PAUSE_MS = 1000;
const MAX_PAUSE_MS = 30_000;

/**
 * Follows ends of deliveries from now on, over cuts and restarts of the core: none is missed, since each stream goes on
 * where the one before it ended. Returns when it is aborted.
 *
 * @param cut told of what cuts the stream, where it is not there again at once; and of undefined, once it is
 * @throws CallError that would come again
 */
export async function followReceipts(
  signal: AbortSignal,
  take: (receipts: readonly Receipt[]) => void,
  cut: (cause: unknown) => void,
): Promise<void> {
  let position = '';
  let failures = 0;
  while (!signal.aborted) {
    try {
      const request = position === '' ? { fromNow: true } : { position };
      for await (const answer of follow(PushCore.method.watchReceipts, request, signal)) {
        if (failures > 1) cut(undefined);
        failures = 0;
        position = answer.position;
        take(answer.receipts);
      }
      // It never ends by itself: the core has gone, or nothing was said on the connection for long.
      throw new CallError('unreachable', '');
    } catch (cause) {
      if (signal.aborted) return;
      if (cause instanceof CallError && FINAL.has(cause.code)) throw cause;
      failures++;
      if (failures > 1) cut(cause);
      await pause(failures === 1 ? SHORT_PAUSE_MS : Math.min(PAUSE_MS * 2 ** (failures - 2), MAX_PAUSE_MS), signal);
    }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
