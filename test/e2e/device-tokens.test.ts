import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Channel, ChannelEnvironment } from '../../gen/onepush/v1/channel_pb.js';
import { Platform, RegisteredToken_State as State } from '../../gen/onepush/v1/device_pb.js';
import { registerDevice } from '../support/rest.js';
import { basic, failureOf, PROTOCOLS, type PushCoreClient, pushCoreClient } from '../support/rpc.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { uniqueName } from '../support/users.js';
import { subscriptionKeys } from '../support/web-push-keys.js';

const app = basic(TEST_APP.appId, TEST_APP.appKey);
const hexToken = (): string =>
  uniqueName()
    .replaceAll(/[^a-f0-9]/g, '')
    .padStart(64, '0');
const subscription = () => ({ endpoint: `https://push.example.com/${uniqueName()}`, keys: subscriptionKeys() });

let stack: Stack;
let client: PushCoreClient;
beforeAll(async () => {
  stack = await startStack();
  client = pushCoreClient(stack, 'grpc');
});
afterAll(() => stack?.stop());

async function devicesOf(alias: string) {
  return (await client.listDevices({ filter: { case: 'alias', value: alias } }, app)).devices;
}
/** The token of a user's device, as ListDevices tells it. */
const tokenOf = async (alias: string) => (await devicesOf(alias))[0]?.token;

describe('a registration over REST', () => {
  async function register(alias: string, given: Record<string, unknown>): Promise<void> {
    const body = { alias, appId: TEST_APP.appId, platform: 'WEB', nativeToken: alias, ...given };
    const { status, text } = await registerDevice(stack.httpUrl, body);
    expect(status, text).toBe(200);
  }

  it.each([
    ['a token', { channel: 'FCM', token: 'dA9:APA91' }, { channel: Channel.FCM }],
    ['words in small letters', { channel: 'apns', token: 'A'.repeat(64), bundle: null }, { channel: Channel.APNS }],
    [
      'an environment and a bundle',
      { channel: 'APNS', token: 'b'.repeat(80), environment: 'SANDBOX', bundle: 'com.example.app' },
      { channel: Channel.APNS, environment: ChannelEnvironment.SANDBOX, bundle: 'com.example.app' },
    ],
    [
      'a subscription',
      { channel: 'WEB_PUSH', subscription: { expirationTime: null, ...subscription() } },
      { channel: Channel.WEB_PUSH },
    ],
    [
      'an endpoint and its keys',
      { channel: 'WEB_PUSH', token: subscription().endpoint, keys: subscriptionKeys() },
      { channel: Channel.WEB_PUSH },
    ],
  ])('names %s, which ListDevices tells without the token', async (_, push, expected) => {
    const alias = uniqueName();
    await register(alias, { push });
    const [device] = await devicesOf(alias);
    expect(device?.token).toMatchObject({
      environment: ChannelEnvironment.PRODUCTION,
      ...expected,
      state: State.ACTIVE,
      reason: '',
    });
    expect(device?.token?.registeredAt).toEqual(device?.registeredAt);
    expect(device?.token?.since).toEqual(device?.registeredAt);
  });

  it('without a token keeps the earlier one, unless the device changes hands', async () => {
    const [alias, next] = [uniqueName(), uniqueName()];
    await register(alias, { push: { channel: 'FCM', token: uniqueName() } });
    await register(alias, { push: null, tag: ['a'] });
    expect((await tokenOf(alias))?.channel).toBe(Channel.FCM);
    await register(next, { nativeToken: alias });
    expect((await devicesOf(next)).map(({ token }) => token)).toEqual([undefined]);
  });

  it('takes the token from the device that had it before', async () => {
    const [first, second] = [uniqueName(), uniqueName()];
    const token = hexToken();
    await register(first, { push: { channel: 'APNS', token } });
    await register(second, { push: { channel: 'APNS', token: token.toUpperCase() } });
    expect(await tokenOf(first)).toBeUndefined();
    expect((await tokenOf(second))?.channel).toBe(Channel.APNS);
  });

  it('of an old app on IOS has its native token as that of APNs, if it looks like one', async () => {
    const [old, other, android] = [uniqueName(), uniqueName(), uniqueName()];
    await register(old, { platform: 'IOS', nativeToken: hexToken() });
    await register(other, { platform: 'IOS', nativeToken: uniqueName() });
    await register(android, { platform: 'ANDROID', nativeToken: hexToken() });
    expect((await tokenOf(old))?.channel).toBe(Channel.APNS);
    expect(await tokenOf(other)).toBeUndefined();
    expect(await tokenOf(android)).toBeUndefined();
  });
});

describe.each(PROTOCOLS)('devices over %s', (protocol) => {
  let own: PushCoreClient;
  beforeAll(() => {
    own = pushCoreClient(stack, protocol);
  });
  const registration = (alias: string) => ({
    appId: TEST_APP.appId,
    alias,
    platform: Platform.IOS,
    nativeToken: uniqueName(),
  });

  it('register with a token, get another one, and lose it', async () => {
    const alias = uniqueName();
    const push = {
      channel: Channel.APNS,
      token: hexToken(),
      environment: ChannelEnvironment.SANDBOX,
      bundle: 'com.example',
    };
    const { deviceId } = await own.registerDevice({ ...registration(alias), push });
    const { channel, environment, bundle } = push;
    expect(await tokenOf(alias)).toMatchObject({ channel, environment, bundle, state: State.ACTIVE });

    const { endpoint, keys } = subscription();
    const web = { channel: Channel.WEB_PUSH, token: endpoint, keys };
    const changed = await own.updateDevice({ deviceId, push: web }, app);
    expect(changed.device?.token).toMatchObject({ channel: Channel.WEB_PUSH, state: State.ACTIVE });
    expect((await own.updateDevice({ deviceId, mobile: '1' }, app)).device?.token?.channel).toBe(Channel.WEB_PUSH);
    expect((await own.updateDevice({ deviceId, removePush: true }, app)).device?.token).toBeUndefined();
    expect(await tokenOf(alias)).toBeUndefined();
    await own.updateDevice({ deviceId, push: web }, app);
    await own.unregisterDevice({ deviceId });
    await own.registerDevice({ ...registration(alias), nativeToken: uniqueName() });
    expect(await tokenOf(alias)).toBeUndefined();
  });

  it.each([
    ['push.channel', {}],
    ['push.channel', { channel: Channel.SMS_TWILIO, token: '1' }],
    ['push.channel', { channel: 99, token: '1' }],
    ['push.token', { channel: Channel.FCM, token: '' }],
    ['push.token', { channel: Channel.APNS, token: 'no hex' }],
    ['push.token', { channel: Channel.WEB_PUSH, token: 'https://192.168.0.1/', keys: subscriptionKeys() }],
    ['push.keys', { channel: Channel.WEB_PUSH, token: 'https://push.example.com/' }],
    [
      'push.keys.auth',
      { channel: Channel.WEB_PUSH, token: 'https://push.example.com/', keys: { ...subscriptionKeys(), auth: 'a' } },
    ],
    ['push.environment', { channel: Channel.FCM, token: 'a', environment: ChannelEnvironment.SANDBOX }],
  ])('are refused a token whose %s is wrong: %j', async (field, push) => {
    const { deviceId } = await own.registerDevice(registration(uniqueName()));
    const registered = await failureOf(own.registerDevice({ ...registration(uniqueName()), push }));
    const updated = await failureOf(own.updateDevice({ deviceId, push }, app));
    expect(registered.message).toContain(field);
    expect(updated.message).toBe(registered.message);
  });

  it('are refused to set a token and to remove it at once', async () => {
    const { deviceId } = await own.registerDevice(registration(uniqueName()));
    const both = { deviceId, push: { channel: Channel.FCM, token: 'a' }, removePush: true };
    expect((await failureOf(own.updateDevice(both, app))).message).toContain('removePush');
  });
});
