import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DescMethod, MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { ConnectError } from '@connectrpc/connect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACCESS } from '../../core/rpc/service/access.js';
import { KeyScope } from '../../gen/onepush/v1/access_pb.js';
import { RegistrationMode } from '../../gen/onepush/v1/app_pb.js';
import { Channel } from '../../gen/onepush/v1/channel_pb.js';
import { Platform } from '../../gen/onepush/v1/device_pb.js';
import { ErrorDetailSchema } from '../../gen/onepush/v1/error_pb.js';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import { SigningKeyKind } from '../../gen/onepush/v1/signing_key_pb.js';
import { ROOT } from '../support/dist.js';
import { eventually } from '../support/eventually.js';
import { basic, bearer, failureOf, type PushCoreClient, pushCoreClient } from '../support/rpc.js';
import { aliases } from '../support/rpc-audiences.js';
import { ADMIN_TOKEN, type Stack, startStack } from '../support/stack.js';
import { uniqueName } from '../support/users.js';

type Method = keyof typeof PushCore.method;
type Rule = 'anyone' | 'send' | 'read' | 'manage' | 'admin' | 'read or admin' | 'manage or admin';

/** Who may call what, written down here once more: a method that is not here fails the test. */
const RULES: Record<Method, Rule> = {
  registerDevice: 'anyone',
  unregisterDevice: 'anyone',
  rotateDeviceId: 'anyone',
  sendPush: 'send',
  sendPushStream: 'send',
  estimateAudience: 'send',
  recallPush: 'send',
  getPush: 'read',
  listPushes: 'read',
  listDeliveries: 'read',
  deviceTimeline: 'read',
  listDevices: 'read',
  getPresence: 'read',
  listQuietHours: 'read',
  watchReceipts: 'read',
  updateDevice: 'manage',
  setQuietHours: 'manage',
  getUsage: 'read or admin',
  serverInfo: 'read or admin',
  deleteDevices: 'manage or admin',
  rotateAppKey: 'manage or admin',
  createAppKey: 'manage or admin',
  listAppKeys: 'manage or admin',
  revokeAppKey: 'manage or admin',
  listAuditLog: 'manage or admin',
  addSigningKey: 'manage or admin',
  listSigningKeys: 'manage or admin',
  removeSigningKey: 'manage or admin',
  createApp: 'admin',
  updateApp: 'admin',
  getApp: 'admin',
  listApps: 'admin',
  deleteApp: 'admin',
  disableApp: 'admin',
  enableApp: 'admin',
  setChannel: 'admin',
  listChannels: 'admin',
  removeChannel: 'admin',
  testChannel: 'admin',
  setAppWaking: 'admin',
  setAppLimits: 'admin',
  createAdminToken: 'admin',
  listAdminTokens: 'admin',
  revokeAdminToken: 'admin',
};

/** How another app's key is answered that is right for the method, where it names something of this app. */
const OF_ANOTHER_APP: Partial<Record<Method, string>> = {
  recallPush: 'UNKNOWN_PUSH',
  getPush: 'UNKNOWN_PUSH',
  listDeliveries: 'UNKNOWN_PUSH',
  deviceTimeline: 'UNKNOWN_DEVICE',
  updateDevice: 'UNKNOWN_DEVICE',
  setQuietHours: 'UNKNOWN_DEVICE',
  rotateAppKey: 'WRONG_APP_KEY',
  createAppKey: 'WRONG_APP_KEY',
  listAppKeys: 'WRONG_APP_KEY',
  revokeAppKey: 'WRONG_APP_KEY',
  listAuditLog: 'WRONG_APP_KEY',
  addSigningKey: 'WRONG_APP_KEY',
  listSigningKeys: 'WRONG_APP_KEY',
  removeSigningKey: 'WRONG_APP_KEY',
  deleteDevices: 'WRONG_APP_KEY',
  getUsage: 'WRONG_APP_KEY',
};

const PUBLIC_KEY = '{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}';
const CALLERS = [
  'none',
  'send',
  'read',
  'manage',
  'other',
  'disabled',
  'revoked',
  'expired',
  'admin',
  'named admin',
  'revoked admin',
] as const;
type Caller = (typeof CALLERS)[number];
const ADMINS: readonly Caller[] = ['admin', 'named admin'];
const REFUSALS = ['WRONG_APP_KEY', 'WRONG_ADMIN_TOKEN', 'WRONG_SCOPE', 'APP_DISABLED', 'UNKNOWN_APP'];

/** The reason for which a caller is refused by such a method; undefined: it is let in. */
function refusalOf(rule: Rule, caller: Caller): string | undefined {
  if (rule === 'anyone') return undefined;
  const takesAdmin = rule.endsWith('admin');
  if (ADMINS.includes(caller)) return takesAdmin ? undefined : 'WRONG_APP_KEY';
  if (rule === 'admin') return 'WRONG_ADMIN_TOKEN';
  if (caller === 'none' || caller === 'revoked admin') return takesAdmin ? 'WRONG_ADMIN_TOKEN' : 'WRONG_APP_KEY';
  if (caller === 'disabled') return 'APP_DISABLED';
  if (caller === 'revoked' || caller === 'expired') return 'WRONG_APP_KEY';
  const isEnough = caller === 'manage' || caller === 'other' || rule.split(' or ').includes(caller);
  return isEnough ? undefined : 'WRONG_SCOPE';
}

type Requests = { [K in Method]: MessageInitShape<(typeof PushCore.method)[K]['input']> };
interface Key {
  readonly appId: string;
  readonly key: string;
}

let stack: Stack;
let grpc: PushCoreClient;
let connect: PushCoreClient;
const admin = bearer(ADMIN_TOKEN);
/** What each caller shows; undefined: nothing. A string is an admin token. */
let shown: Record<Caller, Key | string | undefined>;
let requests: Requests;
/** Everything of which the audit log must have nothing. */
const secrets: string[] = [ADMIN_TOKEN];
/** What a stream of receipts fails with whose key is revoked while nothing happens. */
let watchEnded: Promise<ConnectError>;

beforeAll(async () => {
  stack = await startStack();
  grpc = pushCoreClient(stack, 'grpc');
  connect = pushCoreClient(stack, 'connect');
  const [own, other, stopped] = await Promise.all([newApp('own'), newApp('other'), newApp('stopped')]);
  const [send, read, manage, revoked, watching, expired] = await Promise.all([
    newKey(own, KeyScope.SEND),
    newKey(own, KeyScope.READ),
    newKey(own, KeyScope.MANAGE),
    newKey(own, KeyScope.MANAGE),
    newKey(own, KeyScope.READ),
    newKey(own, KeyScope.MANAGE, timestampFromMs(Date.now() + 1000)),
  ]);
  const appId = own.appId;
  const { deviceId } = await grpc.registerDevice(registration(appId));
  secrets.push(deviceId);
  const audience = aliases('alice');
  const push = { audience, alert: 'x' };
  const { requestId } = await grpc.sendPush(push, basic(appId, send.key));
  const named = await newAdminToken();
  const ended = await newAdminToken();
  await grpc.disableApp({ id: stopped.appId }, admin);
  // Each is used before it ends: caches know it.
  await grpc.listAppKeys({ appId }, basic(appId, revoked.key));
  await grpc.listAppKeys({ appId }, bearer(ended.token));
  const watch = grpc.watchReceipts({}, basic(appId, watching.key))[Symbol.asyncIterator]();
  await watch.next();
  for (const { id } of [revoked, watching]) await grpc.revokeAppKey({ appId, keyId: id }, basic(appId, manage.key));
  await grpc.revokeAdminToken({ id: ended.id }, admin);
  watchEnded = failureOf(watch.next());
  watchEnded.catch(() => {});
  shown = {
    none: undefined,
    send,
    read,
    manage,
    other,
    disabled: stopped,
    revoked,
    expired,
    admin: ADMIN_TOKEN,
    'named admin': named.token,
    'revoked admin': ended.token,
  };
  const nobody = 'nobody';
  requests = {
    registerDevice: registration(appId),
    unregisterDevice: { deviceId: nobody },
    rotateDeviceId: { deviceId: nobody },
    sendPush: push,
    sendPushStream: { pushes: [{ reference: 1, push }] },
    estimateAudience: { audience },
    recallPush: { requestId },
    getPush: { requestId },
    listPushes: {},
    listDeliveries: { requestId },
    deviceTimeline: { device: { case: 'deviceId', value: deviceId } },
    listDevices: { filter: { case: 'alias', value: 'alice' } },
    getPresence: { aliases: ['alice'] },
    listQuietHours: {},
    watchReceipts: {},
    updateDevice: { deviceId, mobile: '1' },
    setQuietHours: { subject: { subject: { case: 'deviceId', value: deviceId } } },
    deleteDevices: { appId, dryRun: true, alias: 'alice' },
    addSigningKey: { appId, kind: SigningKeyKind.EDDSA, key: PUBLIC_KEY },
    listSigningKeys: { appId },
    removeSigningKey: { appId, id: 'none' },
    updateApp: { id: appId, name: 'own' },
    rotateAppKey: { id: appId },
    createAppKey: { appId, name: 'made', scope: KeyScope.READ },
    listAppKeys: { appId },
    revokeAppKey: { appId, keyId: 'k999999' },
    listAuditLog: { appId, pageSize: 1 },
    createApp: { name: 'made' },
    getApp: { id: appId },
    listApps: {},
    deleteApp: { id: nobody },
    serverInfo: {},
    disableApp: { id: nobody },
    enableApp: { id: appId },
    setChannel: { appId, name: 'any', channel: Channel.WEBHOOK, settingsJson: '{}' },
    listChannels: { appId },
    removeChannel: { appId, name: 'any' },
    testChannel: { appId, name: 'any' },
    setAppWaking: { id: appId },
    setAppLimits: { id: appId, limits: {} },
    getUsage: { id: appId },
    createAdminToken: { name: 'made' },
    listAdminTokens: {},
    revokeAdminToken: { id: 't999999' },
  };
  await eventually(async () => (await outcomeOf(grpc, 'listAppKeys', 'expired')) === 'WRONG_APP_KEY');
});
afterAll(() => stack?.stop());

function registration(appId: string) {
  return { appId, alias: 'alice', platform: Platform.WEB, nativeToken: uniqueName() };
}

async function newApp(name: string): Promise<Key> {
  const { id, appKey } = await grpc.createApp({ name, registration: RegistrationMode.OPEN }, admin);
  secrets.push(appKey);
  return { appId: id, key: appKey };
}

async function newKey({ appId }: Key, scope: KeyScope, expiresAt?: ReturnType<typeof timestampFromMs>) {
  const { key, appKey } = await grpc.createAppKey(
    { appId, name: 'a key', scope, ...(expiresAt && { expiresAt }) },
    admin,
  );
  secrets.push(appKey);
  return { appId, key: appKey, id: key?.id ?? '' };
}

async function newAdminToken() {
  const { token, adminToken } = await grpc.createAdminToken({ name: 'carol' }, admin);
  secrets.push(adminToken);
  return { id: token?.id ?? '', token: adminToken };
}

function headersOf(caller: Caller) {
  const credentials = shown[caller];
  if (credentials === undefined) return {};
  return typeof credentials === 'string' ? bearer(credentials) : basic(credentials.appId, credentials.key);
}

/** What a call comes to: OK, or the reason of its error. */
async function outcomeOf(client: PushCoreClient, name: Method, caller: Caller): Promise<string> {
  // The request is that of the method.
  const call = client[name] as unknown as (request: unknown, options: object) => unknown;
  const method: DescMethod = PushCore.method[name];
  try {
    if (method.methodKind === 'unary') await call(requests[name], headersOf(caller));
    else {
      const input = method.methodKind === 'bidi_streaming' ? once(requests[name]) : requests[name];
      for await (const _ of call(input, headersOf(caller)) as AsyncIterable<unknown>) break;
    }
    return 'OK';
  } catch (error) {
    return reasonOf(ConnectError.from(error));
  }
}

async function* once(message: unknown) {
  yield message;
}

function reasonOf(error: ConnectError): string {
  return error.findDetails(ErrorDetailSchema)[0]?.reason ?? `${error.code} ${error.message}`;
}

describe('every method', () => {
  it('has a rule here that is the same as that of the service', () => {
    const rules = Object.entries(ACCESS).map(([name, access]) => {
      if (typeof access === 'string') return [name, 'anyone'];
      return [name, [access.scope, access.admin && 'admin'].filter(Boolean).join(' or ')];
    });
    expect(Object.fromEntries(rules)).toEqual(RULES);
    expect(Object.keys(PushCore.method).toSorted()).toEqual(Object.keys(RULES).toSorted());
  });

  it.each(['grpc', 'connect'] as const)('lets in those whom it is for, and nobody else, over %s', async (door) => {
    const client = door === 'grpc' ? grpc : connect;
    const all = Object.keys(RULES) as Method[];
    // One of each rule, and of each kind, shows that the other door asks the same.
    const some = [...new Set(Object.values(RULES))].map((rule) => all.findLast((name) => RULES[name] === rule));
    const names = door === 'grpc' ? all : some.filter((name) => name !== undefined);
    const found: Record<string, string> = {};
    const expected: Record<string, string> = {};
    for (const caller of CALLERS) {
      await Promise.all(
        names.map(async (name) => {
          const cell = `${name} by ${caller}`;
          const outcome = await outcomeOf(client, name, caller);
          const refusal = refusalOf(RULES[name], caller);
          found[cell] = REFUSALS.includes(outcome) || caller === 'other' ? outcome : 'let in';
          expected[cell] = refusal ?? (caller === 'other' ? (OF_ANOTHER_APP[name] ?? 'OK') : 'let in');
          // What nobody may do to what is not there.
          if (/^(disable|delete)App$/.test(name) && ADMINS.includes(caller)) expected[cell] = 'UNKNOWN_APP';
          if (/^(unregisterDevice|rotateDeviceId)$/.test(name) && caller === 'other') expected[cell] = 'UNKNOWN_DEVICE';
        }),
      );
    }
    expect(found).toEqual(expected);
  });
});

describe('every path of the edge', () => {
  const PATHS: Record<string, Rule> = {
    '/': 'anyone',
    '/sw.js': 'anyone',
    '/docs/:name': 'anyone',
    '/openapi.json': 'anyone',
    '/healthz': 'anyone',
    '/readyz': 'anyone',
    '/msgpush/register': 'anyone',
    '/msgpush/unregister/:deviceId': 'anyone',
    '/msgpush/rotate/:deviceId': 'anyone',
    '/msgpush/rotate': 'anyone',
    '/msgpush/unregister': 'anyone',
    '/msgpush/events': 'anyone',
    '/msgpush/confirm': 'anyone',
    // The device id is the secret.
    '/msgpush/history': 'anyone',
    '/msgpush/send': 'send',
    '/msgpush/recall/:requestId': 'send',
    '/msgpush/push/:requestId': 'read',
    '/msgpush/push/:requestId/deliveries': 'read',
    '/msgpush/devices': 'read',
    '/msgpush/devices/:deviceId/timeline': 'read',
    '/apps': 'admin',
    '/apps/:id': 'admin',
  };
  /** Reasons by the code of REST. */
  const CODES: Record<number, string> = {
    40101: 'WRONG_APP_KEY',
    40102: 'WRONG_ADMIN_TOKEN',
    40301: 'APP_DISABLED',
    40302: 'WRONG_SCOPE',
  };

  it('has a rule here', () => {
    const sources = ['edge/http/routes.ts', 'edge/page/handlers.ts'].map((path) =>
      readFileSync(join(ROOT, path), 'utf8'),
    );
    const paths = sources.flatMap((text) => [...text.matchAll(/^ {4}'(\/[^']*)': /gm)].map(([, path]) => path));
    expect(paths.toSorted()).toEqual(Object.keys(PATHS).toSorted());
  });

  /** What a request comes to. The send has its credentials in its body. */
  async function restOutcome(path: string, caller: Caller): Promise<string> {
    const credentials = shown[caller];
    const { appId, key } = typeof credentials === 'object' ? credentials : { appId: 'testapp1', key: 'wrong' };
    const isGet = !/^\/(apps|msgpush\/(register|unregister.*|rotate.*|confirm|send|recall\/.*))$/.test(path);
    const body = {
      '/msgpush/register': { ...registration(appId), platform: 'WEB' },
      '/msgpush/send': { appId, appKey: key, audiences: ['nobody'], alert: 'x' },
      '/apps': { name: 'made' },
    }[path];
    const named = path.replace(':deviceId', 'nobody').replace(':id', requests.getApp.id ?? '');
    const filled = named.replace(':requestId', requests.getPush.requestId ?? '').replace(/devices$/, '$&?alias=alice');
    const response = await fetch(stack.httpUrl + filled, {
      method: isGet ? 'GET' : 'POST',
      headers: { 'content-type': 'application/json', ...(headersOf(caller) as { headers?: object }).headers },
      ...(!isGet && { body: JSON.stringify(body ?? {}) }),
    });
    const text = await response.text();
    if (response.ok || response.status === 404) return 'let in';
    const { code } = JSON.parse(text) as { code: number };
    // What else is wrong with it is told to whoever is let in.
    return CODES[code] ?? 'let in';
  }

  it('lets in those whom it is for, and nobody else', async () => {
    const found: Record<string, string> = {};
    const expected: Record<string, string> = {};
    for (const caller of CALLERS) {
      for (const [path, rule] of Object.entries(PATHS)) {
        const cell = `${path} by ${caller}`;
        found[cell] = await restOutcome(path, caller);
        expected[cell] = refusalOf(rule, caller) ?? 'let in';
        if (path === '/msgpush/register' && caller === 'disabled') expected[cell] = 'APP_DISABLED';
      }
    }
    expect(found).toEqual(expected);
  });
});

describe('a key', () => {
  it('that is revoked ends the streams that it has opened', async () => {
    expect(reasonOf(await watchEnded)).toBe('WRONG_APP_KEY');
    const own = shown.manage as Key;
    const sending = await newKey(own, KeyScope.SEND);
    let go = (): void => {};
    const revoked = new Promise<void>((resolve) => (go = resolve));
    async function* messages() {
      yield requests.sendPushStream;
      await revoked;
      yield requests.sendPushStream;
    }
    const answers = grpc.sendPushStream(messages(), basic(own.appId, sending.key))[Symbol.asyncIterator]();
    await answers.next();
    await grpc.revokeAppKey({ appId: own.appId, keyId: sending.id }, admin);
    go();
    expect(reasonOf(await failureOf(answers.next()))).toBe('WRONG_APP_KEY');
  });

  it('has an end that is later than now, and a public id', async () => {
    const { appId } = shown.manage as Key;
    const past = { appId, name: 'late', scope: KeyScope.SEND, expiresAt: timestampFromMs(Date.now() - 1000) };
    expect((await failureOf(grpc.createAppKey(past, admin))).message).toContain('expiresAt must be later than now');
    expect(reasonOf(await failureOf(grpc.revokeAppKey({ appId, keyId: '7' }, admin)))).toBe('UNKNOWN_KEY');
    const { keys } = await grpc.listAppKeys({ appId }, admin);
    for (const { id } of keys) expect(id).toMatch(/^k\d+$/);
  });
});

describe('the audit log', () => {
  async function readAll(more: object = {}, options = admin) {
    const all = [];
    for (let pageToken = ''; ; ) {
      const page = await grpc.listAuditLog({ pageSize: 7, pageToken, ...more }, options);
      all.push(...page.entries);
      pageToken = page.nextPageToken;
      if (pageToken === '') return all;
    }
  }

  it('has every change of every audited method, with who and from where, and no secret', async () => {
    const entries = await readAll();
    const audited = Object.entries(ACCESS).filter(
      ([, access]) => typeof access !== 'string' && access.audited === true,
    );
    const names = audited.map(([name]) => PushCore.method[name as Method].name);
    expect([...new Set(entries.map(({ method }) => method))].toSorted()).toEqual(names.toSorted());
    for (const { actorId, address, outcome, method } of entries) {
      expect({ method, actorId }).toEqual({ method, actorId: expect.stringMatching(/^(environment|[kt]\d+)$/) });
      expect(address).toBe('127.0.0.1');
      expect(outcome).toMatch(/^(OK|[A-Z_]+)$/);
    }
    expect(entries.find(({ method, outcome }) => method === 'DisableApp' && outcome !== 'OK')).toMatchObject({
      outcome: 'UNKNOWN_APP',
      actorName: expect.stringMatching(/^(environment|carol)$/),
    });
    const text = JSON.stringify(entries.map((entry) => ({ ...entry, time: undefined })));
    for (const secret of secrets) expect(text).not.toContain(secret);
    // A change by a key names the key, and what it changed.
    const { appId } = shown.manage as Key;
    const revocation = entries.filter(({ method, outcome }) => method === 'RevokeAppKey' && outcome === 'OK');
    expect(revocation.at(-1)).toMatchObject({
      appId,
      actorName: 'a key',
      target: expect.stringMatching(/^k\d+ a key$/),
    });
  });

  it('shows an app its own entries only, by actor and time', async () => {
    const { appId, key } = shown.manage as Key;
    const own = await readAll({}, basic(appId, key));
    expect(own.length).toBeGreaterThan(5);
    expect(new Set(own.map((entry) => entry.appId))).toEqual(new Set([appId]));
    const { actorId = '', time } = own[0] ?? {};
    const byActor = await readAll({ actorId }, basic(appId, key));
    expect(new Set(byActor.map((entry) => entry.actorId))).toEqual(new Set([actorId]));
    expect(await readAll({ until: { seconds: 1n, nanos: 0 } }, basic(appId, key))).toEqual([]);
    expect(await readAll({ from: time ?? {} }, basic(appId, key))).not.toEqual([]);
  });
});
