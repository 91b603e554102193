import { create } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { describe, expect, it } from 'vitest';
import { type OpenWatch, watchReceipts } from '../../../client/receipts.js';
import { WatchReceiptsResponseSchema } from '../../../gen/onepush/v1/receipt_pb.js';

const policy = { firstPauseMs: 1, longestPauseMs: 2 };
const never = new AbortController().signal;
const page = (position: string, ...ids: string[]) =>
  create(WatchReceiptsResponseSchema, { position, receipts: ids.map((requestId) => ({ requestId })) });

/** Ten receipts of numbers; each connection breaks after one message of two. */
function breakingService(): { open: OpenWatch; asked: unknown[] } {
  const asked: unknown[] = [];
  return {
    asked,
    async *open(request) {
      asked.push(request);
      const from = Number(request.position || 0);
      yield page(String(from));
      yield page(String(from + 2), String(from + 1), String(from + 2));
      throw new ConnectError('broken', Code.Unavailable);
    },
  };
}

describe('watching receipts', () => {
  it('goes on from its position when the stream breaks', async () => {
    const { open, asked } = breakingService();
    const positions: string[] = [];
    const got: string[] = [];
    const onPosition = (position: string) => void positions.push(position);
    for await (const { requestId } of watchReceipts(open, { fromNow: true, onPosition }, policy, never)) {
      got.push(requestId);
      if (got.length === 6) break;
    }
    expect(got).toEqual(['1', '2', '3', '4', '5', '6']);
    expect(asked.map((request) => (request as { position: string }).position)).toEqual(['', '2', '4']);
    // What was being taken when the loop ended is not counted as taken.
    expect(positions).toEqual(['0', '2', '2', '4', '4']);
  });

  it('ends with what does not pass', async () => {
    const open: OpenWatch = async function* () {
      yield page('1');
      throw new ConnectError('wrong key', Code.Unauthenticated);
    };
    await expect(watchReceipts(open, {}, policy, never).next()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('ends without an error when its signal or the client does', async () => {
    const controller = new AbortController();
    const open: OpenWatch = async function* (_request, signal) {
      yield page('1', 'a');
      await new Promise((_resolve, reject) => signal.addEventListener('abort', reject));
    };
    const got: string[] = [];
    for await (const { requestId } of watchReceipts(open, {}, policy, controller.signal)) {
      got.push(requestId);
      setImmediate(() => controller.abort());
    }
    expect(got).toEqual(['a']);
  });
});
