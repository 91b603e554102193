import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Channel } from '../../gen/onepush/v1/channel_pb.js';
import { connectDevice } from '../support/device.js';
import { eventually } from '../support/eventually.js';
import { scrape } from '../support/metrics.js';
import { type CollectedSpan, type Collector, EXPORT_ALL, startCollector } from '../support/otlp.js';
import { registerDevice, send } from '../support/rest.js';
import { basic, bearer, failureOf, type Protocol, pushCoreClient } from '../support/rpc.js';
import { ADMIN_TOKEN, type Stack, startStack, TEST_APP } from '../support/stack.js';
import { type CertificateFolder, certificateFolder } from '../support/tls.js';
import { newDevice, uniqueName } from '../support/users.js';
import { startVendorServer, type VendorServer } from '../support/vendors/server.js';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const app = basic(TEST_APP.appId, TEST_APP.appKey);

let collector: Collector;
let stack: Stack;
let vendor: VendorServer;
let folder: CertificateFolder;
beforeAll(async () => {
  collector = await startCollector();
  vendor = await startVendorServer({ handle: () => ({ status: 202, body: {} }) });
  folder = await certificateFolder();
  const traces = { ...EXPORT_ALL, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
  stack = await startStack({
    coreEnv: {
      ...traces,
      ONEPUSH_SECRET_KEY: randomBytes(32).toString('base64'),
      ONEPUSH_WAKE_GRACE: '0',
      ONEPUSH_WEBHOOK_HOSTS: 'localhost',
      NODE_EXTRA_CA_CERTS: await folder.write('ca.pem', vendor.ca),
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=a%20test',
    },
    edgeEnv: { ...traces, OTEL_EXPORTER_OTLP_HEADERS: 'x-token=abc' },
  });
});
afterAll(async () => {
  await stack?.stop();
  await vendor?.stop();
  await folder?.remove();
  await collector?.stop();
});

/** A caller's own span, and the headers by which he is known. */
function caller(flags = '01') {
  const [traceId, spanId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
  return { traceId, spanId, headers: { traceparent: `00-${traceId}-${spanId}-${flags}`, tracestate: 'vendor=word' } };
}

/** The names of a span and of those above it, as far as they are in the trace; then the parent of the last. */
function pathOf(spans: readonly CollectedSpan[], name: string): string[] {
  const path: string[] = [];
  let span = spans.find((each) => each.name === name);
  for (let id = span?.spanId ?? ''; ; id = span.parentId) {
    span = spans.find(({ spanId }) => spanId === id);
    if (span === undefined) return [...path, id];
    path.push(`${span.service} ${span.name}`);
  }
}

const has =
  (...names: string[]) =>
  (spans: readonly CollectedSpan[]): boolean =>
    names.every((name) => spans.some((span) => span.name === name));

const audienceOf = (alias: string) => ({ audience: { case: 'aliases' as const, value: { values: [alias] } } });
const CALL = 'onepush.v1.PushCore/SendPush';

describe('a trace', () => {
  it('goes from the caller over REST, link, commit and delivery to the acknowledgement, without a secret', async () => {
    const alias = uniqueName();
    const deviceId = await newDevice(stack.httpUrl, alias);
    const device = connectDevice(stack.wsUrl, deviceId);
    await device.opened;
    const { traceId, spanId, headers } = caller();
    const push = { ...TEST_APP, audiences: [alias], alert: 'a very private text' };
    const { body } = await send(stack.httpUrl, push, headers);
    await device.waitForCount(1);
    await device.acknowledged();
    const spans = await collector.trace(traceId, has('deliver', 'POST /msgpush/send', CALL));
    expect(pathOf(spans, 'deliver')).toEqual([
      'onepush-core deliver',
      'onepush-core commit',
      `onepush-core ${CALL}`,
      'onepush-edge link sendPush',
      'onepush-edge POST /msgpush/send',
      spanId,
    ]);
    expect(spans.map(({ traceState }) => traceState)).toEqual(spans.map(() => 'vendor=word'));
    const [deliver] = spans.filter(({ name }) => name === 'deliver');
    expect(deliver?.events).toEqual(['handed out', 'acknowledged']);
    expect(deliver?.attributes).toMatchObject({
      'messaging.message.id': body.requestId,
      'onepush.delivery.state': 'delivered',
    });
    const [request] = spans.filter(({ name }) => name === 'POST /msgpush/send');
    expect(request?.attributes).toMatchObject({ 'http.route': '/msgpush/send', 'http.response.status_code': 200 });
    const [commit] = spans.filter(({ name }) => name === 'commit');
    expect(commit?.attributes).toMatchObject({ 'onepush.target': 'directed', 'onepush.targets': 1 });
    expect(commit?.resource).toMatchObject({ 'deployment.environment.name': 'a test' });
    expect(collector.headers.map((each) => each['x-token'])).toContain('abc');
    for (const secret of [deviceId, alias, push.alert, TEST_APP.appKey]) expect(collector.raw()).not.toContain(secret);
    await device.close();
  });

  it.each(['grpc', 'connect', 'grpc-web'] satisfies Protocol[])('begins with a call over %s', async (protocol) => {
    const alias = uniqueName();
    const device = connectDevice(stack.wsUrl, await newDevice(stack.httpUrl, alias));
    await device.opened;
    const { traceId, spanId, headers } = caller();
    const push = { audience: audienceOf(alias), alert: 'hello', needConfirm: true };
    const { requestId } = await pushCoreClient(stack, protocol).sendPush(push, {
      headers: { ...app.headers, ...headers },
    });
    await device.waitForCount(1);
    device.send(`CFM:${requestId}`);
    const spans = await collector.trace(traceId, has('deliver'));
    const path = ['onepush-core deliver', 'onepush-core commit', `onepush-core ${CALL}`, spanId];
    expect(pathOf(spans, 'deliver')).toEqual(path);
    const [deliver] = spans.filter(({ name }) => name === 'deliver');
    expect(deliver?.events).toEqual(['handed out', 'confirmed']);
    expect(deliver?.attributes).toMatchObject({ 'onepush.delivery.state': 'confirmed' });
    await device.close();
  });

  it('goes on to the wake of a device that is offline, and to the webhook that wakes it', async () => {
    const settings = { url: `${vendor.url}/hook`, secret: SECRET, allowPrivate: true, ca: vendor.ca };
    const client = pushCoreClient(stack, 'grpc');
    const channel = { name: 'hook', channel: Channel.WEBHOOK, settingsJson: JSON.stringify(settings) };
    await client.setChannel({ appId: TEST_APP.appId, ...channel }, bearer(ADMIN_TOKEN));
    const alias = uniqueName();
    const token = { channel: 'WEBHOOK', token: alias };
    const device = { alias, appId: TEST_APP.appId, platform: 'ANDROID' as const, nativeToken: alias, push: token };
    expect((await registerDevice(stack.httpUrl, device)).status).toBe(200);
    const { traceId, headers } = caller();
    await send(stack.httpUrl, { ...TEST_APP, audiences: [alias], alert: 'hello' }, headers);
    const spans = await collector.trace(traceId, has('wake'));
    const [wake] = spans.filter(({ name }) => name === 'wake');
    expect(pathOf(spans, 'wake').slice(0, 2)).toEqual(['onepush-core wake', 'onepush-core commit']);
    expect(wake?.attributes).toMatchObject({ 'onepush.channel': 'WEBHOOK', 'onepush.wake.outcome': 'accepted' });
    const posted = vendor.requests.at(-1);
    expect(posted?.headers.traceparent).toBe(`00-${traceId}-${wake?.spanId}-01`);
    expect(posted?.headers.tracestate).toBe('vendor=word');
  });

  it('goes on to the webhook that is told how the delivery ends', async () => {
    const client = pushCoreClient(stack, 'grpc');
    const { appId } = TEST_APP;
    const { webhook } = await client.createWebhook({ appId, url: `${vendor.url}/receipts` }, app);
    const alias = uniqueName();
    await newDevice(stack.httpUrl, alias);
    const { traceId, headers } = caller();
    const { body } = await send(stack.httpUrl, { ...TEST_APP, audiences: [alias], alert: 'hello' }, headers);
    await client.recallPush({ requestId: String(body.requestId) }, app);
    const [commit] = (await collector.trace(traceId, has('commit'))).filter(({ name }) => name === 'commit');
    const told = await eventually(() => vendor.requests.find(({ path }) => path === '/receipts'));
    const traceparent = `00-${traceId}-${commit?.spanId}-01`;
    expect(JSON.parse(told.body.toString()).data.events).toMatchObject([{ state: 'RECALLED', traceparent }]);
    expect(told.headers).toMatchObject({ traceparent, tracestate: 'vendor=word' });
    await client.deleteWebhook({ appId, id: webhook?.id ?? '' }, app);
  });

  it('has the pushes of a stream as parts of it', async () => {
    const { traceId, headers } = caller();
    async function* requests() {
      yield {
        pushes: [1, 2].map((reference) => ({ reference, push: { audience: audienceOf('nobody'), alert: 'hi' } })),
      };
    }
    const client = pushCoreClient(stack, 'grpc');
    for await (const _ of client.sendPushStream(requests(), { headers: { ...app.headers, ...headers } }));
    const isWhole = (found: readonly CollectedSpan[]) => has(`${CALL}Stream`)(found) && has('commit')(found);
    const spans = await collector.trace(traceId, isWhole);
    expect(pathOf(spans, 'commit').slice(0, 3)).toEqual([
      'onepush-core commit',
      'onepush-core send',
      `onepush-core ${CALL}Stream`,
    ]);
    expect(spans.filter(({ name }) => name === 'send')).toHaveLength(2);
  });

  it('has the deliveries of a push to everyone as those that its edges publish', async () => {
    const { traceId, headers } = caller();
    const device = connectDevice(stack.wsUrl, await newDevice(stack.httpUrl, uniqueName()));
    await device.opened;
    await send(stack.httpUrl, { ...TEST_APP, audiences: 'ALL', alert: 'hello' }, headers);
    const spans = await collector.trace(traceId, has('publish'));
    const [publish] = spans.filter(({ name }) => name === 'publish');
    expect(publish?.attributes).toMatchObject({ 'onepush.sessions': 1 });
    await device.close();
  });

  it('is not recorded where the caller does not sample it, and begins here where his context is none', async () => {
    const unsampled = caller('00');
    const broken = caller('xx');
    const last = caller();
    const push = { ...TEST_APP, audiences: ['nobody'], alert: 'hello' };
    for (const { headers } of [unsampled, broken, last]) {
      const { status } = await send(stack.httpUrl, push, headers);
      expect(status).toBe(200);
      await pushCoreClient(stack, 'grpc').sendPush(
        { audience: audienceOf('nobody'), alert: 'hello' },
        { headers: { ...app.headers, ...headers } },
      );
    }
    await collector.trace(last.traceId, (spans) => spans.filter(({ name }) => name === CALL).length === 2);
    const traces = collector.spans.map(({ traceId }) => traceId);
    expect(traces).not.toContain(unsampled.traceId);
    expect(traces).not.toContain(broken.traceId);
    const roots = collector.spans.filter(({ parentId }) => parentId === '').map(({ name }) => name);
    expect(roots).toContain('POST /msgpush/send');
    expect(roots).toContain(CALL);
  });

  it('says why a call has failed; what is the fault of its caller is no error of ours', async () => {
    const { traceId, headers } = caller();
    const push = { ...TEST_APP, appKey: 'wrong', audiences: ['nobody'], alert: 'hello' };
    expect((await send(stack.httpUrl, push, headers)).status).toBe(401);
    const spans = await collector.trace(traceId, has('POST /msgpush/send'));
    const request = spans.find(({ name }) => name === 'POST /msgpush/send');
    expect(request?.attributes).toMatchObject({ 'error.type': 'WRONG_APP_KEY', 'http.response.status_code': 401 });
    expect(request?.isError).toBe(false);
    const other = caller();
    const call = pushCoreClient(stack, 'connect').recallPush(
      { requestId: '1' },
      { headers: { ...app.headers, ...other.headers } },
    );
    await failureOf(call);
    const [recall] = await collector.trace(other.traceId, has('onepush.v1.PushCore/RecallPush'));
    expect(recall?.attributes).toMatchObject({ 'error.type': 'UNKNOWN_PUSH', 'rpc.grpc.status_code': 5 });
  });

  it('is lost where the collector fails, which is counted, and no push is slower or refused', async () => {
    collector.answer(400);
    const { traceId, headers } = caller();
    const push = { ...TEST_APP, audiences: ['nobody'], alert: 'hello' };
    expect((await send(stack.httpUrl, push, headers)).status).toBe(200);
    await stack.core.waitForLog('traces cannot be exported now');
    const failed = async () => (await scrape(stack.core)).get('onepush_spans_total{result="failed"}') ?? 0;
    await eventually(async () => (await failed()) > 0);
    collector.answer(200);
    const next = caller();
    expect((await send(stack.httpUrl, push, next.headers)).status).toBe(200);
    await collector.trace(next.traceId, has('commit'));
    await stack.core.waitForLog('traces can be exported again');
    expect(collector.spans.map((span) => span.traceId)).not.toContain(traceId);
  });
});
