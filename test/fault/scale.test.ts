import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectDevice, type TestDevice } from '../support/device.js';
import { type Stack, startStack } from '../support/stack.js';
import { storeKinds } from '../support/stores.js';
import { newDevice, sendPush, uniqueName } from '../support/users.js';

/** Runs `work` for 0 … count-1, `width` of them at a time. */
async function inParallel<T>(count: number, width: number, work: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const index = next++;
      results[index] = await work(index);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  return results;
}

describe.each(storeKinds())('many devices on %s', (store) => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ store });
  });
  afterAll(() => stack?.stop());

  async function connectMany(aliases: readonly string[]): Promise<TestDevice[]> {
    return inParallel(aliases.length, 100, async (index) => {
      const deviceId = await newDevice(stack.httpUrl, aliases[index] ?? '');
      const device = connectDevice(stack.wsUrl, deviceId);
      await device.opened;
      return device;
    });
  }

  it('reaches each of 5000 sockets on one edge once with a send to ALL', async () => {
    const devices = await connectMany(Array.from({ length: 5000 }, () => uniqueName()));
    const first = await sendPush(stack.httpUrl, { audiences: 'ALL' });
    const second = await sendPush(stack.httpUrl, { audiences: 'ALL' });
    await Promise.all(devices.map((device) => device.waitForCount(2, 60_000)));
    for (const device of devices) expect(device.messages.map((message) => message.id)).toEqual([first, second]);
    await Promise.all(devices.map((device) => device.close()));
  });

  it('reaches each device once and in order with 20 sends to each of 500 aliases in parallel', async () => {
    const aliases = Array.from({ length: 500 }, () => uniqueName());
    const devices = await connectMany(aliases);
    const sent = await inParallel(500 * 20, 200, (index) =>
      sendPush(stack.httpUrl, { audiences: [aliases[index % 500] ?? ''], alert: String(index % 500) }),
    );
    await Promise.all(devices.map((device) => device.waitForCount(20, 60_000)));
    for (const [index, device] of devices.entries()) {
      const own = sent.filter((_, push) => push % 500 === index).map(Number);
      const received = device.messages.map((message) => Number(message.id));
      expect(received).toEqual(own.toSorted((a, b) => a - b));
      expect(device.messages.every((message) => message.alert === String(index))).toBe(true);
    }
    await Promise.all(devices.map((device) => device.close()));
  });
});
