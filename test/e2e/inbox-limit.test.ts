import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectDevice } from '../support/device.js';
import { eventually } from '../support/eventually.js';
import { ENDING, endingsOf } from '../support/rows.js';
import { type Stack, startStack } from '../support/stack.js';
import { storeKinds } from '../support/stores.js';
import { newDevice, sendPush, uniqueName } from '../support/users.js';

const LIMIT = 10;

describe.each(storeKinds())('an inbox over its limit, on %s', (store) => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({
      store,
      coreEnv: { ONEPUSH_INBOX_LIMIT: String(LIMIT) },
      edgeEnv: { ONEPUSH_CONFIRM_INTERVAL: '400' },
    });
  });
  afterAll(() => stack.stop());

  /** The pushes whose delivery was evicted. */
  async function evictedOf(ids: readonly string[]): Promise<string[]> {
    const endings = await Promise.all(ids.map((id) => endingsOf(stack.databaseUrl, id)));
    return ids.filter((_, index) => endings[index]?.join() === String(ENDING.evicted));
  }

  /** How many deliveries the core says that it has evicted. */
  function evictedInLog(): number {
    const entries = stack.core.logs().filter((line) => line.includes('over their limit'));
    return entries.reduce((sum, line) => sum + Number(/"deliveries":(\d+)/.exec(line)?.[1]), 0);
  }

  it('loses its oldest deliveries, which are logged and leave receipts, and the newest arrive', async () => {
    const [alias, other] = [uniqueName(), uniqueName()];
    const [deviceId, otherId] = [await newDevice(stack.httpUrl, alias), await newDevice(stack.httpUrl, other)];
    const before = evictedInLog();
    const ids: string[] = [];
    for (let n = 0; n < 25; n++)
      ids.push(await sendPush(stack.httpUrl, { audiences: [alias], needConfirm: n % 2 === 0 }));
    const others: string[] = [];
    for (let n = 0; n < LIMIT; n++) others.push(await sendPush(stack.httpUrl, { audiences: [other] }));
    await eventually(async () => (await evictedOf(ids)).length === 15);
    await eventually(() => evictedInLog() - before === 15);
    expect(await evictedOf(ids)).toEqual(ids.slice(0, 15));
    for (const [id, expected] of [
      [deviceId, ids.slice(15)],
      [otherId, others],
    ] as const) {
      const device = connectDevice(stack.wsUrl, id);
      await device.waitForCount(LIMIT);
      const last = await sendPush(stack.httpUrl, { audienceType: 'DEVICE', audiences: [id] });
      await device.waitForMessage((message) => message.id === last);
      expect(device.messages.map((message) => message.id)).toEqual([...expected, last]);
      await device.close();
    }
    expect(await evictedOf(others)).toEqual([]);
  });

  it('is not sent again what was evicted, and what is left is', async () => {
    const alias = uniqueName();
    const device = connectDevice(stack.wsUrl, await newDevice(stack.httpUrl, alias));
    await device.opened;
    const ids: string[] = [];
    const push = { audiences: [alias], needConfirm: true };
    for (let n = 0; n < LIMIT + 2; n++) ids.push(await sendPush(stack.httpUrl, push));
    const [first = '', second = '', ...left] = ids;
    await eventually(async () => (await evictedOf(ids)).length === 2);
    const times = (id: string) => device.messages.filter((message) => message.id === id).length;
    // What the edge was told before it has handled when this comes.
    const marker = await sendPush(stack.httpUrl, { audiences: [alias] });
    await device.waitForMessage(({ id }) => id === marker);
    const before = [times(first), times(second)];
    const last = left.at(-1) ?? '';
    const already = times(last);
    await device.waitForFrame(() => times(last) > already, 15_000);
    expect([times(first), times(second)]).toEqual(before);
    await device.close();
  });

  it('does not trouble a device that takes what it is sent', async () => {
    const alias = uniqueName();
    const device = connectDevice(stack.wsUrl, await newDevice(stack.httpUrl, alias));
    await device.opened;
    const ids: string[] = [];
    for (let n = 0; n < 3 * LIMIT; n++) {
      ids.push(await sendPush(stack.httpUrl, { audiences: [alias] }));
      await device.waitForCount(ids.length);
    }
    expect(device.messages.map(({ id }) => id)).toEqual(ids);
    const delivered = async () => (await Promise.all(ids.map((id) => endingsOf(stack.databaseUrl, id)))).flat();
    await eventually(async () => (await delivered()).length === ids.length);
    expect(new Set(await delivered())).toEqual(new Set([ENDING.delivered]));
    await device.close();
  });
});
