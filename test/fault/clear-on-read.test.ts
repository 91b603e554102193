import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectDevice, type TestDevice } from '../support/device.js';
import { eventually } from '../support/eventually.js';
import { ENDING, endingsOf, readRows } from '../support/rows.js';
import { type Stack, startStack } from '../support/stack.js';
import { storeKinds } from '../support/stores.js';
import { newDevice, sendPush, uniqueName } from '../support/users.js';
import { verify } from '../support/verify.js';

const ROUNDS = 4;

describe.each(storeKinds())('a message that is read while the core is killed, on %s', (store) => {
  let stack: Stack;
  const open: TestDevice[] = [];
  beforeEach(async () => {
    stack = await startStack({ store });
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((device) => device.close()));
    await stack?.stop();
  });

  const connect = (deviceId: string): TestDevice => {
    const device = connectDevice(stack.wsUrl, deviceId, { control: true });
    open.push(device);
    return device;
  };

  it('is cleared on all other devices or on none, and in the end on all', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const alias = uniqueName();
      const [offlineId, otherId, readerId] = [
        await newDevice(stack.httpUrl, alias),
        await newDevice(stack.httpUrl, alias),
        await newDevice(stack.httpUrl, alias),
      ];
      const [other, reader] = [connect(otherId), connect(readerId)];
      await Promise.all([other.opened, reader.opened]);
      const id = await sendPush(stack.httpUrl, { audiences: [alias], needConfirm: true, clearOnRead: true });
      for (const device of [other, reader]) await device.waitForMessage((message) => message.id === id);
      reader.send(`CFM:${id}`);
      // Somewhere between the device and the commit, or right after that.
      if (round % 2 === 1) await eventually(async () => (await endingsOf(stack.databaseUrl, id)).length > 0);
      await stack.core.kill();
      // Of one commit: all of it is there, or nothing.
      expect([0, 3]).toContain((await endingsOf(stack.databaseUrl, id)).length);
      await stack.restartCore();
      await stack.waitUntilReady();
      await eventually(async () => (await endingsOf(stack.databaseUrl, id)).length === 3, { timeoutMs: 30_000 });
      expect(await endingsOf(stack.databaseUrl, id)).toEqual([ENDING.confirmed, ENDING.cleared, ENDING.cleared]);
      expect(await readRows(stack.databaseUrl, 'SELECT id FROM inbox WHERE push_id = ?', [Number(id)])).toEqual([]);
      const late = connect(offlineId);
      const last = await sendPush(stack.httpUrl, { audiences: [alias] });
      await late.waitForMessage((message) => message.id === last);
      expect(late.messages.map((message) => message.id)).toEqual([last]);
      // Nobody who has read it is told to take it away.
      expect(reader.frames.filter((frame) => frame.startsWith('CLR'))).toEqual([]);
    }
    // SQLite has one process at a time.
    await stack.core.stop();
    expect(await verify(stack.databaseUrl)).toMatchObject({ code: 0 });
  });
});
