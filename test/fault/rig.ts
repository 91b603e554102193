import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../support/dist.js';
import type { Mariadb } from '../support/mariadb.js';
import { freePort } from '../support/ports.js';
import { type RunningProcess, startProcess } from '../support/process.js';
import { startProxy, type TcpProxy, through } from '../support/proxy.js';
import { type Stack, startStack } from '../support/stack.js';
import type { StoreKind } from '../support/stores.js';
import { type Behaviour, createFleetDevice, type FleetDevice } from './fleet-device.js';
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
  readonly proxy: TcpProxy | undefined;
  /** Between the core and the database, only where the fault asked for it. */
  readonly databaseProxy: TcpProxy | undefined;
  /** Only with the store `mysql`. */
  readonly mariadb: Mariadb | undefined;
  /** What the core's database really is: for other processes that use it. */
  readonly databaseUrl: string;
  /**
   * Starts another core on the same database, at the second of the addresses where the edge looks; rejects if it does
   * not become ready. From then on it is the core of this rig.
   */
  replaceCore(): Promise<void>;
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
  /** The core reaches its database through a proxy. */
  proxiedDatabase: boolean;
  /** How large the core's heap may become, in megabytes; undefined: as large as it is by default. */
  coreHeap: number | undefined;
  /** The core's clock can be set back. */
  steppedClock: boolean;
  behaviour(place: number): Behaviour;
}

/** Milliseconds until an unconfirmed message is sent again: short, so that it happens during a fault. */
const CONFIRM_INTERVAL = 3000;
/** Enough for the largest message of any fault. */
const MAX_BODY_BYTES = 1_100_000;
const exec = promisify(execFile);

export async function startRig(options: RigOptions): Promise<Rig> {
  const grpcAddr = `127.0.0.1:${await freePort()}`;
  const proxy = options.proxied ? await startProxy(grpcAddr) : undefined;
  const databaseProxy = options.proxiedDatabase ? await startProxy(new URL(options.databaseUrl).host) : undefined;
  const secondAddr = `127.0.0.1:${await freePort()}`;
  const clock = join(ROOT, 'test', 'fault', 'step-clock.mjs');
  const nodeOptions = [
    ...(options.steppedClock ? [`--import=${clock}`] : []),
    ...(options.coreHeap === undefined ? [] : [`--max-old-space-size=${options.coreHeap}`]),
  ];
  const coreEnv = {
    ONEPUSH_DATABASE_URL:
      databaseProxy === undefined ? options.databaseUrl : through(options.databaseUrl, databaseProxy.address),
    ...(nodeOptions.length === 0 ? {} : { NODE_OPTIONS: nodeOptions.join(' ') }),
  };
  const stack = await startStack({
    databaseUrl: options.databaseUrl,
    coreEnv: { ...coreEnv, ONEPUSH_GRPC_LISTEN: grpcAddr },
    edgeEnv: {
      ONEPUSH_CONFIRM_INTERVAL: String(CONFIRM_INTERVAL),
      ONEPUSH_MAX_BODY_BYTES: String(MAX_BODY_BYTES),
      ONEPUSH_CORE_ADDRS: proxy === undefined ? `${grpcAddr},${secondAddr}` : proxy.address,
    },
  });
  /** The core that has taken over from that of the stack; undefined: none has. */
  let second: RunningProcess | undefined;
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
    for (const { child } of [stack.edge, stack.core]) child.kill('SIGCONT');
    await load.stop();
    await Promise.all(devices.map((device) => device.close()));
    const exits = { edge: await stack.edge.stop(), core: await (second ?? stack.core).stop() };
    for (const [name, code] of Object.entries(exits)) if (code !== 0) problems.push(`the ${name} exited with ${code}`);
    await proxy?.stop();
    await databaseProxy?.stop();
    const verified = exec(process.execPath, [join(ROOT, 'dist', 'cli', 'main.js'), 'verify'], {
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
    databaseProxy,
    mariadb: options.mariadb,
    databaseUrl: options.databaseUrl,
    async replaceCore() {
      second = await startProcess('core', { ...coreEnv, ONEPUSH_GRPC_LISTEN: secondAddr });
    },
    stop,
    memory: async () => ({
      core: await residentOf((second ?? stack.core).child.pid),
      edge: await residentOf(stack.edge.child.pid),
    }),
  };
}

async function residentOf(pid: number | undefined): Promise<number> {
  const { stdout } = await exec('ps', ['-o', 'rss=', '-p', String(pid)]);
  return Math.round(Number(stdout) / 1024);
}
