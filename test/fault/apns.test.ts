import { afterEach, beforeEach, expect, it } from 'vitest';
import { apns } from '../../core/channel/apns/index.js';
import { type FakeApns, startApns } from '../support/vendors/apns.js';
import { loadApns } from '../support/vendors/apns-load.js';

const WAKES = process.env.FAULT === 'short' ? 10_000 : 60_000;

let vendor: FakeApns;
beforeEach(async () => {
  vendor = await startApns();
});
afterEach(() => vendor?.server.stop());

it('1,000 wakes a second through one APNs credential: each is received once, and dead tokens are reported', async () => {
  const channel = apns.open(apns.parseSettings(vendor.settings));
  const load = await loadApns(vendor, channel, { wakes: WAKES, perSecond: 1000 });
  await channel.close();
  console.log(`${WAKES} wakes in ${load.seconds.toFixed(1)} s by ${load.connections} connections`);
  const dead = WAKES / 100;
  expect(load).toMatchObject({
    taken: { 1: WAKES - dead },
    dead: { reported: dead, right: dead, expected: dead },
    throttled: dead,
    unexpected: [],
  });
  expect(Object.keys(load.taken)).toEqual(['1']);
});
