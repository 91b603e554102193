import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createOnePushClient, type OnePushClient, Platform, to } from '../../client/index.js';
import { KeyScope } from '../../gen/onepush/v1/access_pb.js';
import { Channel } from '../../gen/onepush/v1/channel_pb.js';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import { SigningKeyKind } from '../../gen/onepush/v1/signing_key_pb.js';
import { skipWithoutCurl } from '../support/curl.js';
import { connectDevice, type TestDevice } from '../support/device.js';
import { ROOT } from '../support/dist.js';
import { eventually } from '../support/eventually.js';
import { bearer, type PushCoreClient, pushCoreClient } from '../support/rpc.js';
import { ADMIN_TOKEN, type Stack, startStack, TEST_APP } from '../support/stack.js';
import { uniqueName } from '../support/users.js';

const PAGE = readFileSync(join(ROOT, 'docs/api.md'), 'utf8');
/** Each example with curl: the method, the command, and the answer. */
const EXAMPLES = [...PAGE.matchAll(/^```sh\n([\s\S]*?)^```\n\n```json\n([\s\S]*?)^```/gm)].map(
  ([, command = '', answer = '']) => ({ method: /PushCore\/(\w+)/.exec(command)?.[1], command, answer }),
);
const PUBLIC_KEY = '{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}';
let stack: Stack;
let client: OnePushClient;
let core: PushCoreClient;
const admin = bearer(ADMIN_TOKEN);
beforeAll(async () => {
  const secretKey = randomBytes(32).toString('base64');
  stack = await startStack({ coreEnv: { ONEPUSH_SECRET_KEY: secretKey, ONEPUSH_WEBHOOK_HOSTS: '127.0.0.1' } });
  core = pushCoreClient(stack, 'grpc');
  client = createOnePushClient({ address: stack.grpcAddr, ...TEST_APP, adminToken: stack.adminToken });
});
afterAll(async () => {
  await client?.close();
  await stack?.stop();
});

describe('docs/api.md', () => {
  it('has an example of every method', () => {
    const sections = PAGE.split(/^## /m).slice(1);
    const methods = sections.filter((section) => section.includes('**Example**')).map((text) => text.split('\n')[0]);
    expect(methods).toEqual(PushCore.methods.map(({ name }) => name));
  });
});

describe.skipIf(skipWithoutCurl('api-docs.test.ts'))('an example of docs/api.md', () => {
  let device: TestDevice;
  let variables: Record<string, string>;
  // What the answers of the examples are for.
  beforeEach(async () => {
    const registration = { appId: TEST_APP.appId, alias: 'alice', platform: Platform.ANDROID, tags: ['news'] };
    const { deviceId } = await client.registerDevice({ ...registration, nativeToken: uniqueName() });
    device = connectDevice(stack.wsUrl, deviceId);
    const online = async () => (await client.getPresence({ aliases: ['alice'] })).users[0]?.online.length === 1;
    await eventually(online, { message: 'alice to be online' });
    const audience = to.aliases('alice');
    const { requestId } = await client.sendPush({ audience, alert: 'Your parcel is here', needConfirm: true });
    const app = await client.createApp({ name: 'Billing' });
    // Where nobody is: the example is not to reach the vendor.
    const given = { appId: app.id, kind: SigningKeyKind.EDDSA, key: PUBLIC_KEY, kid: '2026-01' };
    const signing = await core.addSigningKey(given, admin);
    const settingsJson = '{"appSecret":"secret","package":"com.example.orders","baseUrl":"https://127.0.0.1:1"}';
    await client.setChannel({ appId: app.id, name: 'orders', channel: Channel.MIPUSH, settingsJson });
    const { webhook } = await core.createWebhook({ appId: app.id, name: 'orders', url: 'https://127.0.0.1:1/' }, admin);
    const { key } = await core.createAppKey({ appId: app.id, name: 'orders', scope: KeyScope.SEND }, admin);
    const { token } = await core.createAdminToken({ name: 'carol' }, admin);
    variables = {
      DEVICE: deviceId,
      PUSH: requestId,
      APP: app.id,
      KEY: key?.id ?? '',
      TOKEN: token?.id ?? '',
      SIGNING_KEY: signing.key?.id ?? '',
      WEBHOOK: webhook?.id ?? '',
      ADMIN_TOKEN: stack.adminToken,
    };
  });
  afterEach(async () => {
    const { devices } = await client.listDevices({ filter: { case: 'alias', value: 'alice' } });
    for (const { deviceId } of devices) await client.unregisterDevice({ deviceId });
    await device.closed;
    const { tokens } = await core.listAdminTokens({}, admin);
    for (const { id } of tokens) await core.revokeAdminToken({ id }, admin);
  });

  it.each(EXAMPLES)('calls $method and is answered as it says', async ({ command, answer }) => {
    const script = command.replaceAll('http://127.0.0.1:9091', stack.connectUrl);
    const env = { PATH: process.env.PATH, ...variables };
    const { stdout } = await promisify(execFile)('/bin/sh', ['-ec', script], { env, timeout: 10_000 });
    expect(withoutChance(JSON.parse(stdout))).toEqual(withoutChance(JSON.parse(answer)));
  });
});

/** Keys whose values are other ones each time, beside ids and times. */
const BY_CHANCE = new Set([
  'appKey',
  'adminToken',
  'edgeId',
  'nextPageToken',
  'used',
  'version',
  'secret',
  'url',
  'milliseconds',
]);

/** The same with a word for the kind of each value that is another one each time. */
function withoutChance(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutChance(item));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, withoutChance(item, name)]));
  }
  if (BY_CHANCE.has(key)) return `<${key}>`;
  if (typeof value !== 'string') return value;
  return value
    .replace(/^\d{10,16}$/, '<push>')
    .replace(/^[kt]\d+$/, '<key>')
    .replace(/^whk_[0-9a-f]{24}$/, '<webhook>')
    .replace(/^[0-9a-f]{16}$/, '<app>')
    .replace(/^[0-9a-f]{32}$/, '<device>')
    .replace(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/, '<time>');
}
