import { randomBytes } from 'node:crypto';
import { Channel } from '../../gen/onepush/v1/channel_pb.js';
import type { Mariadb } from '../support/mariadb.js';
import { freePort } from '../support/ports.js';
import { startProxy, type TcpProxy } from '../support/proxy.js';
import { bearer, pushCoreClient } from '../support/rpc.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { apnsToken, type FakeApns, startApns } from '../support/vendors/apns.js';
import type { Watched } from './checker.js';
import { createFleetDevice } from './fleet-device.js';
import { createLoad } from './load.js';
import { registerPopulation } from './population.js';
import { createSleepers, type Sleepers } from './sleepers.js';

/** A core and an edge, devices that come and go and have APNs tokens, and a fake APNs. */
export interface WakingRig extends Watched {
  readonly stack: Stack;
  readonly vendor: FakeApns;
  readonly sleepers: Sleepers;
  /** Between the edge and the core. */
  readonly link: TcpProxy;
  /** Between the devices and the edge. */
  readonly air: TcpProxy;
  /** Only on MariaDB. */
  readonly mariadb: Mariadb | undefined;
  /** Stops all of it. Resolves with what is wrong. */
  stop(): Promise<string[]>;
}

/** Seconds before devices that a fault has cut off are woken; at the most twice as long. */
const GRACE = 5;
/** Seconds that a device has to acknowledge: a line that is dead is found during a fault. */
const PONG_TIMEOUT = 3;
const CONFIRM_INTERVAL = 3000;

/** The token of the device at a place. */
export function tokenAt(place: number): string {
  return apnsToken(place + 1);
}

/** Starts a rig whose devices are all away. */
export async function startWakingRig(options: {
  databaseUrl: string;
  mariadb: Mariadb | undefined;
  devices: number;
  sendsPerSecond: number;
}): Promise<WakingRig> {
  const grpcAddr = `127.0.0.1:${await freePort()}`;
  const link = await startProxy(grpcAddr);
  const vendor = await startApns();
  const stack = await startStack({
    databaseUrl: options.databaseUrl,
    coreEnv: {
      ONEPUSH_GRPC_LISTEN: grpcAddr,
      ONEPUSH_SECRET_KEY: randomBytes(32).toString('base64'),
      ONEPUSH_WAKE_GRACE: String(GRACE),
    },
    edgeEnv: {
      ONEPUSH_CORE_ADDRS: link.address,
      ONEPUSH_CONFIRM_INTERVAL: String(CONFIRM_INTERVAL),
      ONEPUSH_PONG_TIMEOUT: String(PONG_TIMEOUT),
    },
  });
  const settingsJson = JSON.stringify(vendor.settings);
  await pushCoreClient(stack, 'grpc').setChannel(
    { appId: TEST_APP.appId, name: 'apns', channel: Channel.APNS, settingsJson },
    bearer(stack.adminToken),
  );
  const air = await startProxy(new URL(stack.httpUrl).host);
  const wsUrl = stack.wsUrl.replace(new URL(stack.wsUrl).host, air.address);
  const population = await registerPopulation(stack.httpUrl, options.devices, tokenAt);
  const devices = population.members.map(({ deviceId }) =>
    createFleetDevice({ wsUrl, deviceId, behaviour: 'prompt', confirmInterval: CONFIRM_INTERVAL }),
  );
  const load = createLoad(stack.httpUrl, population, options.sendsPerSecond);
  return {
    stack,
    vendor,
    sleepers: createSleepers(devices),
    link,
    air,
    mariadb: options.mariadb,
    population,
    devices,
    load,
    async stop() {
      await load.stop();
      await Promise.all(devices.map((device) => device.close()));
      const exits = { edge: await stack.edge.stop(), core: await stack.core.stop() };
      await Promise.all([air.stop(), link.stop(), vendor.server.stop()]);
      return Object.entries(exits).flatMap(([name, code]) => (code === 0 ? [] : [`the ${name} exited with ${code}`]));
    },
  };
}
