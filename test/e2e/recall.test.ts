import { Code } from '@connectrpc/connect';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Audience, createAudience } from '../support/audience.js';
import { connectDevice, type TestDevice } from '../support/device.js';
import { createApp } from '../support/rest.js';
import { changeRows, ENDING, endingsOf, readRows } from '../support/rows.js';
import { basic, failureOf, pushCoreClient } from '../support/rpc.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { storeKinds } from '../support/stores.js';
import { newDevice, sendPush, uniqueName } from '../support/users.js';

const app = basic(TEST_APP.appId, TEST_APP.appKey);

describe.each(storeKinds())('a push that is recalled, on %s', (store) => {
  let stack: Stack;
  let audience: Audience;
  beforeAll(async () => {
    stack = await startStack({ store, edgeEnv: { ONEPUSH_CONFIRM_INTERVAL: '100' } });
  });
  afterAll(() => stack.stop());
  beforeEach(() => {
    audience = createAudience(stack);
  });
  afterEach(() => audience.close());

  const recall = async (requestId: string): Promise<number> =>
    (await pushCoreClient(stack, 'grpc').recallPush({ requestId }, app)).recalled;
  const times = (device: TestDevice, id: string): number =>
    device.messages.filter((message) => message.id === id).length;

  /** What a device gets that connects now. */
  async function gotNow(deviceId: string): Promise<string[]> {
    const device = connectDevice(stack.wsUrl, deviceId);
    const last = await sendPush(stack.httpUrl, { audienceType: 'DEVICE', audiences: [deviceId] });
    await device.waitForMessage(({ id }) => id === last);
    await device.close();
    return device.messages.map(({ id }) => id).filter((id) => id !== last);
  }

  it('does not reach devices that were offline, and says how many those were', async () => {
    const alias = uniqueName();
    const [first, second] = [await newDevice(stack.httpUrl, alias), await newDevice(stack.httpUrl, alias)];
    const [wrong, asked, right] = [
      await sendPush(stack.httpUrl, { audiences: [alias] }),
      await sendPush(stack.httpUrl, { audiences: [alias], needConfirm: true }),
      await sendPush(stack.httpUrl, { audiences: [alias] }),
    ];
    expect(await recall(wrong)).toBe(2);
    expect(await recall(asked)).toBe(2);
    for (const deviceId of [first, second]) expect(await gotNow(deviceId)).toEqual([right]);
    expect(await endingsOf(stack.databaseUrl, wrong)).toEqual([ENDING.recalled, ENDING.recalled]);
    const rows = await readRows(stack.databaseUrl, 'SELECT content FROM pushes WHERE id = ?', [Number(wrong)]);
    expect(rows).toEqual([{ content: null }]);
  });

  it('stays delivered where it was delivered', async () => {
    const { alias, device } = await audience.listen();
    await newDevice(stack.httpUrl, alias);
    const id = await sendPush(stack.httpUrl, { audiences: [alias], needConfirm: true });
    await device.waitForMessage((message) => message.id === id);
    device.send(`CFM:${id}`);
    // What comes after the confirmation is answered after it.
    device.send('HBT');
    await device.waitForFrame((frame) => frame === 'ACK1');
    await sendPush(stack.httpUrl, { audiences: [alias] });
    expect(await recall(id)).toBe(1);
    expect(await endingsOf(stack.databaseUrl, id)).toEqual([ENDING.confirmed, ENDING.recalled]);
  });

  it.each(['to a user', 'to everyone'])(
    'is not sent again to a device that has it unconfirmed, if it was %s',
    async (to) => {
      const { alias, deviceId, device } = await audience.listen();
      const audiences = to === 'to everyone' ? ('ALL' as const) : [alias];
      const id = await sendPush(stack.httpUrl, { audiences, needConfirm: true });
      await device.waitForFrame(() => times(device, id) === 2);
      expect(await recall(id)).toBe(to === 'to everyone' ? 0 : 1);
      const clock = await sendPush(stack.httpUrl, { audiences: [alias], needConfirm: true });
      await device.waitForMessage((message) => message.id === clock);
      const before = times(device, id);
      // By then it would have come again.
      await device.waitForFrame(() => times(device, clock) === 4);
      expect(times(device, id)).toBe(before);
      await device.close();
      expect(await gotNow(deviceId)).toEqual([clock]);
    },
  );

  it('is not sent again when it was recalled while the edge had no core', { timeout: 30_000 }, async () => {
    const { alias, device } = await audience.listen();
    const id = await sendPush(stack.httpUrl, { audiences: [alias], needConfirm: true });
    await device.waitForFrame(() => times(device, id) === 2);
    await stack.core.kill();
    // As another core does it.
    await changeRows(stack.databaseUrl, 'UPDATE pushes SET content = NULL WHERE id = ?', [Number(id)]);
    await changeRows(stack.databaseUrl, 'DELETE FROM inbox WHERE push_id = ?', [Number(id)]);
    await stack.restartCore();
    await stack.waitUntilReady();
    const clock = await sendPush(stack.httpUrl, { audiences: [alias], needConfirm: true });
    await device.waitForFrame(() => times(device, clock) === 2);
    const before = times(device, id);
    await device.waitForFrame(() => times(device, clock) === 6, 15_000);
    expect(times(device, id)).toBe(before);
  });

  it('is not sent again, either, to a device that a newer push with its collapse key has taken it from', async () => {
    const { alias, device } = await audience.listen();
    const push = (needConfirm: boolean) =>
      pushCoreClient(stack, 'grpc').sendPush(
        {
          audience: { audience: { case: 'aliases', value: { values: [alias] } } },
          alert: 'x',
          needConfirm,
          collapseKey: 'score',
        },
        app,
      );
    const { requestId: id } = await push(true);
    await device.waitForFrame(() => times(device, id) === 2);
    const { requestId: newer } = await push(true);
    await device.waitForMessage((message) => message.id === newer);
    const before = times(device, id);
    await device.waitForFrame(() => times(device, newer) === 4);
    expect(times(device, id)).toBe(before);
  });

  it('does not reach devices that were offline if it was to a tag or to everyone', async () => {
    const tag = uniqueName('tag');
    const deviceId = await newDevice(stack.httpUrl, uniqueName(), { tag: [tag] });
    const toTag = await sendPush(stack.httpUrl, { audienceType: 'TAG', audiences: [tag] });
    const toAll = await sendPush(stack.httpUrl, { audiences: 'ALL', needConfirm: true });
    const kept = await sendPush(stack.httpUrl, { audiences: 'ALL' });
    expect(await recall(toTag)).toBe(0);
    expect(await recall(toAll)).toBe(0);
    expect(await gotNow(deviceId)).toEqual([kept]);
  });

  it('may be recalled twice', async () => {
    const alias = uniqueName();
    await newDevice(stack.httpUrl, alias);
    const id = await sendPush(stack.httpUrl, { audiences: [alias] });
    // Which of the two comes first is open.
    expect((await Promise.all([recall(id), recall(id)])).toSorted()).toEqual([0, 1]);
    expect(await recall(id)).toBe(0);
  });

  it('is not found if it is of another app or of nobody, and then it still comes', async () => {
    const alias = uniqueName();
    const deviceId = await newDevice(stack.httpUrl, alias);
    const id = await sendPush(stack.httpUrl, { audiences: [alias] });
    const { body } = await createApp(stack.httpUrl, stack.adminToken, 'another');
    for (const client of [pushCoreClient(stack, 'grpc'), pushCoreClient(stack, 'connect')]) {
      const others = basic(body.id, body.appKey);
      expect((await failureOf(client.recallPush({ requestId: id }, others))).code).toBe(Code.NotFound);
      for (const requestId of ['1', '', 'x', '-1', `${id}0`, '9'.repeat(30)])
        expect((await failureOf(client.recallPush({ requestId }, app))).code).toBe(Code.NotFound);
      const wrong = client.recallPush({ requestId: id }, basic(TEST_APP.appId, 'wrong'));
      expect((await failureOf(wrong)).code).toBe(Code.Unauthenticated);
    }
    expect(await gotNow(deviceId)).toEqual([id]);
  });
});
