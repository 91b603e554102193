import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { OnePushError } from '../../../common/errors.js';
import {
  ReceiptSchema,
  type WatchReceiptsRequest,
  type WatchReceiptsResponse,
  WatchReceiptsResponseSchema,
} from '../../../gen/onepush/v1/receipt_pb.js';
import { WakeReceiptSchema } from '../../../gen/onepush/v1/wake_pb.js';
import type { App } from '../../domain/app.js';
import type { ReceiptEntry, StreamEntry, WakeEntry } from '../../domain/queries.js';
import { OLDEST, type ReceiptPosition } from '../../domain/receipt-position.js';
import { toWireState } from '../wire/delivery.js';
import { toWireWake } from '../wire/wake.js';
import type { Admission } from './admission.js';
import { appOf } from './caller.js';
import type { PushCoreHandlers, ServiceParts } from './handlers.js';
import { parseToken, toToken } from './page-tokens.js';

/**
 * After so many receipts of other apps a watcher is told where it is: else it would read them all again when it comes
 * back.
 */
const FOREIGN = 2000;

/** Milliseconds after which a stream without receipts is asked whether it may go on. */
const RECHECK_MS = 2000;
type QuietOrEnd = 'quiet' | 'ended';

/** The methods that follow. */
export function createReceiptHandlers({
  queries,
  receipts,
  limits,
}: Pick<ServiceParts, 'queries' | 'receipts' | 'limits'>): Pick<PushCoreHandlers, 'watchReceipts'> {
  return {
    async *watchReceipts(request, { caller, readmit, signal }) {
      const app = appOf(caller);
      const ended = limits.open(app, 'receiptStreams');
      try {
        yield* follow(app, request, readmit, signal);
      } finally {
        ended();
      }
    },
  };

  /** 'quiet': there were none for a while. */
  async function nextReceipts(at: ReceiptPosition, signal: AbortSignal): Promise<readonly StreamEntry[] | QuietOrEnd> {
    const pause = new AbortController();
    const timer = setTimeout(() => pause.abort(), RECHECK_MS);
    try {
      const found = await receipts.next(at, AbortSignal.any([signal, pause.signal]));
      return found ?? (signal.aborted ? 'ended' : 'quiet');
    } finally {
      clearTimeout(timer);
    }
  }

  async function* follow(
    app: App,
    request: WatchReceiptsRequest,
    readmit: Admission['readmit'],
    signal: AbortSignal,
  ): AsyncGenerator<WatchReceiptsResponse> {
    let at = OLDEST;
    if (request.position !== '') at = parsePosition(app.num, request.position);
    else if (request.fromNow) at = await queries.lastReceipt();
    yield create(WatchReceiptsResponseSchema, { position: toPosition(app.num, at) });
    let passed = 0;
    for (;;) {
      const found = await nextReceipts(at, signal);
      if (found === 'ended') return;
      // The app may have been disabled, or its key have ended, since.
      await readmit();
      if (found === 'quiet') continue;
      at = found.at(-1)?.position ?? at;
      const own = found.filter(({ appNum }) => appNum === app.num);
      const ended = own.filter((entry): entry is ReceiptEntry => !isWake(entry)).map(toReceipt);
      const wakes = request.includeWakes ? own.filter(isWake).map(toWakeReceipt) : [];
      passed += found.length;
      if (ended.length + wakes.length > 0 || passed >= FOREIGN) {
        passed = 0;
        yield create(WatchReceiptsResponseSchema, { receipts: ended, wakes, position: toPosition(app.num, at) });
      }
    }
  }
}

function isWake(entry: StreamEntry): entry is WakeEntry {
  return 'wake' in entry;
}

function toWakeReceipt({ position, requestId, deviceId, alias, wake }: WakeEntry) {
  const message = { requestId: String(requestId), messageId: String(position.pushId), deviceId, alias };
  return create(WakeReceiptSchema, { ...message, wake: toWireWake(wake) });
}

function toReceipt({ position, requestId, deviceId, alias, state, endedAt }: ReceiptEntry) {
  return create(ReceiptSchema, {
    requestId: String(requestId),
    messageId: String(position.pushId),
    deviceId,
    alias,
    state: toWireState(state),
    time: timestampFromMs(endedAt),
  });
}

/** Returns the name of the listing that positions are of: an app's are none of another's. */
function listingOf(appNum: number): string {
  return `receipts ${appNum}`;
}

function toPosition(appNum: number, { seq, pushId, deviceNum }: ReceiptPosition): string {
  return toToken(listingOf(appNum), [seq, pushId, deviceNum]);
}

function parsePosition(appNum: number, text: string): ReceiptPosition {
  const [seq, pushId, deviceNum] = parseToken(listingOf(appNum), text) ?? [];
  if (seq !== undefined && pushId !== undefined && deviceNum !== undefined) return { seq, pushId, deviceNum };
  const rule = 'must be a position of an earlier stream of this app';
  throw new OnePushError('INVALID_FIELDS', { violations: [{ field: 'position', rule }] });
}
