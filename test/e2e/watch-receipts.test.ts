import { Code } from '@connectrpc/connect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Platform } from '../../gen/onepush/v1/device_pb.js';
import { DeliveryState } from '../../gen/onepush/v1/receipt_pb.js';
import { basic, failureOf, PROTOCOLS, pushCoreClient } from '../support/rpc.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { uniqueName } from '../support/users.js';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());
const app = basic(TEST_APP.appId, TEST_APP.appKey);

/** Pushes to a new device and recalls it: one receipt. */
async function recalled(): Promise<string> {
  const client = pushCoreClient(stack, 'connect');
  const alias = uniqueName();
  await client.registerDevice({ appId: TEST_APP.appId, alias, platform: Platform.WEB, nativeToken: uniqueName() });
  const audience = { audience: { case: 'aliases' as const, value: { values: [alias] } } };
  const { requestId } = await client.sendPush({ audience, alert: 'x' }, app);
  await client.recallPush({ requestId }, app);
  return requestId;
}

describe.each(PROTOCOLS)('receipts over %s', (protocol) => {
  it('come as they are committed, and from a position after the core was killed', async () => {
    const abort = new AbortController();
    const options = { ...app, signal: abort.signal };
    const stream = pushCoreClient(stack, protocol).watchReceipts({ fromNow: true }, options)[Symbol.asyncIterator]();
    const first = await stream.next();
    expect(first.value?.receipts).toEqual([]);
    const before = await recalled();
    const second = await stream.next();
    expect(second.value?.receipts).toMatchObject([{ requestId: before, state: DeliveryState.RECALLED }]);
    abort.abort();
    await stream.next().catch(() => {});
    const missed = await recalled();
    await stack.core.kill();
    await stack.restartCore();
    await stack.waitUntilReady();
    const found: string[] = [];
    for await (const { receipts } of pushCoreClient(stack, protocol).watchReceipts(
      { position: second.value?.position ?? '' },
      app,
    )) {
      found.push(...receipts.map(({ requestId }) => requestId));
      if (found.length > 0) break;
    }
    expect(found).toEqual([missed]);
  });

  it('refuse a position that is not theirs', async () => {
    const stream = pushCoreClient(stack, protocol).watchReceipts({ position: 'abc' }, app)[Symbol.asyncIterator]();
    expect((await failureOf(stream.next())).code).toBe(Code.InvalidArgument);
  });
});
