import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectDevice } from '../support/device.js';
import { LINK_TOKEN } from '../support/process.js';
import { send } from '../support/rest.js';
import { ADMIN_TOKEN, type Stack, startStack, TEST_APP } from '../support/stack.js';
import { newDevice, sendPush } from '../support/users.js';

let stack: Stack;
beforeAll(async () => {
  const env = { ONEPUSH_LOG_LEVEL: 'trace' };
  stack = await startStack({ coreEnv: env, edgeEnv: env });
});
afterAll(() => stack?.stop());

it('no log and no metric has a secret, a name or a message in it', async () => {
  const [alias, nativeToken, alert, wrongKey] = ['secret-alias', 'secret-token', 'secret-alert', 'secret-wrong-key'];
  const deviceId = await newDevice(stack.httpUrl, alias, { nativeToken });
  const device = connectDevice(stack.wsUrl, deviceId);
  await device.opened;
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
  const secrets = { deviceId, key: TEST_APP.appKey, ADMIN_TOKEN, LINK_TOKEN, databaseUrl: stack.databaseUrl };
  for (const [name, secret] of Object.entries(secrets)) expect(text.includes(secret), name).toBe(false);
  expect(text).not.toContain('secret-');
});
