import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectDevice } from '../support/device.js';
import { connectRawDevice } from '../support/raw-device.js';
import { type Stack, startStack } from '../support/stack.js';
import { storeKinds } from '../support/stores.js';
import { newDevice, sendPush, uniqueName } from '../support/users.js';

/** Together far more than the kernel takes for a socket that nobody reads. */
const MESSAGES = 300;
const LARGE = 'x'.repeat(60_000);

describe.each(storeKinds())('a device that does not read, on %s', (store) => {
  let stack: Stack;
  beforeAll(async () => {
    // It may take minutes until it reads again.
    stack = await startStack({ store, edgeEnv: { ONEPUSH_PONG_TIMEOUT: '300' } });
  });
  afterAll(() => stack?.stop());

  it('gets all of it, once and in order, when it reads again, and holds up nobody', async () => {
    const [slowAlias, quickAlias] = [uniqueName(), uniqueName()];
    const slow = connectDevice(stack.wsUrl, await newDevice(stack.httpUrl, slowAlias));
    const quick = connectDevice(stack.wsUrl, await newDevice(stack.httpUrl, quickAlias));
    await Promise.all([slow.opened, quick.opened]);
    slow.pause();
    const sent: string[] = [];
    for (let n = 0; n < MESSAGES; n++) {
      const audiences = n % 10 === 0 ? ('ALL' as const) : [slowAlias, quickAlias];
      sent.push(await sendPush(stack.httpUrl, { audiences, alert: LARGE }));
    }
    await quick.waitForCount(MESSAGES);
    expect(quick.messages.map((message) => message.id)).toEqual(sent);
    expect(slow.messages).toHaveLength(0);

    slow.resume();
    await slow.waitForCount(MESSAGES, 60_000);
    const live = await sendPush(stack.httpUrl, { audiences: [slowAlias] });
    await slow.waitForMessage((message) => message.id === live);
    expect(slow.messages.map((message) => message.id)).toEqual([...sent, live]);
    await Promise.all([slow.close(), quick.close()]);
  });

  it('keeps its messages when it never reads again', async () => {
    const alias = uniqueName();
    const deviceId = await newDevice(stack.httpUrl, alias);
    const dead = connectDevice(stack.wsUrl, deviceId);
    await dead.opened;
    dead.pause();
    const sent: string[] = [];
    for (let n = 0; n < MESSAGES; n++) sent.push(await sendPush(stack.httpUrl, { audiences: [alias], alert: LARGE }));
    dead.terminate();
    const again = connectDevice(stack.wsUrl, deviceId);
    const last = await sendPush(stack.httpUrl, { audiences: [alias] });
    await again.waitForMessage((message) => message.id === last, 60_000);
    // Whatever the kernel had taken for the dead socket, all of it comes.
    expect(again.messages.map((message) => message.id)).toEqual([...sent, last]);
    await again.close();
  });
});

/** Bytes a second that a bad mobile network has, and what waits for its device: 5 MB, or 1 MB in the short form. */
const SLOW_LINE = 20_000;
const BACKLOG = process.env.FAULT === 'short' ? 17 : 84;
const PAUSE_MS = 2 * ((BACKLOG * LARGE.length * 1000) / SLOW_LINE);

describe('a device on a line of 20 KB a second', () => {
  it('gets all that waited over one connection, once and in order', { timeout: PAUSE_MS + 60_000 }, async () => {
    const stack = await startStack();
    try {
      const alias = uniqueName();
      const deviceId = await newDevice(stack.httpUrl, alias);
      const sent: string[] = [];
      for (let n = 0; n < BACKLOG; n++) sent.push(await sendPush(stack.httpUrl, { audiences: [alias], alert: LARGE }));
      const device = await connectRawDevice(stack.wsUrl, deviceId);
      device.readSlowly(SLOW_LINE);
      device.answerPings();
      // It rejects if the connection ends.
      expect(await device.messages(BACKLOG, PAUSE_MS)).toEqual(sent);
      device.reset();
    } finally {
      await stack.stop();
    }
  });
});
