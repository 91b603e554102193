import { randomBytes } from 'node:crypto';
import { afterEach, expect, it } from 'vitest';
import { Channel } from '../../gen/onepush/v1/channel_pb.js';
import { connectDevice } from '../support/device.js';
import { eventually } from '../support/eventually.js';
import { scrape } from '../support/metrics.js';
import { startProxy } from '../support/proxy.js';
import { ENDING, endingsOf, readRows } from '../support/rows.js';
import { bearer, pushCoreClient } from '../support/rpc.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { sendPush } from '../support/users.js';
import { type FakeApns, startApns } from '../support/vendors/apns.js';
import { createFleetDevice } from './fleet-device.js';
import { createLoad } from './load.js';
import { type Population, registerPopulation } from './population.js';
import { tokenAt } from './waking-rig.js';

const short = process.env.FAULT === 'short';
const DEVICES = short ? 500 : 10_000;
/** Devices that connect at a time. */
const AT_ONCE = 250;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Starts a fake APNs, and a stack whose app has a credential for it. */
async function start(grace: number): Promise<{ stack: Stack; vendor: FakeApns }> {
  const vendor = await startApns();
  cleanups.push(() => vendor.server.stop());
  const secret = randomBytes(32).toString('base64');
  const stack = await startStack({
    coreEnv: { ONEPUSH_SECRET_KEY: secret, ONEPUSH_WAKE_GRACE: String(grace) },
  });
  cleanups.push(() => stack.stop());
  const settingsJson = JSON.stringify(vendor.settings);
  const credential = { appId: TEST_APP.appId, name: 'apns', channel: Channel.APNS, settingsJson };
  await pushCoreClient(stack, 'grpc').setChannel(credential, bearer(stack.adminToken));
  return { stack, vendor };
}

function aliasOf(population: Population, place: number): string {
  return population.members[place]?.alias ?? '';
}

it('a device behind a line that has died is found dead in some 10 s, woken once, and not again when it is back', async () => {
  const { stack, vendor } = await start(0);
  const population = await registerPopulation(stack.httpUrl, 3, tokenAt);
  const [sleeping, half] = [aliasOf(population, 0), aliasOf(population, 2)];
  // The second of three devices has a user of its own, the others share one.
  expect(population.users.find(({ audiences }) => audiences.includes(half))?.members).toEqual([1, 2]);
  const air = await startProxy(new URL(stack.httpUrl).host);
  cleanups.push(() => air.stop());
  const wsUrl = stack.wsUrl.replace(new URL(stack.wsUrl).host, air.address);
  const connect = () => connectDevice(wsUrl, population.members[2]?.deviceId ?? '');
  const wakesOf = (id: string, place: number): number =>
    vendor.sent.filter((sent) => sent.id === id && sent.token === tokenAt(place)).length;
  /** Resolves when what was due before has been decided. */
  const settled = async (): Promise<void> => {
    const id = await sendPush(stack.httpUrl, { audiences: [sleeping] });
    await eventually(() => wakesOf(id, 0) === 1, { timeoutMs: 20_000, message: 'the sleeping device to be woken' });
  };

  const first = connect();
  await first.opened;
  await settled();
  air.strand('everything');
  const began = performance.now();
  const id = await sendPush(stack.httpUrl, { audiences: [half] });
  await eventually(() => wakesOf(id, 2) === 1, { timeoutMs: 30_000, message: 'the half-open device to be woken' });
  const seconds = (performance.now() - began) / 1000;
  console.log(`woken ${seconds.toFixed(1)} s after the send`);
  expect(seconds).toBeGreaterThan(9);
  expect((await scrape(stack.edge)).get('onepush_sessions_dead_total')).toBe(1);

  const again = connect();
  await again.waitForMessage((message) => message.id === id, 20_000);
  await again.acknowledged();
  await eventually(async () => (await endingsOf(stack.databaseUrl, id)).includes(ENDING.delivered));
  await settled();
  await again.close();
  await settled();
  expect(wakesOf(id, 2)).toBe(1);
  first.terminate();
});

it(`a deployment, with ${DEVICES} devices online and pushes under way, wakes none of them`, {
  timeout: 600_000,
}, async () => {
  const { stack, vendor } = await start(15);
  const population = await registerPopulation(stack.httpUrl, DEVICES, tokenAt);
  const devices = population.members.map(({ deviceId }) =>
    createFleetDevice({ wsUrl: stack.wsUrl, deviceId, behaviour: 'prompt', confirmInterval: 10_000 }),
  );
  const allAreOpen = (count = devices.length) =>
    eventually(() => devices.slice(0, count).every((device) => device.isOpen()), {
      timeoutMs: 120_000,
      message: 'all devices to be connected',
    });
  for (let next = 0; next < devices.length; ) {
    for (const until = next + AT_ONCE; next < until; next++) devices[next]?.connect();
    await allAreOpen(next);
  }
  const load = createLoad(stack.httpUrl, population, 20);
  load.start();
  const begun = performance.now();
  await stack.restartEdge();
  await allAreOpen();
  await stack.restartCore();
  await stack.waitUntilReady();
  await allAreOpen();
  await load.pause();
  console.log(`restarted in ${((performance.now() - begun) / 1000).toFixed(1)} s, ${load.tally.accepted.size} pushes`);

  // All that was planned meanwhile has been looked at.
  const waiting = async () =>
    Number((await readRows(stack.databaseUrl, 'SELECT COUNT(*) AS count FROM wakes WHERE state < 2'))[0]?.count);
  await eventually(async () => (await waiting()) === 0, { timeoutMs: 120_000, message: 'no wake to be due' });
  expect(vendor.server.requests).toEqual([]);
  // Who goes away in another way is woken.
  const [gone] = devices;
  await gone?.close();
  const id = await sendPush(stack.httpUrl, { audienceType: 'ALIAS', audiences: [aliasOf(population, 0)] });
  await eventually(() => vendor.sent.length > 0, {
    timeoutMs: 120_000,
    message: 'the device that has gone to be woken',
  });
  expect(vendor.sent.map(({ id, token }) => ({ id, token }))).toEqual([{ id, token: tokenAt(0) }]);
  await load.stop();
  await Promise.all(devices.map((device) => device.close()));
});
