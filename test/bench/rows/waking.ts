import { randomBytes } from 'node:crypto';
import { Channel } from '../../../gen/onepush/v1/channel_pb.js';
import { bearer, pushCoreClient } from '../../support/rpc.js';
import { TEST_APP } from '../../support/stack.js';
import { apnsToken } from '../../support/vendors/apns.js';
import type { VendorFault } from '../../support/vendors/server.js';
import type { RowProgram } from '../bench.js';
import { directedBodies, sendTo } from '../bodies.js';
import { startChild } from '../child.js';
import type { Figure } from '../figure.js';
import type { Latencies } from '../load/histogram.js';
import type { Sender } from '../load/sender.js';
import type { Vendor } from '../load/vendor.js';
import { summarize } from '../pairs.js';
import { startSystem } from '../system.js';
import { sendSteadily } from './directed.js';

/** Pushes a second to online devices, and to sleeping ones: each of these is a wake. */
const RATE = 500;
const WAKES = 100;
const SLEEPERS = 1000;
const CONNECTIONS = 64;
/** Time for which the vendor answers before it does what is measured, in milliseconds: nobody is stuck from the start. */
const LEAD = 1000;
/** A slice of a window, and how many there are: longer together than a vendor is waited for, 10 s. */
const SLICE = 1000;
const SLICES = 11;
/** Messages for sleepers live so long, in seconds: what a stuck vendor leaves behind does not meet the next window. */
const LIFETIME = 5;

/** What the vendor does in a window; `none`: the app has no credential, so nobody is woken. */
const VENDORS = {
  none: {},
  answers: {},
  silent: { fault: { kind: 'silence' } },
  late: { fault: { kind: 'late', ms: 20_000 } },
} as const satisfies Record<string, { fault?: VendorFault }>;
type VendorName = keyof typeof VENDORS;
const NAMES = Object.keys(VENDORS) as VendorName[]; // Safe: it has no other members.

/** Row 14: directed pushes while sleeping devices are woken through a vendor that answers at once, late or never. */
export const wakingRows: RowProgram = async (bench) => {
  const { size, mariadb } = bench;
  await mariadb.createDatabase('waking');
  const own = { databaseUrl: mariadb.url('waking'), deviceIds: [], serverPid: mariadb.pid };
  const ours = await startSystem(own, size.devices, {
    ONEPUSH_SECRET_KEY: randomBytes(32).toString('base64'),
    ONEPUSH_WAKE_GRACE: '0',
    ONEPUSH_OFFLINE_TTL: String(LIFETIME),
  });
  const vendor = await startChild<Vendor>(new URL('../load/vendor.js', import.meta.url));
  const waker = await startChild<Sender>(new URL('../load/sender.js', import.meta.url));
  try {
    const settingsJson = await vendor.ask.start(null);
    const client = pushCoreClient(ours.stack, 'grpc');
    const admin = bearer(ours.stack.adminToken);
    const credential = { appId: TEST_APP.appId, name: 'apns' };
    const load = { ...ours.address, connections: CONNECTIONS };
    await waker.ask.collect({ ...load, path: '/msgpush/register', bodies: sleepers() });
    const bodies = Array.from({ length: SLEEPERS }, (_, place) => sendTo([sleeperOf(place)]));
    await waker.ask.prepare({ ...load, path: '/msgpush/send', bodies });
    await ours.open(size.devices);
    await ours.prepare(CONNECTIONS, directedBodies(size.devices));

    const measure = async (name: VendorName): Promise<Window> => {
      await vendor.ask.behave({});
      if (name !== 'none') await client.setChannel({ ...credential, channel: Channel.APNS, settingsJson }, admin);
      const waking = waker.ask.openLoop({ rate: WAKES, ms: LEAD + SLICES * SLICE });
      await sendSteadily(ours, RATE, LEAD);
      await vendor.ask.behave(VENDORS[name]);
      const slices: Latencies[] = [];
      for (let slice = 0; slice < SLICES; slice++) slices.push((await sendSteadily(ours, RATE, SLICE)).arrived);
      const { failed } = await waking;
      if (failed > 0) throw new Error(`${failed} sends to sleepers were refused`);
      const asked = await vendor.ask.behave({});
      if (name !== 'none') await client.removeChannel(credential, admin);
      return { slices, asked };
    };
    await sendSteadily(ours, RATE, LEAD);
    const windows: Record<VendorName, Window[]> = { none: [], answers: [], silent: [], late: [] };
    for (let round = 0; round < Math.min(size.pairs, MOST_ROUNDS); round++) {
      for (const name of round % 2 === 0 ? NAMES : NAMES.toReversed()) windows[name].push(await measure(name));
    }
    return {
      figures: [
        figure('14a', windows, 'silent', 'answers', 'never answers; the floor: one that answers at once'),
        figure('14b', windows, 'late', 'answers', 'answers after 20 s; the same floor'),
        figure('14c', windows, 'answers', 'none', 'answers at once; the floor: nobody is woken'),
      ],
    };
  } finally {
    await waker.stop();
    await vendor.stop();
    await ours.stop();
  }
};

/** Rounds of all vendors: two take 100 seconds. */
const MOST_ROUNDS = 2;

/** A measurement: what came to online devices in each slice, and how often the vendor was asked. */
interface Window {
  readonly slices: readonly Latencies[];
  readonly asked: number;
}

function figure(
  row: string,
  windows: Readonly<Record<VendorName, readonly Window[]>>,
  ours: VendorName,
  floor: VendorName,
  vendor: string,
): Figure {
  const of = (name: VendorName, value: 'p50' | 'p99') => windows[name].map((window) => middle(window, value));
  const [mine, theirs] = [of(ours, 'p99'), of(floor, 'p99')];
  const most = (name: VendorName) => Math.max(...windows[name].flatMap(({ slices }) => slices.map(({ max }) => max)));
  const both = (of: (name: VendorName) => number) => `${of(ours).toFixed(1)} and ${of(floor).toFixed(1)} ms`;
  const asked = windows[ours].reduce((sum, window) => sum + window.asked, 0);
  return {
    row,
    measured:
      `directed REST send → ws, ${RATE} messages/s, p99 of a second, ` +
      `while ${WAKES} devices a second are to be woken by a vendor that ${vendor}`,
    unit: 'ms',
    ours: summarize(mine),
    floor: summarize(theirs),
    ratio: summarize(mine.map((value, round) => value / (theirs[round] ?? Number.NaN))),
    notes: [
      `p50 ${both((name) => summarize(of(name, 'p50')).median)}`,
      `longest ${both(most)}`,
      `the vendor was asked ${asked} times`,
    ],
    ...(row === '14c' ? {} : { target: { of: 'ratio', most: 1.1 } as const }),
  };
}

/** That of the slice in the middle: a machine's own hiccups are in few of them. */
function middle({ slices }: Window, value: 'p50' | 'p99'): number {
  return summarize(slices.map((latencies) => latencies[value])).median;
}

function sleeperOf(place: number): string {
  return `sleeper-${place}`;
}

function sleepers(): string[] {
  return Array.from({ length: SLEEPERS }, (_, place) =>
    JSON.stringify({
      alias: sleeperOf(place),
      appId: TEST_APP.appId,
      platform: 'IOS',
      nativeToken: `token of ${sleeperOf(place)}`,
      push: { channel: 'APNS', token: apnsToken(place + 1) },
    }),
  );
}
