import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../support/dist.js';
import type { Mariadb } from '../support/mariadb.js';
import { type Stack, startStack } from '../support/stack.js';
import type { StoreKind } from '../support/stores.js';
import { type Behaviour, createFleetDevice, type FleetDevice } from './fleet-device.js';
import { type LinkProxy, startLinkProxy } from './link-proxy.js';
import { createLoad, type Load } from './load.js';
import { type Population, registerPopulation } from './population.js';

/** Everything that a fault may strike: real processes, a link that can be cut, devices, back ends and the database. */
export interface Rig {
  readonly stack: Stack;
  readonly population: Population;
  /** In the order of the population. */
  readonly devices: readonly FleetDevice[];
  readonly load: Load;
  /** Only where the fault asked for it. */
  readonly proxy: LinkProxy | undefined;
  /** Only with the store `mysql`. */
  readonly mariadb: Mariadb | undefined;
  /** Resident megabytes. */
  memory(): Promise<{ core: number; edge: number }>;
  /** Stops the processes and checks the sums of the store. Resolves with what is wrong. */
  stop(): Promise<string[]>;
}

export interface RigOptions {
  store: StoreKind;
  databaseUrl: string;
  mariadb: Mariadb | undefined;
  devices: number;
  sendsPerSecond: number;
  /** The edge reaches the core through a proxy. */
  proxied: boolean;
  /** The core's clock can be set back. */
  steppedClock: boolean;
  behaviour(place: number): Behaviour;
}

/** Milliseconds until an unconfirmed message is sent again: short, so that it happens during a fault. */
const CONFIRM_INTERVAL = 3000;
const exec = promisify(execFile);

export async function startRig(options: RigOptions): Promise<Rig> {
  const grpcAddr = `127.0.0.1:${await freePort()}`;
  const proxy = options.proxied ? await startLinkProxy(grpcAddr) : undefined;
  const clock = join(ROOT, 'test', 'fault', 'step-clock.mjs');
  const stack = await startStack({
    databaseUrl: options.databaseUrl,
    coreEnv: {
      ONEPUSH_GRPC_LISTEN: grpcAddr,
      ...(options.steppedClock ? { NODE_OPTIONS: `--import=${clock}` } : {}),
    },
    edgeEnv: {
      ONEPUSH_CONFIRM_INTERVAL: String(CONFIRM_INTERVAL),
      ...(proxy === undefined ? {} : { ONEPUSH_CORE_ADDRS: proxy.address }),
    },
  });
  const population = await registerPopulation(stack.httpUrl, options.devices);
  const devices = population.members.map(({ deviceId }, place) =>
    createFleetDevice({
      wsUrl: stack.wsUrl,
      deviceId,
      behaviour: options.behaviour(place),
      confirmInterval: CONFIRM_INTERVAL,
    }),
  );
  const load = createLoad(stack.httpUrl, population, options.sendsPerSecond);

  async function stop(): Promise<string[]> {
    const problems: string[] = [];
    await load.stop();
    await Promise.all(devices.map((device) => device.close()));
    const exits = { edge: await stack.edge.stop(), core: await stack.core.stop() };
    for (const [name, code] of Object.entries(exits)) if (code !== 0) problems.push(`the ${name} exited with ${code}`);
    await proxy?.stop();
    const verified = exec(process.execPath, [join(ROOT, 'dist', 'core', 'verify.js')], {
      env: { PATH: process.env.PATH, ONEPUSH_DATABASE_URL: options.databaseUrl },
    });
    await verified.catch((error: { stdout?: string }) => problems.push(`wrong sums: ${error.stdout?.slice(-500)}`));
    return problems;
  }

  return {
    stack,
    population,
    devices,
    load,
    proxy,
    mariadb: options.mariadb,
    stop,
    memory: async () => ({
      core: await residentOf(stack.core.child.pid),
      edge: await residentOf(stack.edge.child.pid),
    }),
  };
}

async function residentOf(pid: number | undefined): Promise<number> {
  const { stdout } = await exec('ps', ['-o', 'rss=', '-p', String(pid)]);
  return Math.round(Number(stdout) / 1024);
}

/** A port that nobody uses now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A TCP server's address is not the name of a pipe.
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
