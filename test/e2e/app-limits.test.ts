import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError } from '@connectrpc/connect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RetryInfoSchema } from '../../gen/google/rpc/error_details_pb.js';
import { RegistrationMode } from '../../gen/onepush/v1/app_pb.js';
import { ErrorDetailSchema } from '../../gen/onepush/v1/error_pb.js';
import type { AppLimitsSchema } from '../../gen/onepush/v1/limit_pb.js';
import { type SendPushRequestSchema, SendPushStreamRequestSchema } from '../../gen/onepush/v1/push_pb.js';
import { eventually } from '../support/eventually.js';
import { scrape } from '../support/metrics.js';
import { registerDevice, send, unregister } from '../support/rest.js';
import { basic, bearer, failureOf, type PushCoreClient, pushCoreClient } from '../support/rpc.js';
import { type Stack, startStack } from '../support/stack.js';

type Limits = MessageInitShape<typeof AppLimitsSchema>;
type Push = Exclude<MessageInitShape<typeof SendPushRequestSchema>, { $typeName: string }>;

const TO_ANNA: Push = { audience: { audience: { case: 'aliases', value: { values: ['anna'] } } }, alert: 'hello' };

let stack: Stack;
let client: PushCoreClient;
beforeAll(async () => {
  stack = await startStack({ coreEnv: { ONEPUSH_APP_RECEIPT_STREAMS: '1' } });
  client = pushCoreClient(stack, 'grpc');
});
afterAll(() => stack?.stop());

const admin = () => bearer(stack.adminToken);

/** A new app with limits of its own. */
async function appWith(limits: Limits) {
  const { id: appId, appKey } = await client.createApp(
    { name: 'limited', registration: RegistrationMode.OPEN },
    admin(),
  );
  await client.setAppLimits({ id: appId, limits }, admin());
  const auth = basic(appId, appKey);
  return {
    appId,
    auth,
    register: async (nativeToken: string, more: { alias?: string; tag?: string[] } = {}) =>
      registerDevice(stack.httpUrl, { appId, alias: 'anna', platform: 'ANDROID', nativeToken, ...more }),
    rest: (key?: string) =>
      send(
        stack.httpUrl,
        { appId, appKey, audiences: ['anna'], alert: 'hello' },
        key === undefined ? undefined : { 'idempotency-key': key },
      ),
    push: (push: Push = {}) => client.sendPush({ ...TO_ANNA, ...push }, auth),
    async usage(name: string) {
      const { limits: all } = await client.getUsage({}, auth);
      return all.find((limit) => limit.name === name);
    },
  };
}

/** The limit that a call was refused for. */
async function limitOf(call: Promise<unknown>) {
  const failure = await failureOf(call);
  expect(ConnectError.from(failure).code).toBe(Code.ResourceExhausted);
  const [detail] = failure.findDetails(ErrorDetailSchema);
  expect(failure.findDetails(RetryInfoSchema)).toHaveLength(1);
  expect(detail?.retryAfterSeconds).toBeGreaterThan(0);
  return detail?.limit;
}

describe('sends of an app', () => {
  it('are refused beyond their rate through every door, each alone, and streams stay', async () => {
    const app = await appWith({ sendsPerSecond: 1 });
    let accepted = 0;
    const last = await eventually(
      async () => {
        const answer = await app.rest();
        if (answer.status === 200) accepted++;
        return answer.status === 429 && answer;
      },
      { intervalMs: 0, message: 'a refusal' },
    );
    expect(accepted).toBeGreaterThanOrEqual(10);
    expect(last.body).toEqual({ code: 42904, message: 'A limit is reached: app.sends', limit: 'app.sends' });
    expect(last.headers.get('retry-after')).toBe('1');
    await client.setAppLimits({ id: app.appId, limits: { sendsPerSecond: 1 } }, admin());
    const tokens = Array.from({ length: 20 }, () => app.push().catch((error: unknown) => error));
    const failed = (await Promise.all(tokens)).find((result) => result instanceof ConnectError);
    expect(ConnectError.from(failed).findDetails(ErrorDetailSchema)[0]?.limit).toBe('app.sends');

    let isRaised = (): void => {};
    const raised = new Promise<void>((resolve) => {
      isRaised = resolve;
    });
    async function* pushes() {
      const many = Array.from({ length: 20 }, (_, reference) => ({ reference, push: TO_ANNA }));
      yield create(SendPushStreamRequestSchema, { pushes: many });
      await raised;
      yield create(SendPushStreamRequestSchema, { pushes: [{ reference: 20, push: TO_ANNA }] });
    }
    const results = new Map<number, string | undefined>();
    for await (const answer of client.sendPushStream(pushes(), app.auth)) {
      for (const { reference, result } of answer.results) {
        results.set(reference, result.case === 'failure' ? result.value.detail?.limit : result.case);
      }
      if (results.size === 20) {
        await client.setAppLimits({ id: app.appId }, admin());
        isRaised();
      }
    }
    expect([...results.values()]).toContain('app.sends');
    expect(results.get(20)).toBe('requestId');
    expect((await app.usage('app.sends'))?.refusedLastHour).toBeGreaterThanOrEqual(3);
    expect((await scrape(stack.core)).get('onepush_limited_total{limit="app.sends"}')).toBeGreaterThanOrEqual(3);
  });

  it('that were accepted before are answered again by their key, and take nothing', async () => {
    const app = await appWith({});
    const first = await app.rest('key');
    const again = await Promise.all(Array.from({ length: 20 }, () => app.rest('key')));
    expect(new Set(again.map(({ body }) => body.requestId))).toEqual(new Set([first.body.requestId]));
    // About one in a minute: the others were given back.
    expect((await app.usage('app.sends'))?.used).toBeLessThan(2 / 60);
    await client.setAppLimits({ id: app.appId, limits: { sendsPerSecond: 1 } }, admin());
    await eventually(async () => (await app.rest('other')).status === 200 && (await app.rest()).status === 429, {
      intervalMs: 0,
      message: 'a refusal',
    });
    const [known, fresh] = await Promise.all([app.rest('key'), app.rest('a new key'), app.rest(), app.rest()]);
    expect(known).toMatchObject({ status: 200, body: first.body });
    expect([200, 429]).toContain(fresh.status);
  });
});

it('deliveries of an app are owed by the push that goes over their rate, and the next is refused before it is accepted', async () => {
  const app = await appWith({ deliveriesPerSecond: 1 });
  await Promise.all(Array.from({ length: 30 }, (_, n) => app.register(`token ${n}`)));
  const { requestId } = await app.push();
  expect((await client.getPush({ requestId }, app.auth)).reach).toMatchObject({ value: { targeted: 30 } });
  expect(await limitOf(app.push())).toBe('app.deliveries');
  const everyone: Push = { audience: { audience: { case: 'everyone', value: {} } } };
  expect(await limitOf(app.push(everyone))).toBe('app.deliveries');
  // The refused ones have not counted as sent.
  expect((await app.usage('app.sends'))?.used).toBeLessThan(2 / 60);
});

it('registrations of an app are refused beyond their rate, over RPC and REST', async () => {
  const app = await appWith({ registrationsPerSecond: 1 });
  const answers = await Promise.all(Array.from({ length: 40 }, (_, n) => app.register(`token ${n}`)));
  expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(10);
  expect(answers.find(({ status }) => status === 429)?.body.limit).toBe('app.registrations');
  const registration = { appId: app.appId, alias: 'anna', platform: 1, nativeToken: 'token' };
  const calls = Promise.all(Array.from({ length: 20 }, () => client.registerDevice(registration)));
  expect(await limitOf(calls)).toBe('app.registrations');
});

describe('what an app may have', () => {
  it('of devices is counted without those that are registered again, and with room when one goes', async () => {
    const app = await appWith({ devices: 2 });
    const first = await app.register('one');
    expect((await app.register('two')).status).toBe(200);
    expect((await app.register('three')).body).toMatchObject({ code: 42904, limit: 'app.devices' });
    expect((await app.register('two', { alias: 'berta' })).status).toBe(200);
    expect(await app.usage('app.devices')).toMatchObject({ limit: 2, own: true, used: 2, refusedLastHour: 1 });
    await unregister(stack.httpUrl, first.body.id);
    const registered = async () => (await app.register('three')).status === 200;
    await eventually(registered, { intervalMs: 200, message: 'room for another device' });
    // Back again: the place is taken.
    expect((await app.register('one')).status).toBe(429);
  });

  it('of tags is its own number', async () => {
    const app = await appWith({ tags: 2 });
    expect((await app.register('one', { tag: ['a', 'b'] })).status).toBe(200);
    expect((await app.register('two', { tag: ['a', 'c'] })).body.code).toBe(42903);
    expect((await app.register('two', { tag: ['a'] })).status).toBe(200);
    expect(await app.usage('app.tags')).toMatchObject({ limit: 2, used: 2, refusedLastHour: 1 });
  });

  it('of pushes that are to be made later is its own number, and a key that is known is answered all the same', async () => {
    const app = await appWith({ openJobs: 2 });
    const sendAt = timestampFromMs(Date.now() + 3_600_000);
    const first = await app.push({ sendAt, idempotencyKey: 'first' });
    await app.push({ sendAt });
    expect(await limitOf(app.push({ sendAt }))).toBe('app.openJobs');
    expect(await app.push({ sendAt, idempotencyKey: 'first' })).toEqual(first);
    expect((await app.usage('app.openJobs'))?.used).toBe(2);
    await client.recallPush({ requestId: first.requestId }, app.auth);
    await app.push({ sendAt });
  });

  it('of streams is the number of the settings, or its own', async () => {
    const app = await appWith({ sendStreams: 1 });
    const ends: AbortController[] = [];
    const watch = async () => {
      const end = new AbortController();
      ends.push(end);
      const stream = client.watchReceipts({}, { ...app.auth, signal: end.signal });
      for await (const { position } of stream) return position;
      return undefined;
    };
    const held = new AbortController();
    const receipts = client.watchReceipts({}, { ...app.auth, signal: held.signal })[Symbol.asyncIterator]();
    await receipts.next();
    expect(await limitOf(watch())).toBe('app.receiptStreams');
    held.abort();
    await receipts.next().catch(() => {});
    await eventually(watch, { message: 'room for another stream' });

    let end = (): void => {};
    async function* one() {
      yield create(SendPushStreamRequestSchema, { pushes: [{ reference: 1, push: TO_ANNA }] });
      await new Promise<void>((resolve) => {
        end = resolve;
      });
    }
    const first = client.sendPushStream(one(), app.auth)[Symbol.asyncIterator]();
    await first.next();
    async function* another() {
      yield create(SendPushStreamRequestSchema, { pushes: [{ reference: 1, push: TO_ANNA }] });
    }
    const second = async () => {
      for await (const { results } of client.sendPushStream(another(), app.auth)) return results.length;
      return 0;
    };
    expect(await limitOf(second())).toBe('app.sendStreams');
    end();
    expect((await first.next()).done).toBe(true);
  });
});

describe('the usage of an app', () => {
  it('is told to the app itself and to admins, and to no other app', async () => {
    const app = await appWith({ sendsPerSecond: 5, devices: 0 });
    const other = await appWith({});
    await app.register('one');
    await app.push();
    const own = await client.getUsage({}, app.auth);
    expect(own.limits.map(({ name }) => name).toSorted()).toEqual(
      'deliveries devices openJobs receiptStreams registrations sendStreams sends tags'
        .split(' ')
        .map((name) => `app.${name}`),
    );
    const seen = await client.getUsage({ id: app.appId }, admin());
    expect(seen.limits.find(({ name }) => name === 'app.sends')).toMatchObject({ limit: 5, own: true });
    expect(seen.limits.find(({ name }) => name === 'app.devices')).toMatchObject({ limit: 0, own: true, used: 1 });
    expect(seen.limits.find(({ name }) => name === 'app.receiptStreams')).toMatchObject({ limit: 1, own: false });
    const refused = async (call: Promise<unknown>) => ConnectError.from(await failureOf(call)).code;
    expect(await refused(client.getUsage({ id: app.appId }, other.auth))).toBe(Code.Unauthenticated);
    expect(await refused(client.setAppLimits({ id: app.appId, limits: {} }, app.auth))).toBe(Code.Unauthenticated);
    expect(await refused(client.setAppLimits({ id: 'nobody', limits: {} }, admin()))).toBe(Code.NotFound);
    const tooMany = client.setAppLimits({ id: app.appId, limits: { sendsPerSecond: 1_000_001 } }, admin());
    expect(await refused(tooMany)).toBe(Code.InvalidArgument);
  });

  it('keeps its limits when the core starts again', async () => {
    const app = await appWith({ sendsPerSecond: 7 });
    await stack.restartCore();
    await stack.waitUntilReady();
    expect((await app.usage('app.sends'))?.limit).toBe(7);
  });
});
