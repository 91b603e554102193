import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Code } from '@connectrpc/connect';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { signWebhook } from '../../core/outbound/standard-webhooks.js';
import { KeyScope } from '../../gen/onepush/v1/access_pb.js';
import { RegistrationMode } from '../../gen/onepush/v1/app_pb.js';
import { Channel } from '../../gen/onepush/v1/channel_pb.js';
import { Platform } from '../../gen/onepush/v1/device_pb.js';
import { WebhookEvent, WebhookState } from '../../gen/onepush/v1/webhook_pb.js';
import { ROOT } from '../support/dist.js';
import { eventually } from '../support/eventually.js';
import { basic, bearer, failureOf, type PushCoreClient, pushCoreClient } from '../support/rpc.js';
import { aliases } from '../support/rpc-audiences.js';
import { ADMIN_TOKEN, type Stack, startStack, TEST_APP } from '../support/stack.js';
import { suiteStore } from '../support/stores.js';
import { type CertificateFolder, certificateFolder } from '../support/tls.js';
import { uniqueName } from '../support/users.js';
import { startVendorServer } from '../support/vendors/server.js';
import { type BackEnd, startBackEnd } from '../support/webhook-core.js';

const app = basic(TEST_APP.appId, TEST_APP.appKey);
const { appId } = TEST_APP;
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
let stack: Stack;
let client: PushCoreClient;
let backEnd: BackEnd;
let folder: CertificateFolder;
beforeAll(async () => {
  backEnd = await startBackEnd();
  folder = await certificateFolder();
  stack = await startStack({
    store: suiteStore() ?? 'sqlite',
    coreEnv: {
      ONEPUSH_SECRET_KEY: randomBytes(32).toString('base64'),
      ONEPUSH_WEBHOOK_HOSTS: 'localhost',
      ONEPUSH_WAKE_GRACE: '0',
      NODE_EXTRA_CA_CERTS: await folder.write('ca.pem', backEnd.server.ca),
    },
  });
  client = pushCoreClient(stack, 'connect');
});
afterAll(async () => {
  await stack?.stop();
  await folder?.remove();
  await backEnd?.server.stop();
});
beforeEach(async () => {
  const { webhooks } = await client.listWebhooks({ appId }, app);
  for (const { id } of webhooks) await client.deleteWebhook({ appId, id }, app);
  backEnd.secrets.length = 0;
  backEnd.told.length = 0;
});

async function create(given: { maxEvents?: number; events?: WebhookEvent[] } = {}) {
  const { webhook, secret } = await client.createWebhook({ appId, name: 'orders', url: backEnd.url, ...given }, app);
  backEnd.secrets.push(secret);
  if (webhook === undefined) throw new Error('no webhook');
  return webhook;
}

/** Pushes to a new device and recalls it: one receipt. */
async function recalled(): Promise<string> {
  const alias = uniqueName();
  await client.registerDevice({ appId, alias, platform: Platform.WEB, nativeToken: uniqueName() });
  const { requestId } = await client.sendPush({ audience: aliases(alias), alert: 'a secret text' }, app);
  await client.recallPush({ requestId }, app);
  return requestId;
}

const told = (requestIds: readonly string[]) =>
  eventually(() => requestIds.every((id) => backEnd.told.some(({ messageId }) => messageId === id)), {
    message: `${requestIds.length} to be told`,
  });

it('tells a back end how deliveries end, without their content, also across a crash of the core', async () => {
  const webhook = await create({ maxEvents: 10, events: [WebhookEvent.RECEIPTS] });
  expect(webhook).toMatchObject({ name: 'orders', url: backEnd.url, maxEvents: 10, state: WebhookState.ACTIVE });
  const before = await recalled();
  await told([before]);
  const missed = await recalled();
  await stack.core.kill();
  await stack.restartCore();
  await stack.waitUntilReady();
  const after = await recalled();
  await told([before, missed, after]);
  const ids = new Map(backEnd.told.map(({ id, messageId }) => [messageId, id]));
  // Whatever was repeated had the same id.
  expect(new Set(backEnd.told.map(({ id }) => id)).size).toBe(ids.size);
  expect(backEnd.told[0]).toMatchObject({ type: 'delivery.ended', state: 'RECALLED' });
  const sent = backEnd.server.requests.map(({ body }) => body.toString()).join('\n');
  expect(sent).not.toContain('a secret text');
  expect(backEnd.forged).toBe(0);
  const listed = await client.listWebhooks({ appId }, app);
  expect(listed.webhooks).toMatchObject([{ id: webhook.id, deadLetters: 0, missed: 0n, reason: '' }]);
});

it('tells how wakes end, and of nothing else where that is all that it was asked for', async () => {
  const vendor = await startVendorServer({ handle: () => ({ status: 202, body: {} }) });
  try {
    const settings = { url: `${vendor.url}/wake`, secret: SECRET, allowPrivate: true, ca: vendor.ca };
    const channel = { appId, name: 'hook', channel: Channel.WEBHOOK, settingsJson: JSON.stringify(settings) };
    await client.setChannel(channel, bearer(ADMIN_TOKEN));
    await create({ events: [WebhookEvent.WAKES] });
    const alias = uniqueName();
    const push = { channel: Channel.WEBHOOK, token: alias };
    await client.registerDevice({ appId, alias, platform: Platform.ANDROID, nativeToken: alias, push });
    const unseen = await recalled();
    const { requestId } = await client.sendPush({ audience: aliases(alias), alert: 'a secret text' }, app);
    await told([requestId]);
    const [event] = backEnd.told;
    expect(event).toMatchObject({ type: 'wake.ended', requestId, messageId: requestId, alias, channel: 'WEBHOOK' });
    expect(event).toMatchObject({ state: 'ACCEPTED', attempts: 1 });
    expect(backEnd.told.map(({ messageId }) => messageId)).not.toContain(unseen);
  } finally {
    await client.removeChannel({ appId, name: 'hook' }, bearer(ADMIN_TOKEN));
    await vendor.stop();
  }
});

it('is disabled, enabled, tried and replayed, and changes its secret', async () => {
  const { id } = await create();
  const off = await client.updateWebhook({ appId, id, enabled: false }, app);
  expect(off.webhook).toMatchObject({ state: WebhookState.DISABLED, reason: 'disabled_by_caller' });
  const first = await recalled();
  expect(await client.testWebhook({ appId, id }, app)).toMatchObject({ status: 204, reason: '' });
  const on = await client.updateWebhook({ appId, id, enabled: true, name: 'other' }, app);
  expect(on.webhook).toMatchObject({ state: WebhookState.ACTIVE, reason: '', name: 'other' });
  await told([first]);
  const { secret, oldSecretUntil } = await client.rotateWebhookSecret({ appId, id }, app);
  expect(oldSecretUntil).toBeDefined();
  backEnd.secrets.splice(0, 1, secret);
  await told([await recalled()]);
  // Two at once: both are good.
  const both = await Promise.all([1, 2].map(() => client.rotateWebhookSecret({ appId, id }, app)));
  for (const made of both) {
    backEnd.secrets.splice(0, 1, made.secret);
    expect(await client.testWebhook({ appId, id }, app)).toMatchObject({ status: 204 });
  }
  const count = backEnd.told.length;
  await client.replayWebhook({ appId, id, what: { case: 'from', value: { seconds: 0n, nanos: 0 } } }, app);
  await eventually(() => backEnd.told.length >= 2 * count);
  expect(await client.replayWebhook({ appId, id, what: { case: 'deadLetters', value: {} } }, app)).toMatchObject({
    deadLetters: 0,
  });
  expect(await client.listDeadLetters({ appId, webhookId: id }, app)).toMatchObject({
    deadLetters: [],
    nextPageToken: '',
  });
});

it('of a deleted app is changed and tried by an admin, as all else of the app, and tells nothing until it is enabled', async () => {
  const admin = bearer(ADMIN_TOKEN);
  const registration = RegistrationMode.OPEN;
  const { id: deleted, appKey } = await client.createApp({ name: 'leaving', registration }, admin);
  const own = basic(deleted, appKey);
  const made = await client.createWebhook({ appId: deleted, url: backEnd.url }, own);
  backEnd.secrets.push(made.secret);
  const alias = uniqueName();
  await client.registerDevice({ appId: deleted, alias, platform: Platform.WEB, nativeToken: uniqueName() });
  const { requestId } = await client.sendPush({ audience: aliases(alias), alert: 'x' }, own);
  await client.updateWebhook({ appId: deleted, id: made.webhook?.id ?? '', enabled: false }, own);
  await client.recallPush({ requestId }, own);
  await client.deleteApp({ id: deleted }, admin);
  // An app may change nothing of itself then.
  for (const call of [
    () => client.createWebhook({ appId: deleted, url: backEnd.url }, own),
    () => client.createAppKey({ appId: deleted, name: 'key', scope: KeyScope.READ }, own),
  ]) {
    expect((await failureOf(call())).code).toBe(Code.PermissionDenied);
  }
  await client.createAppKey({ appId: deleted, name: 'key', scope: KeyScope.READ }, admin);
  const { webhook: late, secret } = await client.createWebhook({ appId: deleted, url: backEnd.url }, admin);
  backEnd.secrets.push(secret);
  const tried = await client.testWebhook({ appId: deleted, id: late?.id ?? '' }, admin);
  expect(tried).toMatchObject({ status: 204, reason: '' });
  await client.updateWebhook({ appId: deleted, id: made.webhook?.id ?? '', enabled: true }, admin);
  // Another app's would have been told by then, twice.
  await create();
  for (let count = 0; count < 2; count++) await told([await recalled()]);
  expect(backEnd.told.map(({ messageId }) => messageId)).not.toContain(requestId);
  await client.enableApp({ id: deleted }, admin);
  await told([requestId]);
  await client.deleteApp({ id: deleted }, admin);
});

it('says that it fails, why, and when it is tried next', async () => {
  const { id } = await create();
  backEnd.judge = () => ({ status: 503 });
  const pushed = await recalled();
  const webhook = await eventually(async () => {
    const [listed] = (await client.listWebhooks({ appId }, app)).webhooks;
    return listed?.state === WebhookState.FAILING && listed.nextAttemptAt !== undefined && listed;
  });
  expect(webhook).toMatchObject({ id, reason: 'http_503' });
  expect(webhook.oldestUntoldAt).toBeDefined();
  expect((await client.updateWebhook({ appId, id, name: 'still failing' }, app)).webhook).toMatchObject({ id });
  backEnd.judge = () => undefined;
  await told([pushed]);
});

it('shows the path of its address to those who may manage only, and its secret to nobody', async () => {
  const { key, appKey } = await client.createAppKey({ appId, name: 'reports', scope: KeyScope.READ }, app);
  const { id } = await create();
  const [secret] = backEnd.secrets;
  const reader = await client.listWebhooks({ appId }, basic(appId, appKey));
  expect(reader.webhooks).toMatchObject([{ id, url: new URL(backEnd.url).origin }]);
  const { entries } = await client.listAuditLog({ appId, pageSize: 1000 }, app);
  expect(entries.some(({ method, target }) => method === 'CreateWebhook' && target === id)).toBe(true);
  const shown = [...entries.map(({ target }) => target), ...stack.core.logs()].join('\n');
  expect(shown).not.toContain('secret-path');
  expect(shown).not.toContain(secret);
  await client.revokeAppKey({ appId, keyId: key?.id ?? '' }, app);
});

it('is refused for an address that is not of the internet, and beyond ten', async () => {
  for (const url of ['http://hooks.example.com/', 'https://10.0.0.1/', 'https://user@localhost/', 'nothing']) {
    expect((await failureOf(client.createWebhook({ appId, url }, app))).code, url).toBe(Code.InvalidArgument);
  }
  for (let count = 0; count < 10; count++) await create();
  const refused = await failureOf(client.createWebhook({ appId, url: backEnd.url }, app));
  expect(refused.code).toBe(Code.FailedPrecondition);
  expect((await failureOf(client.deleteWebhook({ appId, id: 'whk_0' }, app))).code).toBe(Code.NotFound);
});

it('is checked by the example of the contract, which takes each event once and nothing unsigned', async () => {
  const example = readFileSync(join(ROOT, 'examples/node/webhook.mjs'), 'utf8');
  const shown = example.slice(example.indexOf('import '));
  for (const page of ['contract.md', 'contract.zh-CN.md']) {
    expect(readFileSync(join(ROOT, 'docs', page), 'utf8')).toContain(shown);
  }
  const child = spawn(process.execPath, ['examples/node/webhook.mjs', '0'], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, WEBHOOK_SECRET: SECRET },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const port = await eventually(() => /listening on (\d+)/.exec(said)?.[1]);
    const event = { type: 'delivery.ended', id: 'evt_1', messageId: '7', alias: 'alice', state: 'CONFIRMED' };
    const body = JSON.stringify({ type: 'receipts', data: { events: [event] } });
    const post = async (signed: string) => {
      const headers = signWebhook([SECRET], 'msg_1', signed);
      return (await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers, body })).status;
    };
    expect([await post(body), await post(body), await post(`${body} `)]).toEqual([204, 204, 401]);
    await eventually(() => said.includes('delivery.ended 7 alice CONFIRMED'));
    expect(said.match(/delivery\.ended/g)).toHaveLength(1);
  } finally {
    child.kill();
    await once(child, 'close');
  }
});
