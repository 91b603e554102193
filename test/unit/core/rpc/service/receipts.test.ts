import { create } from '@bufbuild/protobuf';
import { expect, it } from 'vitest';
import type { ReceiptEntry } from '../../../../../core/domain/queries.js';
import { OLDEST, type ReceiptPosition } from '../../../../../core/domain/receipt-position.js';
import { createAppLimits } from '../../../../../core/registry/app-limits.js';
import type { ServiceParts } from '../../../../../core/rpc/service/handlers.js';
import { createReceiptHandlers } from '../../../../../core/rpc/service/receipts.js';
import { WatchReceiptsRequestSchema } from '../../../../../gen/onepush/v1/receipt_pb.js';
import { appCall } from '../../../../support/callers.js';
import { NO_LIMITS } from '../../../../support/limits.js';

it('a watcher of an app without receipts is told how far it is, so that it need not read all again', async () => {
  const asked: ReceiptPosition[] = [];
  const page = (after: ReceiptPosition): ReceiptEntry[] =>
    Array.from({ length: 500 }, (_, index) => ({
      position: { seq: after.seq + index + 1, pushId: 1, deviceNum: 1 },
      appNum: 2,
      requestId: 1,
      deviceId: 'd',
      alias: 'a',
      state: 'delivered',
      endedAt: 0,
    }));
  const parts = {
    receipts: {
      async next(after: ReceiptPosition) {
        asked.push(after);
        return page(after);
      },
    },
    limits: createAppLimits(NO_LIMITS),
    // The handler uses no more of its parts here.
  } as unknown as ServiceParts;
  const { watchReceipts } = createReceiptHandlers(parts);
  const call = (position: string) =>
    watchReceipts(create(WatchReceiptsRequestSchema, { position }), appCall())[Symbol.asyncIterator]();
  const first = call('');
  expect((await first.next()).value?.receipts).toEqual([]);
  const second = await first.next();
  expect(second.value?.receipts).toEqual([]);
  expect(asked[0]).toEqual(OLDEST);
  const read = asked.length * 500;
  const again = call(second.value?.position ?? '');
  await again.next();
  await again.next();
  expect(asked.find(({ seq }) => seq >= read)).toEqual({ seq: read, pushId: 1, deviceNum: 1 });
});
