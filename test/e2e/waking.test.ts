import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Channel } from '../../gen/onepush/v1/channel_pb.js';
import { WakeState } from '../../gen/onepush/v1/wake_pb.js';
import { connectDevice } from '../support/device.js';
import { eventually } from '../support/eventually.js';
import { registerDevice } from '../support/rest.js';
import { basic, bearer, type PushCoreClient, pushCoreClient } from '../support/rpc.js';
import { ADMIN_TOKEN, type Stack, startStack, TEST_APP } from '../support/stack.js';
import { sendPush, uniqueName } from '../support/users.js';
import { startVendorServer, type VendorServer } from '../support/vendors/server.js';

const app = basic(TEST_APP.appId, TEST_APP.appKey);
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

describe('a device that may be offline', () => {
  let stack: Stack;
  let vendor: VendorServer;
  let client: PushCoreClient;
  /** Message ids that the vendor was told of, by token. */
  const woken: { token: string; id: string; body: string }[] = [];

  beforeAll(async () => {
    vendor = await startVendorServer({
      handle({ body }) {
        woken.push(JSON.parse(body.toString()).data);
        return { status: 202, body: {} };
      },
    });
    stack = await startStack({
      coreEnv: { ONEPUSH_SECRET_KEY: randomBytes(32).toString('base64'), ONEPUSH_WAKE_GRACE: '0' },
    });
    client = pushCoreClient(stack, 'grpc');
    const settings = { url: `${vendor.url}/hook`, secret: SECRET, allowPrivate: true, ca: vendor.ca };
    await client.setChannel(
      {
        appId: TEST_APP.appId,
        name: 'hook',
        channel: Channel.WEBHOOK,
        settingsJson: JSON.stringify(settings),
      },
      bearer(ADMIN_TOKEN),
    );
  });
  afterAll(async () => {
    await stack?.stop();
    await vendor?.stop();
  });

  async function register(): Promise<{ alias: string; id: string }> {
    const alias = uniqueName();
    const push = { channel: 'WEBHOOK', token: alias };
    const body = { alias, appId: TEST_APP.appId, platform: 'ANDROID', nativeToken: alias, push };
    const answer = await registerDevice(stack.httpUrl, body);
    expect(answer.status, answer.text).toBe(200);
    return { alias, id: String(answer.body.id) };
  }

  const wakesOf = (alias: string) => woken.filter(({ token }) => token === alias).map(({ id }) => id);

  /** Resolves when what came before has been decided: another device was woken for what came after it. */
  async function settled(): Promise<void> {
    const { alias } = await register();
    const id = await sendPush(stack.httpUrl, { audiences: [alias] });
    await eventually(() => wakesOf(alias).includes(id));
  }

  it('is woken once while it is offline, gets the message when it comes, and the reports tell of it', async () => {
    const { alias, id: deviceId } = await register();
    const id = await sendPush(stack.httpUrl, { audiences: [alias], alert: 'hello' });
    await eventually(() => wakesOf(alias).length > 0);
    const report = await eventually(async () => {
      const found = await client.getPush({ requestId: id }, app);
      return found.wakes?.accepted === 1 && found;
    });
    expect(report.wakes).toMatchObject({ due: 0, sending: 0, accepted: 1, failed: 0 });
    const { entries } = await client.deviceTimeline({ device: { case: 'deviceId', value: deviceId } }, app);
    expect(entries[0]?.wakes).toMatchObject([{ channel: Channel.WEBHOOK, state: WakeState.ACCEPTED, attempts: 1 }]);
    const device = connectDevice(stack.wsUrl, deviceId);
    await device.waitForMessage((message) => message.id === id);
    await device.acknowledged();
    await device.close();
    const seen: string[] = [];
    for await (const { receipts, wakes } of client.watchReceipts({ includeWakes: true }, app)) {
      for (const { wake, messageId } of wakes) if (messageId === id) seen.push(String(WakeState[wake?.state ?? 0]));
      for (const { messageId } of receipts) if (messageId === id) seen.push('delivered');
      if (seen.length === 2) break;
    }
    expect(seen).toEqual(['ACCEPTED', 'delivered']);
    await settled();
    expect(wakesOf(alias)).toEqual([id]);
  });

  it('is not woken for what it has received over its connection', async () => {
    const { alias, id: deviceId } = await register();
    const device = connectDevice(stack.wsUrl, deviceId);
    await device.opened;
    await settled();
    const id = await sendPush(stack.httpUrl, { audiences: [alias] });
    await device.waitForMessage((message) => message.id === id);
    await device.acknowledged();
    await eventually(async () => {
      const { reach } = await client.getPush({ requestId: id }, app);
      return reach.case === 'deliveries' && reach.value.delivered === 1;
    });
    await device.close();
    await settled();
    expect(wakesOf(alias)).toEqual([]);
  });

  it('is woken for what was accepted before the core was killed', async () => {
    const { alias, id: deviceId } = await register();
    const device = connectDevice(stack.wsUrl, deviceId);
    await device.opened;
    const id = await sendPush(stack.httpUrl, { audiences: [alias], needConfirm: true });
    await stack.core.kill();
    device.terminate();
    await stack.restartCore();
    await stack.waitUntilReady();
    await eventually(() => wakesOf(alias).length > 0);
    await settled();
    expect(wakesOf(alias)).toEqual([id]);
  });
});
