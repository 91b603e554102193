import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { connectDevice } from '../support/device.js';
import { expectError } from '../support/expect-error.js';
import { registerDevice, request } from '../support/rest.js';
import { basic, failureOf, pushCoreClient } from '../support/rpc.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { newDevice, sendPush, uniqueName } from '../support/users.js';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.stop());

const NOBODY = '0123456789abcdef0123456789abcdef';
const post = (path: string, id?: string) => {
  const headers: Record<string, string> = id === undefined ? {} : { authorization: `Bearer ${id}` };
  return request<{ id: string }>(stack.httpUrl, path, { method: 'POST', headers });
};
const rotate = async (id: string): Promise<string> => {
  const answer = await post('/msgpush/rotate', id);
  expect(answer.status, answer.text).toBe(200);
  return answer.body.id;
};
/** Opens a WebSocket in a way of its own; resolves with the message that waits for its device, or its close code. */
async function greet(protocols: string[], headers: Record<string, string>, query = ''): Promise<string | number> {
  const socket = new WebSocket(stack.wsUrl + query, protocols, { headers });
  const closed = once(socket, 'close').then(([code]) => Number(code));
  const answer = once(socket, 'message').then(([data]) =>
    `${JSON.parse(String(data)).alert} ${socket.protocol}`.trim(),
  );
  const first = await Promise.race([answer, closed]);
  socket.close();
  await closed;
  return first;
}

describe('a WebSocket', () => {
  it('takes the device id as a header, a subprotocol or a query, the first of them that is there', async () => {
    const alias = uniqueName();
    const id = await newDevice(stack.httpUrl, alias);
    await sendPush(stack.httpUrl, { audiences: [alias], alert: 'waits', needConfirm: true });
    const mine = { authorization: `bearer ${id.toUpperCase()}` };
    expect(await greet([], mine)).toBe('waits');
    expect(await greet(['onepush.v1'], mine)).toBe('waits onepush.v1');
    expect(await greet(['onepush.v1', `onepush.device.${id}`], {})).toBe('waits onepush.v1');
    expect(await greet([`onepush.device.${id}`, 'onepush.v1'], {}, `?deviceId=${NOBODY}`)).toBe('waits onepush.v1');
    expect(await greet(['onepush.v1', `onepush.device.${NOBODY}`], mine)).toBe('waits onepush.v1');
    expect(await greet([], { authorization: 'Basic eDp5' }, `?deviceId=${id}`)).toBe('waits');
  });

  it('is closed as before where what it names is malformed, or nobody’s', async () => {
    expect(await greet([], {})).toBe(4400);
    expect(await greet([], { authorization: 'Bearer x' })).toBe(4400);
    expect(await greet(['onepush.v1', 'onepush.device.'], {})).toBe(4400);
    expect(await greet([], { authorization: `Bearer ${NOBODY}` })).toBe(4404);
  });
});

describe('a device that has its id replaced', () => {
  it('keeps what waited, its tags and its alias; the id of before is closed with 4411 and good for nothing', async () => {
    const [alias, tag, nativeToken] = [uniqueName(), uniqueName('tag'), randomUUID()];
    const id = await newDevice(stack.httpUrl, alias, { tag: [tag], nativeToken });
    const before = connectDevice(stack.wsUrl, id);
    await before.opened;
    await sendPush(stack.httpUrl, { audiences: [alias], alert: 'unconfirmed', needConfirm: true });
    await before.waitForCount(1);

    const to = await rotate(id);
    expect(to).toMatch(/^[0-9a-f]{32}$/);
    expect(await before.closed).toMatchObject({ code: 4411 });
    expect(await greet([], {}, `?deviceId=${id}`)).toBe(4404);
    expectError(await post(`/msgpush/unregister/${id}`), 40403);

    await sendPush(stack.httpUrl, { audienceType: 'TAG', audiences: [tag], alert: 'to the tag' });
    await sendPush(stack.httpUrl, { audienceType: 'DEVICE', audiences: [id], alert: 'to the id of before' });
    await sendPush(stack.httpUrl, { audienceType: 'DEVICE', audiences: [to], alert: 'to the new id' });
    const after = connectDevice(stack.wsUrl, to);
    await after.waitForCount(3);
    expect(after.messages.map(({ alert }) => alert)).toEqual(['unconfirmed', 'to the tag', 'to the new id']);
    await after.close();
    const { body } = await registerDevice(stack.httpUrl, { ...TEST_APP, alias, platform: 'ANDROID', nativeToken });
    expect(body.id).toBe(to);
  });

  it('asks again with the id of before when the answer was lost, until it has connected with the new one', async () => {
    const id = await newDevice(stack.httpUrl, uniqueName());
    const open = connectDevice(stack.wsUrl, id);
    await open.opened;
    const to = await rotate(id);
    expect(await rotate(id)).toBe(to);
    const device = connectDevice(stack.wsUrl, to);
    // The core knows the session when it has sent it something.
    await sendPush(stack.httpUrl, { audienceType: 'DEVICE', audiences: [to] });
    await device.waitForCount(1);
    expectError(await post('/msgpush/rotate', id), 40403);
    await device.close();
  });

  it('is known by the new id to its app, over RPC too', async () => {
    const alias = uniqueName();
    const id = await newDevice(stack.httpUrl, alias);
    const client = pushCoreClient(stack, 'grpc');
    const { deviceId } = await client.rotateDeviceId({ deviceId: id });
    const asked = { filter: { case: 'alias' as const, value: alias } };
    const { devices } = await client.listDevices(asked, basic(TEST_APP.appId, TEST_APP.appKey));
    expect(devices.map((device) => device.deviceId)).toEqual([deviceId]);
    expect((await failureOf(client.rotateDeviceId({ deviceId: NOBODY }))).message).toContain('no device');
  });

  it('is asked for by path or by header; what is no id, or nobody’s, is 40403', async () => {
    const id = await newDevice(stack.httpUrl, uniqueName());
    const first = await post(`/msgpush/rotate/${id.toUpperCase()}/`);
    expect(first.status).toBe(200);
    const { status } = await post('/msgpush/unregister/', first.body.id);
    expect(status).toBe(200);
    expectError(await post('/msgpush/rotate', first.body.id), 40403);
    for (const path of ['/msgpush/rotate', '/msgpush/unregister', '/msgpush/rotate/x', `/msgpush/rotate/${NOBODY}`]) {
      expectError(await post(path), 40403);
    }
    const byGet = await request(stack.httpUrl, '/msgpush/rotate', { headers: { authorization: `Bearer ${id}` } });
    expectError(byGet, 40501);
  });
});
