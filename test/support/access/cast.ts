import type { DescMethod, MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { ConnectError } from '@connectrpc/connect';
import { KeyScope } from '../../../gen/onepush/v1/access_pb.js';
import { RegistrationMode } from '../../../gen/onepush/v1/app_pb.js';
import { Channel } from '../../../gen/onepush/v1/channel_pb.js';
import { Platform } from '../../../gen/onepush/v1/device_pb.js';
import { ErrorDetailSchema } from '../../../gen/onepush/v1/error_pb.js';
import { PushCore } from '../../../gen/onepush/v1/push_core_pb.js';
import { SigningKeyKind } from '../../../gen/onepush/v1/signing_key_pb.js';
import { eventually } from '../eventually.js';
import { basic, bearer, failureOf, type PushCoreClient, pushCoreClient } from '../rpc.js';
import { aliases } from '../rpc-audiences.js';
import { ADMIN_TOKEN, type Stack, startStack } from '../stack.js';
import { uniqueName } from '../users.js';
import type { Caller, Method } from './rules.js';

type Requests = { [K in Method]: MessageInitShape<(typeof PushCore.method)[K]['input']> };
/** An app, and a key of it. */
export interface Key {
  readonly appId: string;
  readonly key: string;
}

/** A stack with an app, all kinds of callers, and for each method a request about that app. */
export interface Cast {
  stack: Stack;
  grpc: PushCoreClient;
  connect: PushCoreClient;
  /** What each caller shows; undefined: nothing. A string is an admin token. */
  shown: Record<Caller, Key | string | undefined>;
  requests: Requests;
  /** Everything of which the audit log must have nothing. */
  secrets: readonly string[];
  /** What a stream of receipts fails with whose key is revoked while nothing happens. */
  watchEnded: Promise<ConnectError>;
  newKey(app: Key, scope: KeyScope): Promise<Key & { id: string }>;
  /** Headers with what a caller shows. */
  headersOf(caller: Caller): object;
  /** What a call comes to: OK, or the reason of its error. */
  outcomeOf(client: PushCoreClient, name: Method, caller: Caller): Promise<string>;
}

const admin = bearer(ADMIN_TOKEN);
const PUBLIC_KEY = '{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}';

export async function startCast(): Promise<Cast> {
  const stack = await startStack();
  const grpc = pushCoreClient(stack, 'grpc');
  const connect = pushCoreClient(stack, 'connect');
  const secrets: string[] = [ADMIN_TOKEN];

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
  const watchEnded = failureOf(watch.next());
  watchEnded.catch(() => {});
  const shown: Cast['shown'] = {
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
  const requests: Requests = {
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
    createWebhook: { appId, url: 'https://hooks.example.com/' },
    listWebhooks: { appId },
    updateWebhook: { appId, id: 'none' },
    deleteWebhook: { appId, id: 'none' },
    rotateWebhookSecret: { appId, id: 'none' },
    testWebhook: { appId, id: 'none' },
    listDeadLetters: { appId, webhookId: 'none' },
    replayWebhook: { appId, id: 'none', what: { case: 'deadLetters', value: {} } },
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
    undeleteApp: { id: nobody },
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
  return { stack, grpc, connect, shown, requests, secrets, watchEnded, newKey, headersOf, outcomeOf };
}

/** A registration of a new device of alice's. */
export function registration(appId: string) {
  return { appId, alias: 'alice', platform: Platform.WEB, nativeToken: uniqueName() };
}

async function* once(message: unknown) {
  yield message;
}

/** The reason of an error, by its detail. */
export function reasonOf(error: ConnectError): string {
  return error.findDetails(ErrorDetailSchema)[0]?.reason ?? `${error.code} ${error.message}`;
}
