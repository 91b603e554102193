import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectDevice } from '../support/device.js';
import { eventually } from '../support/eventually.js';
import { ENDING, endingsOf, readRows } from '../support/rows.js';
import { type Stack, startStack } from '../support/stack.js';
import { storeKinds } from '../support/stores.js';
import { newDevice, sendPush, uniqueName } from '../support/users.js';

describe.each(storeKinds())('a push that waits too long, on %s', (store) => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ store, coreEnv: { ONEPUSH_OFFLINE_TTL: '1' } });
  });
  afterAll(() => stack.stop());

  async function hasContent(requestId: string): Promise<boolean> {
    const rows = await readRows(stack.databaseUrl, 'SELECT content FROM pushes WHERE id = ?', [Number(requestId)]);
    if (rows.length !== 1) throw new Error('the push is not there');
    return rows[0]?.content !== null;
  }

  /** What a device gets that connects now; its message that must be confirmed is the last that waits. */
  async function gotUpTo(deviceId: string, last: string): Promise<string[]> {
    const device = connectDevice(stack.wsUrl, deviceId);
    await device.waitForMessage(({ id }) => id === last);
    await device.close();
    return device.messages.map(({ id }) => id);
  }

  it('does not come any more, leaves a receipt, and its content is erased', async () => {
    const alias = uniqueName();
    const devices = [await newDevice(stack.httpUrl, alias), await newDevice(stack.httpUrl, alias)];
    const plain = await sendPush(stack.httpUrl, { audiences: [alias] });
    const asked = await sendPush(stack.httpUrl, { audiences: [alias], needConfirm: true, duration: 1 });
    const kept = await sendPush(stack.httpUrl, { audiences: [alias], needConfirm: true });
    for (const id of [plain, asked]) {
      await eventually(async () => (await endingsOf(stack.databaseUrl, id)).length === 2);
      expect(await endingsOf(stack.databaseUrl, id)).toEqual([ENDING.expired, ENDING.expired]);
      await eventually(async () => !(await hasContent(id)));
    }
    for (const deviceId of devices) expect(await gotUpTo(deviceId, kept)).toEqual([kept]);
    expect(await hasContent(kept)).toBe(true);
    expect(await endingsOf(stack.databaseUrl, kept)).toEqual([]);
  });

  it('leaves the timelines of its topics', async () => {
    const [alias, tag] = [uniqueName(), uniqueName('tag')];
    const deviceId = await newDevice(stack.httpUrl, alias, { tag: [tag] });
    const plain = await sendPush(stack.httpUrl, { audiences: 'ALL' });
    const asked = await sendPush(stack.httpUrl, {
      audienceType: 'TAG',
      audiences: [tag],
      needConfirm: true,
      duration: 1,
    });
    const kept = await sendPush(stack.httpUrl, { audienceType: 'TAG', audiences: [tag], needConfirm: true });
    const ids = [plain, asked, kept].map(Number);
    const left = () => readRows(stack.databaseUrl, 'SELECT push_id FROM timeline WHERE push_id IN (?, ?, ?)', ids);
    await eventually(async () => (await left()).length === 1);
    expect((await left()).map((row) => String(row.push_id))).toEqual([kept]);
    expect(await gotUpTo(deviceId, kept)).toEqual([kept]);
    expect(await Promise.all([plain, asked, kept].map(hasContent))).toEqual([false, false, true]);
  });

  it('has ended as delivered or confirmed if it was so in time', async () => {
    const alias = uniqueName();
    const device = connectDevice(stack.wsUrl, await newDevice(stack.httpUrl, alias));
    await device.opened;
    const plain = await sendPush(stack.httpUrl, { audiences: [alias] });
    const asked = await sendPush(stack.httpUrl, { audiences: [alias], needConfirm: true, duration: 1 });
    await device.waitForMessage(({ id }) => id === asked);
    device.send(`CFM:${asked}`);
    for (const id of [plain, asked]) await eventually(async () => !(await hasContent(id)));
    expect(await endingsOf(stack.databaseUrl, plain)).toEqual([ENDING.delivered]);
    expect(await endingsOf(stack.databaseUrl, asked)).toEqual([ENDING.confirmed]);
    await device.close();
  });
});
