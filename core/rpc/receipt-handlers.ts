import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { OnePushError } from '../../common/errors.js';
import { hashSecret } from '../../common/secrets.js';
import { ReceiptSchema, WatchReceiptsResponseSchema } from '../../gen/onepush/v1/receipt_pb.js';
import type { ReceiptEntry } from '../domain/queries.js';
import { OLDEST, type ReceiptPosition } from '../domain/receipt-position.js';
import { authenticate } from './credentials.js';
import type { PushCoreHandlers, ServiceParts } from './handlers.js';
import { toWireState } from './wire-delivery.js';

/** The methods that follow. */
export function createReceiptHandlers({
  registry,
  queries,
  receipts,
}: Pick<ServiceParts, 'registry' | 'queries' | 'receipts'>): Pick<PushCoreHandlers, 'watchReceipts'> {
  return {
    async *watchReceipts(request, { credentials, signal }) {
      const app = await authenticate(registry, credentials);
      let at = OLDEST;
      if (request.position !== '') at = parsePosition(app.num, request.position);
      else if (request.fromNow) at = await queries.lastReceipt();
      yield create(WatchReceiptsResponseSchema, { position: toPosition(app.num, at) });
      for (;;) {
        const found = await receipts.next(at, signal);
        if (found === undefined) return;
        // The app may have been disabled, or its key have ended, since.
        await authenticate(registry, credentials);
        at = found.at(-1)?.position ?? at;
        const own = found.filter(({ appNum }) => appNum === app.num).map(toReceipt);
        if (own.length > 0) {
          yield create(WatchReceiptsResponseSchema, { receipts: own, position: toPosition(app.num, at) });
        }
      }
    },
  };
}

function toReceipt({ position, requestId, deviceId, alias, ending, endedAt }: ReceiptEntry) {
  return create(ReceiptSchema, {
    requestId: String(requestId),
    messageId: String(position.pushId),
    deviceId,
    alias,
    state: toWireState(ending),
    time: timestampFromMs(endedAt),
  });
}

/** Opaque to callers: the numbers, and a check that they are ours and of this app. */
function toPosition(appNum: number, { seq, pushId, deviceNum }: ReceiptPosition): string {
  const numbers = `${seq}.${pushId}.${deviceNum}`;
  return Buffer.from(`${numbers}.${hashSecret(`receipts ${appNum} ${numbers}`).slice(0, 11)}`).toString('base64url');
}

function parsePosition(appNum: number, text: string): ReceiptPosition {
  const [seq = '', pushId = '', deviceNum = ''] = Buffer.from(text, 'base64url').toString().split('.');
  const position = { seq: Number(seq), pushId: Number(pushId), deviceNum: Number(deviceNum) };
  const valid = Object.values(position).every((number) => Number.isSafeInteger(number) && number >= 0);
  if (valid && toPosition(appNum, position) === text) return position;
  const rule = 'must be a position of an earlier stream of this app';
  throw new OnePushError('INVALID_FIELDS', { violations: [{ field: 'position', rule }] });
}
