import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Code } from '@connectrpc/connect';
import { afterAll, beforeAll, expect, it } from 'vitest';
import webPush from 'web-push';
import { ChannelState, TestResult, Channel as WireChannel } from '../../gen/onepush/v1/channel_pb.js';
import { ErrorDetailSchema } from '../../gen/onepush/v1/error_pb.js';
import { scrape } from '../support/metrics.js';
import { type RunningProcess, startProcess } from '../support/process.js';
import { bearer, failureOf, type PushCoreClient, pushCoreClient } from '../support/rpc.js';
import { ADMIN_TOKEN, TEST_APP } from '../support/stack.js';
import { type FreshDatabase, freshDatabase } from '../support/stores.js';
import type { RunningVendor } from '../support/vendors/fixture.js';
import { miPushFixture } from '../support/vendors/mipush.js';

const ADMIN = bearer(ADMIN_TOKEN);
const { appId } = TEST_APP;

let database: FreshDatabase;
let vendor: RunningVendor;
let core: RunningProcess;
let client: PushCoreClient;
const lines: string[] = [];
beforeAll(async () => {
  database = await freshDatabase('sqlite');
  vendor = await miPushFixture.start();
});
afterAll(async () => {
  await core?.stop();
  await vendor?.server.stop();
  await database?.drop();
});

/** Starts a core with these keys, after the one before has stopped. */
async function start(keys: readonly Buffer[], env: Record<string, string> = {}): Promise<void> {
  await core?.stop();
  lines.push(...(core?.logs() ?? []));
  core = await startProcess('core', {
    ONEPUSH_DATABASE_URL: database.url,
    ONEPUSH_GRPC_LISTEN: '127.0.0.1:0',
    ONEPUSH_CONNECT_LISTEN: '127.0.0.1:0',
    ONEPUSH_BOOTSTRAP_APP: `${appId}:${TEST_APP.appKey}`,
    ONEPUSH_ADMIN_TOKEN: ADMIN_TOKEN,
    ONEPUSH_SECRET_KEY: keys.map((key) => key.toString('base64')).join(),
    ...env,
  });
  const { grpc = '', connect = '' } = core.ready;
  client = pushCoreClient({ grpcAddr: grpc, connectUrl: `http://${connect}` }, keys.length === 1 ? 'grpc' : 'connect');
}

const set = (name: string, settings: object) =>
  client.setChannel({ appId, name, channel: WireChannel.MIPUSH, settingsJson: JSON.stringify(settings) }, ADMIN);
const test = async (name: string) => (await client.testChannel({ appId, name }, ADMIN)).result;
const states = async () =>
  (await client.listChannels({ appId }, ADMIN)).credentials.map(({ name, state }) => [name, state]);

it('credentials are set without a restart, and survive restarts and other keys of encryption', async () => {
  const [one, two] = [randomBytes(32), randomBytes(32)];
  await start([one]);
  const { credential } = await set('right', vendor.settings);
  expect(credential).toMatchObject({ settings: { package: 'com.example.app' }, state: ChannelState.READY });
  await set('wrong', { ...vendor.settings, ...miPushFixture.wrongCredential });
  expect(await test('right')).toBe(TestResult.OK);
  expect(await test('wrong')).toBe(TestResult.REFUSED);
  expect(await states()).toEqual([
    ['right', ChannelState.READY],
    ['wrong', ChannelState.DOWN],
  ]);
  const refusal = await failureOf(set('other', { appSecret: 5, key: 'S3CR3T' }));
  expect(refusal.findDetails(ErrorDetailSchema)[0]?.violations.map(({ field }) => field)).toEqual([
    'settingsJson.package',
    'settingsJson.appSecret',
    'settingsJson.key',
  ]);

  await start([two, one]);
  await core.waitForLog('encrypted with the first key');
  expect(await test('right')).toBe(TestResult.OK);
  const page = await scrape(core);
  expect(page.get('onepush_channels{channel="MIPUSH",state="ready"}')).toBe(2);

  const vapid = webPush.generateVAPIDKeys();
  await start([], {
    ONEPUSH_VAPID_PUBLIC_KEY: vapid.publicKey,
    ONEPUSH_VAPID_PRIVATE_KEY: vapid.privateKey,
    ONEPUSH_VAPID_SUBJECT: 'mailto:push@example.com',
  });
  await core.waitForLog('stored channels cannot be used');
  expect((await fetch(`http://${core.ready.ops}/readyz`)).status).toBe(200);
  expect((await scrape(core)).get('onepush_channels{channel="MIPUSH",state="locked"}')).toBe(2);
  expect(await states()).toEqual([
    ['(environment)', ChannelState.READY],
    ['right', ChannelState.LOCKED],
    ['wrong', ChannelState.LOCKED],
  ]);
  const locked = await failureOf(set('right', vendor.settings));
  expect(locked.code).toBe(Code.FailedPrecondition);
  expect(locked.message).toContain('ONEPUSH_SECRET_KEY');
  await client.removeChannel({ appId, name: 'wrong' }, ADMIN);
  expect(await states()).toHaveLength(2);

  const path = database.url.slice('sqlite:'.length);
  const files = await Promise.all([path, `${path}-wal`].map((file) => readFile(file).catch(() => Buffer.alloc(0))));
  const kept = `${Buffer.concat(files).toString('latin1')}${[...lines, ...core.logs()].join('\n')}`;
  for (const secret of [
    ...miPushFixture.secrets,
    'another-secret',
    'S3CR3T',
    one.toString('base64'),
    vapid.privateKey,
  ]) {
    expect(kept).not.toContain(secret);
  }
}, 60_000);
