import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Channel } from '../../gen/onepush/v1/channel_pb.js';
import { Platform, RegisteredToken_State as State } from '../../gen/onepush/v1/device_pb.js';
import { eventually } from '../support/eventually.js';
import { readRows } from '../support/rows.js';
import { basic, bearer, type PushCoreClient, pushCoreClient } from '../support/rpc.js';
import { aliases } from '../support/rpc-audiences.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { apnsRefusal, apnsToken, type FakeApns, startApns } from '../support/vendors/apns.js';

const short = process.env.FAULT === 'short';
const PER_SECOND = short ? 300 : 1000;
const DEVICES = PER_SECOND * (short ? 5 : 30);
/** Devices of one push. */
const AUDIENCE = 50;
const LANES = 64;
/** Time in which a busy machine has asked the vendor for all of them. */
const WOKEN_WITHIN = short ? 60_000 : 180_000;
/** Of a hundred devices one has a dead token, and another one's first wake meets a 429. */
const [DEAD, THROTTLED] = [7, 13];

const app = basic(TEST_APP.appId, TEST_APP.appKey);
let stack: Stack;
let client: PushCoreClient;
let vendor: FakeApns;
beforeEach(async () => {
  vendor = await startApns();
  stack = await startStack({
    coreEnv: { ONEPUSH_SECRET_KEY: randomBytes(32).toString('base64'), ONEPUSH_WAKE_GRACE: '0' },
  });
  client = pushCoreClient(stack, 'grpc');
});
let goodbye: NodeJS.Timeout | undefined;
afterEach(async () => {
  clearInterval(goodbye);
  await stack?.stop();
  await vendor?.server.stop();
});

const aliasOf = (device: number): string => `sleeper-${device}`;
const deviceOf = new Map(Array.from({ length: DEVICES }, (_, device) => [apnsToken(device + 1), device]));

async function registerAll(): Promise<void> {
  let next = 0;
  async function lane(): Promise<void> {
    for (let device = next++; device < DEVICES; device = next++) {
      await client.registerDevice(
        {
          appId: TEST_APP.appId,
          alias: aliasOf(device),
          platform: Platform.IOS,
          nativeToken: `token of ${device}`,
          tags: ['sleepers'],
          push: { channel: Channel.APNS, token: apnsToken(device + 1) },
        },
        app,
      );
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane));
}

/** Pushes once to each device, at the rate. */
async function pushAll(): Promise<void> {
  const pushes: Promise<unknown>[] = [];
  const begun = performance.now();
  for (let first = 0; first < DEVICES; first += AUDIENCE) {
    await sleep(begun + (first / PER_SECOND) * 1000 - performance.now());
    const users = Array.from({ length: AUDIENCE }, (_, index) => aliasOf(first + index));
    pushes.push(client.sendPush({ audience: aliases(...users), alert: 'Your order has left the house' }, app));
  }
  await Promise.all(pushes);
}

/** The tokens' states, by device. */
async function listTokens(): Promise<State[]> {
  const states: State[] = [];
  let pageToken = '';
  do {
    const page = await client.listDevices(
      { filter: { case: 'tag', value: 'sleepers' }, pageSize: 1000, pageToken },
      app,
    );
    for (const { alias, token } of page.devices) states[Number(alias.split('-')[1])] = token?.state ?? 0;
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return states;
}

it(`${PER_SECOND} wakes a second: each device once, dead tokens are dropped, nothing else`, {
  timeout: 2 * WOKEN_WITHIN + 60_000,
}, async () => {
  const begun = performance.now();
  await registerAll();
  console.log(`${DEVICES} devices registered in ${((performance.now() - begun) / 1000).toFixed(1)} s`);
  const settingsJson = JSON.stringify(vendor.settings);
  const credential = { appId: TEST_APP.appId, name: 'apns', channel: Channel.APNS, settingsJson };
  await client.setChannel(credential, bearer(stack.adminToken));
  const asked: { device: number; at: number }[] = [];
  const throttled = new Set<string>();
  vendor.answerBy((token) => {
    const device = deviceOf.get(token) ?? Number.NaN;
    asked.push({ device, at: performance.now() });
    if (device % 100 === DEAD) return apnsRefusal(410, 'Unregistered', { timestamp: Date.now() });
    if (device % 100 !== THROTTLED || throttled.has(token)) return undefined;
    throttled.add(token);
    return apnsRefusal(429, 'TooManyRequests');
  });
  // So that each goodbye finds requests under way.
  vendor.server.always({ kind: 'late', ms: 20 });
  let goodbyes = 0;
  goodbye = setInterval(() => {
    goodbyes++;
    vendor.server.goAway({ unprocessed: goodbyes % 2 === 0 ? 5 : 0, twice: goodbyes % 4 > 1 });
  }, 1000);

  await pushAll();
  const open = async () => {
    const rows = await readRows(stack.databaseUrl, 'SELECT state, doubts, COUNT(*) AS wakes FROM wakes GROUP BY 1, 2');
    return rows.map(({ state, doubts, wakes }) => [Number(state), Number(doubts), Number(wakes)]);
  };
  const isOver = async () => (await open()).every(([state = 0]) => state > 1);
  await eventually(isOver, { timeoutMs: WOKEN_WITHIN, message: 'all wakes to have ended' });
  clearInterval(goodbye);

  const firsts = asked.toSorted((a, b) => a.at - b.at).filter(once());
  const seconds = ((firsts.at(-1)?.at ?? 0) - (firsts[0]?.at ?? 0)) / 1000;
  const { connections } = vendor.server;
  console.log(`${firsts.length} wakes in ${seconds.toFixed(1)} s; ${goodbyes} goodbyes, ${connections} connections`);
  const dead = DEVICES / 100;
  const [ACCEPTED, FAILED] = [2, 3];
  expect(await open()).toEqual([
    [ACCEPTED, 0, DEVICES - dead],
    [FAILED, 0, dead],
  ]);
  expect(timesOf(asked.map(({ device }) => device))).toEqual({ 1: DEVICES - dead, 2: dead });
  expect(asked.filter(({ device }) => device % 100 === THROTTLED)).toHaveLength(2 * dead);
  expect(timesOf(vendor.sent.map(({ token, id }) => `${token} ${id}`))).toEqual({ 1: DEVICES - dead });
  // What was throttled came with the same key again: it replaces itself on the phone, if it was shown after all.
  const keys = vendor.server.requests.map(({ path, headers }) => `${path} ${headers['apns-collapse-id']}`);
  expect(timesOf(keys)).toEqual({ 1: DEVICES - dead, 2: dead });
  const states = await listTokens();
  expect(states).toEqual(states.map((_, device) => (device % 100 === DEAD ? State.DEAD : State.ACTIVE)));
  expect(states).toHaveLength(DEVICES);
});

/** Returns a filter that lets each device pass once. */
function once(): (each: { device: number }) => boolean {
  const seen = new Set<number>();
  return ({ device }) => !seen.has(device) && seen.add(device) !== undefined;
}

/** Numbers of values by the number of times that each is there. */
function timesOf(values: readonly (string | number)[]): Record<number, number> {
  const counts = new Map<string | number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const times: Record<number, number> = {};
  for (const count of counts.values()) times[count] = (times[count] ?? 0) + 1;
  return times;
}
