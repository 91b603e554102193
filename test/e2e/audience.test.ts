import type { MessageInitShape } from '@bufbuild/protobuf';
import { Code } from '@connectrpc/connect';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Platform } from '../../gen/onepush/v1/device_pb.js';
import { type AudienceSchema, Audience_Tags_Match as Match } from '../../gen/onepush/v1/push_pb.js';
import { type Audience, createAudience } from '../support/audience.js';
import { registerDevice } from '../support/rest.js';
import { basic, failureOf, type PushCoreClient, pushCoreClient } from '../support/rpc.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { newDevice, uniqueName } from '../support/users.js';

type Tree = MessageInitShape<typeof AudienceSchema>;

let stack: Stack;
let client: PushCoreClient;
let audience: Audience;
beforeAll(async () => {
  stack = await startStack();
  client = pushCoreClient(stack, 'grpc');
  audience = createAudience(stack);
});
afterAll(async () => {
  await audience.close();
  await stack.stop();
});

const app = basic(TEST_APP.appId, TEST_APP.appKey);
const tagged = (match: Match, ...values: string[]): Tree => ({ audience: { case: 'tags', value: { values, match } } });
const aliases = (...values: string[]): Tree => ({ audience: { case: 'aliases', value: { values } } });
const allOf = (...audiences: Tree[]): Tree => ({ audience: { case: 'allOf', value: { audiences } } });
const not = (value: Tree): Tree => ({ audience: { case: 'not', value } });

it('reaches the devices that a tree has, and no others', async () => {
  const [red, blue] = [uniqueName('red'), uniqueName('blue')];
  const both = await audience.listen({ tag: [red, blue] });
  const redOnly = await audience.listen({ tag: [red] });
  const tree = allOf(tagged(Match.ALL, red, blue), not(aliases(redOnly.alias)));
  await client.sendPush({ audience: tree, alert: 'both' }, app);
  await client.sendPush({ audience: allOf(tagged(Match.ANY, red), tagged(Match.NONE, blue)), alert: 'one' }, app);
  expect((await audience.got(both)).map((frame) => JSON.parse(frame).alert)).toEqual(['both']);
  expect((await audience.got(redOnly)).map((frame) => JSON.parse(frame).alert)).toEqual(['one']);
});

it('keeps a push for those of its devices that are away', async () => {
  const [red, blue] = [uniqueName('red'), uniqueName('blue')];
  const alias = uniqueName();
  await newDevice(stack.httpUrl, alias, { tag: [red, blue] });
  const { requestId } = await client.sendPush({ audience: tagged(Match.ALL, red, blue), alert: 'x' }, app);
  expect(await client.recallPush({ requestId }, app)).toMatchObject({ recalled: 1 });
});

it('reaches a user, a tag and a tree while somebody registers a device under them all the time', async () => {
  const [alias, tag] = [uniqueName(), uniqueName('vip')];
  const victim = await audience.listen({ tag: [tag] });
  const own = { appId: TEST_APP.appId, nativeToken: uniqueName('token'), tag: [tag] };
  let sending = true;
  let registrations = 0;
  const attack = async (): Promise<void> => {
    while (sending) {
      const platform = registrations++ % 2 ? 'IOS' : 'WEB';
      await registerDevice(stack.httpUrl, { ...own, platform, alias: registrations % 3 ? victim.alias : alias });
    }
  };
  const attacks = Array.from({ length: 4 }, attack);
  const alerts: string[] = [];
  for (let round = 0; round < 10; round++) {
    for (const tree of [
      aliases(victim.alias),
      tagged(Match.ANY, tag),
      allOf(tagged(Match.ANY, tag), not(aliases(alias))),
    ]) {
      alerts.push(String(alerts.length));
      await client.sendPush({ audience: tree, alert: alerts.at(-1) ?? '' }, app);
    }
  }
  sending = false;
  await Promise.all(attacks);
  expect(registrations).toBeGreaterThan(30);
  expect((await audience.got(victim)).map((frame) => JSON.parse(frame).alert)).toEqual(alerts);
});

it('counts an audience and its open sessions without pushing', async () => {
  const tag = uniqueName('tag');
  const online = await audience.listen({ tag: [tag], platform: 'WEB' });
  await newDevice(stack.httpUrl, uniqueName(), { tag: [tag] });
  await audience.got(online);
  const tree = tagged(Match.ANY, tag);
  expect(await client.estimateAudience({ audience: tree }, app)).toMatchObject({ devices: 2, online: 1 });
  const onAndroid = { audience: tree, platform: Platform.ANDROID };
  expect(await client.estimateAudience(onAndroid, app)).toMatchObject({ devices: 1, online: 0 });
  expect(await audience.got(online)).toEqual([]);
  expect((await failureOf(client.estimateAudience({ audience: tree }))).code).toBe(Code.Unauthenticated);
});

it('names what is wrong with a tree by its path', async () => {
  const nested = (levels: number): Tree => (levels === 1 ? aliases('x') : not(nested(levels - 1)));
  const wrong: [Tree | undefined, string][] = [
    [undefined, 'audience must be one of'],
    [allOf(aliases('x'), tagged(Match.ANY, 'a', '')), 'audience.allOf.audiences[1].tags.values[1] must'],
    [allOf(), 'audience.allOf.audiences must be a list of 1 to 100'],
    [allOf({}), 'audience.allOf.audiences[0] must be one of'],
    [{ audience: { case: 'devices', value: {} } }, 'audience.devices.ids must be a list'],
    [
      { audience: { case: 'platforms', value: { values: [0] } } },
      'audience.platforms.values[0] must be one of ANDROID',
    ],
    [nested(6), 'audience.not.not.not.not.not must not be: a tree has at most 5 levels'],
    [allOf(...Array(100).fill(aliases('x'))), 'audience must be a tree of at most 100 audiences'],
    [allOf(...Array(2).fill(aliases(...Array(501).fill('x')))), 'audience must have at most 1000 names'],
  ];
  for (const [tree, message] of wrong) {
    for (const call of [
      client.sendPush({ audience: tree, alert: 'x' }, app),
      client.estimateAudience({ audience: tree }, app),
    ]) {
      const error = await failureOf(call);
      expect(error.code).toBe(Code.InvalidArgument);
      expect(error.message).toContain(message);
    }
  }
  await client.sendPush({ audience: nested(5), alert: 'x' }, app);
});
