import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Audience, createAudience } from '../support/audience.js';
import { connectDevice, type TestDevice } from '../support/device.js';
import { ENDING, endingsOf } from '../support/rows.js';
import { type Stack, startStack } from '../support/stack.js';
import { sendPush } from '../support/users.js';

const INTERVAL = 100;
let stack: Stack;
let audience: Audience;
beforeAll(async () => {
  stack = await startStack({ edgeEnv: { ONEPUSH_CONFIRM_INTERVAL: String(INTERVAL) } });
});
afterAll(() => stack.stop());
beforeEach(() => {
  audience = createAudience(stack);
});
afterEach(() => audience.close());

const framesOf = (device: TestDevice, id: string): string[] =>
  device.frames.filter((frame) => frame.startsWith(`{"id":"${id}"`));

/** Until the device has had the message so many times. */
async function had(device: TestDevice, id: string, times: number): Promise<void> {
  await device.waitForFrame(() => framesOf(device, id).length >= times);
}

/** The push to a user, or to everyone. */
const to = (kind: string, alias: string) => ({ audiences: kind === 'everyone' ? ('ALL' as const) : [alias] });

/** Sends something else and lets it be repeated: what is still repeated of the rest comes meanwhile. */
async function repeatAnother(alias: string, device: TestDevice): Promise<void> {
  const other = await sendPush(stack.httpUrl, { audiences: [alias], needConfirm: true });
  await had(device, other, 4);
  device.send(`CFM:${other}`);
}

describe('a message that must be confirmed', () => {
  it.each(['a user', 'everyone'])(
    'comes again at growing intervals until it is confirmed, sent to %s',
    async (kind) => {
      const { alias, device } = await audience.listen();
      const start = performance.now();
      const id = await sendPush(stack.httpUrl, { ...to(kind, alias), needConfirm: true });
      for (const [times, after] of [
        [2, 1],
        [3, 3],
        [4, 7],
      ] as const) {
        await had(device, id, times);
        // Never earlier than the intervals before it, together.
        expect(performance.now() - start).toBeGreaterThanOrEqual(after * INTERVAL - 10);
      }
      device.send(`CFM:${id}`);
      device.send('HBT');
      await device.waitForFrame((frame) => frame === 'ACK1');
      const before = framesOf(device, id).length;
      await repeatAnother(alias, device);
      expect(framesOf(device, id)).toHaveLength(before);
    },
  );

  it('holds up no other message', async () => {
    const { alias, device } = await audience.listen();
    const id = await sendPush(stack.httpUrl, { audiences: [alias], needConfirm: true });
    const others: string[] = [];
    for (let times = 1; times <= 4; times++) {
      await had(device, id, times);
      others.push(await sendPush(stack.httpUrl, { audiences: [alias] }));
      others.push(await sendPush(stack.httpUrl, { audiences: 'ALL' }));
      await had(device, others.at(-1) ?? '', 1);
    }
    const rest = device.messages.map((message) => message.id).filter((message) => message !== id);
    expect(rest).toEqual(others);
    expect(framesOf(device, id).length).toBeLessThan(12);
  });

  it.each(['a user', 'everyone'])('comes again to IOS as IOS gets it, sent to %s', async (kind) => {
    const [ios, android] = [await audience.listen({ platform: 'IOS' }), await audience.listen()];
    const push = { ...to(kind, ios.alias), needConfirm: true, sound: 'bell', badge: 3 };
    const id = await sendPush(stack.httpUrl, push);
    await had(ios.device, id, 3);
    const frames = framesOf(ios.device, id);
    expect(new Set(frames).size).toBe(1);
    expect(JSON.parse(frames[0] ?? '')).toMatchObject({ sound: 'bell', badge: 3 });
    if (kind === 'everyone') {
      await had(android.device, id, 2);
      expect(framesOf(android.device, id).join()).not.toContain('bell');
    }
  });

  it('is repeated to one device when another has confirmed it', async () => {
    const [one, two] = [await audience.listen(), await audience.listen()];
    const id = await sendPush(stack.httpUrl, { audiences: [one.alias, two.alias], needConfirm: true });
    await Promise.all([had(one.device, id, 1), had(two.device, id, 1)]);
    one.device.send(`CFM:${id}`);
    one.device.send('HBT');
    await one.device.waitForFrame((frame) => frame === 'ACK1');
    const before = framesOf(one.device, id).length;
    await had(two.device, id, framesOf(two.device, id).length + 2);
    expect(framesOf(one.device, id)).toHaveLength(before);
    // Somebody else's confirmation is nothing.
    one.device.send(`CFM:${id}`);
    await had(two.device, id, framesOf(two.device, id).length + 1);
    expect(await endingsOf(stack.databaseUrl, id)).toEqual([ENDING.confirmed]);
  });

  it('comes again after a reconnect, oldest first, and is then repeated', async () => {
    const { alias, deviceId, device } = await audience.listen();
    const ids: string[] = [];
    for (const kind of ['a user', 'everyone', 'a user', 'everyone'])
      ids.push(await sendPush(stack.httpUrl, { ...to(kind, alias), needConfirm: true }));
    await had(device, ids[3] ?? '', 2);
    device.send(`CFM:${ids[2]}`);
    await device.close();
    const again = connectDevice(stack.wsUrl, deviceId);
    const left = [ids[0], ids[1], ids[3]] as [string, string, string];
    await had(again, left[2], 1);
    expect(again.messages.slice(0, 3).map(({ id }) => id)).toEqual(left);
    for (const id of left) await had(again, id, 3);
    for (const id of left) again.send(`CFM:${id}`);
    await again.close();
    const last = connectDevice(stack.wsUrl, deviceId);
    await last.opened;
    await repeatAnother(alias, last);
    expect(last.messages.filter(({ id }) => ids.includes(id))).toEqual([]);
    await last.close();
  });

  it('comes again on a socket that has survived the core, and can be confirmed to the next one', async () => {
    const { alias, deviceId, device } = await audience.listen();
    const directed = await sendPush(stack.httpUrl, { audiences: [alias], needConfirm: true });
    const broadcast = await sendPush(stack.httpUrl, { audiences: 'ALL', needConfirm: true });
    await had(device, broadcast, 2);
    await stack.core.kill();
    await stack.restartCore();
    await stack.waitUntilReady();
    const before = framesOf(device, directed).length;
    await Promise.all([had(device, directed, before + 1), had(device, broadcast, before + 1)]);
    for (const id of [directed, broadcast]) device.send(`CFM:${id}`);
    await repeatAnother(alias, device);
    await device.close();
    const again = connectDevice(stack.wsUrl, deviceId);
    const last = await sendPush(stack.httpUrl, { audiences: [alias] });
    await again.waitForMessage(({ id }) => id === last);
    expect(again.messages.map(({ id }) => id)).toEqual([last]);
    await again.close();
  });
});
