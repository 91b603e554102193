import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { connectDevice } from '../support/device.js';
import { LINK_TOKEN } from '../support/process.js';
import { request, send } from '../support/rest.js';
import { basic, pushCoreClient } from '../support/rpc.js';
import { ADMIN_TOKEN, type Stack, startStack, TEST_APP } from '../support/stack.js';
import { newDevice, sendPush } from '../support/users.js';

let stack: Stack;
beforeAll(async () => {
  const env = { ONEPUSH_LOG_LEVEL: 'trace' };
  stack = await startStack({ coreEnv: env, edgeEnv: env });
});
afterAll(() => stack?.stop());

/**
 * Shows a device id at every door that takes one, in every way; also one of nobody, and a malformed one. Returns all
 * ids that have been shown.
 */
async function everyDoorOf(deviceId: string): Promise<string[]> {
  const other = await newDevice(stack.httpUrl, 'secret-other');
  const shown = [other, 'feedfacefeedfacefeedfacefeedface', 'feedfacefeedface'];
  const post = async (path: string, id?: string) => {
    const headers = id === undefined ? undefined : { authorization: `Bearer ${id}` };
    return request<{ id?: string }>(stack.httpUrl, path, { method: 'POST', headers });
  };
  const rotated = (await post(`/msgpush/rotate/${other}`)).body.id ?? '';
  const again = (await post('/msgpush/rotate', rotated)).body.id ?? '';
  shown.push(rotated, again);
  for (const id of shown) {
    const sockets = [
      new WebSocket(`${stack.wsUrl}?deviceId=${id}`),
      new WebSocket(stack.wsUrl, { headers: { authorization: `Bearer ${id}` } }),
      new WebSocket(stack.wsUrl, ['onepush.v1', `onepush.device.${id}`]),
    ];
    for (const socket of sockets) await once(socket, 'open');
    for (const socket of sockets) socket.close();
    await post(`/msgpush/rotate/${id}x`);
    await post(`/msgpush/nothing/${id}?deviceId=${id}`);
    for (const path of ['/msgpush/unregister', '/msgpush/unregister/x', '/healthz', '/apps/x']) await post(path, id);
    await post(`/msgpush/unregister/${id}`);
  }
  const client = pushCoreClient(stack, 'grpc');
  const app = basic(TEST_APP.appId, TEST_APP.appKey);
  for (const id of [deviceId, ...shown]) {
    const device = { device: { case: 'deviceId' as const, value: id } };
    await Promise.allSettled([
      client.deviceTimeline(device, app),
      client.updateDevice({ deviceId: id, mobile: 'secret-mobile' }, app),
      client.rotateDeviceId({ deviceId: `${id}0` }),
      client.unregisterDevice({ deviceId: `${id}0` }),
    ]);
  }
  return shown;
}

it('no log and no metric has a secret, a name or a message in it', async () => {
  const [alias, nativeToken, alert, wrongKey] = ['secret-alias', 'secret-token', 'secret-alert', 'secret-wrong-key'];
  const deviceId = await newDevice(stack.httpUrl, alias, { nativeToken });
  const device = connectDevice(stack.wsUrl, deviceId);
  await device.opened;
  const ids = await everyDoorOf(deviceId);
  await sendPush(stack.httpUrl, { audiences: [alias], alert, needConfirm: true });
  await device.waitForCount(1);
  device.send('CFM:secret-id');
  await device.close();
  await send(stack.httpUrl, { ...TEST_APP, appKey: wrongKey, audiences: [alias], alert });
  await send(stack.httpUrl, `{"alert":"${alert}`);
  const admin = { authorization: `Bearer ${ADMIN_TOKEN}` };
  await fetch(`${stack.httpUrl}/apps/secret-app`, { headers: admin });
  await stack.restartCore();
  await stack.waitUntilReady();
  const pages = [stack.core, stack.edge].map(async ({ ready }) => (await fetch(`http://${ready.ops}/metrics`)).text());
  const text = [...stack.core.logs(), ...stack.edge.logs(), ...(await Promise.all(pages))].join('\n');
  expect(text).toContain('edge attached');
  for (const id of [deviceId, ...ids]) expect(text.includes(id)).toBe(false);
  const secrets = { key: TEST_APP.appKey, ADMIN_TOKEN, LINK_TOKEN, databaseUrl: stack.databaseUrl };
  for (const [name, secret] of Object.entries(secrets)) expect(text.includes(secret), name).toBe(false);
  expect(text).not.toContain('secret-');
});
