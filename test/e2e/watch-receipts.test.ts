import { Code } from '@connectrpc/connect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RegistrationMode } from '../../gen/onepush/v1/app_pb.js';
import { Platform } from '../../gen/onepush/v1/device_pb.js';
import { DeliveryState } from '../../gen/onepush/v1/receipt_pb.js';
import { basic, bearer, failureOf, PROTOCOLS, pushCoreClient } from '../support/rpc.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { uniqueName } from '../support/users.js';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());
const app = basic(TEST_APP.appId, TEST_APP.appKey);

/** Pushes to a new device and recalls it: one receipt. */
async function recalled(appId: string = TEST_APP.appId, credentials = app): Promise<string> {
  const client = pushCoreClient(stack, 'connect');
  const alias = uniqueName();
  await client.registerDevice({ appId, alias, platform: Platform.WEB, nativeToken: uniqueName() });
  const audience = { audience: { case: 'aliases' as const, value: { values: [alias] } } };
  const { requestId } = await client.sendPush({ audience, alert: 'x' }, credentials);
  await client.recallPush({ requestId }, credentials);
  return requestId;
}

/** Pushes to many devices and recalls it: as many receipts each time. */
async function manyRecalled(devices: number, times: number): Promise<void> {
  const client = pushCoreClient(stack, 'connect');
  const alias = uniqueName();
  const registration = { appId: TEST_APP.appId, alias, platform: Platform.WEB };
  await Promise.all(
    Array.from({ length: devices }, () => client.registerDevice({ ...registration, nativeToken: uniqueName() })),
  );
  const audience = { audience: { case: 'aliases' as const, value: { values: [alias] } } };
  for (let time = 0; time < times; time++) {
    const { requestId } = await client.sendPush({ audience, alert: 'x' }, app);
    await client.recallPush({ requestId }, app);
  }
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

  it('come to a caller that did not read for long, all of them', async () => {
    const client = pushCoreClient(stack, protocol);
    const abort = new AbortController();
    const options = { ...app, signal: abort.signal };
    const stream = client.watchReceipts({ fromNow: true }, options)[Symbol.asyncIterator]();
    await stream.next();
    // More than the connection holds.
    const [devices, times] = [200, 20];
    await manyRecalled(devices, times);
    const found = new Set<string>();
    while (found.size < devices * times) {
      const { value, done } = await stream.next();
      expect(done).toBe(false);
      for (const { messageId, deviceId } of value?.receipts ?? []) found.add(`${messageId} ${deviceId}`);
    }
    abort.abort();
    await stream.next().catch(() => {});
  });

  it('are those of the calling app, and so is a position', async () => {
    const client = pushCoreClient(stack, protocol);
    const { id, appKey } = await client.createApp(
      { name: 'other', registration: RegistrationMode.OPEN },
      bearer(stack.adminToken),
    );
    const abort = new AbortController();
    const options = { ...basic(id, appKey), signal: abort.signal };
    const stream = client.watchReceipts({ fromNow: true }, options)[Symbol.asyncIterator]();
    const begin = await stream.next();
    await recalled();
    const own = await recalled(id, basic(id, appKey));
    const next = await stream.next();
    expect(next.value?.receipts).toMatchObject([{ requestId: own }]);
    abort.abort();
    await stream.next().catch(() => {});
    const foreign = client.watchReceipts({ position: begin.value?.position ?? '' }, app)[Symbol.asyncIterator]();
    expect((await failureOf(foreign.next())).code).toBe(Code.InvalidArgument);
  });

  it('refuse a position that is not theirs', async () => {
    const stream = pushCoreClient(stack, protocol).watchReceipts({ position: 'abc' }, app)[Symbol.asyncIterator]();
    expect((await failureOf(stream.next())).code).toBe(Code.InvalidArgument);
  });
});
