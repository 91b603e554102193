import { scrape } from '../support/metrics.js';
import type { RunningProcess } from '../support/process.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { createSubject, type Subject, userOf } from './subject.js';

/** A core and an edge of ONE-PUSH with registered devices, and the load that a row puts on them. */
export interface System extends Subject {
  readonly stack: Stack;
}

/** A database with the ids of the devices that are registered in it, each with an alias of its own. */
export interface Population {
  readonly databaseUrl: string;
  readonly deviceIds: string[];
  /** Of the database's server; absent where there is none. */
  readonly serverPid: number | undefined;
}

const REGISTRATIONS_AT_ONCE = 256;
/** Since the last scrape. */
const LOOP_DELAY = 'onepush_event_loop_delay_seconds{quantile="0.99"}';

/**
 * Starts ONE-PUSH on a database, with these settings of both processes, and registers as many devices as are missing
 * there.
 */
export async function startSystem(
  population: Population,
  devices: number,
  settings: Record<string, string> = {},
): Promise<System> {
  // BENCH_PROFILE names a folder: both processes leave their CPU profiles there.
  const folder = process.env.BENCH_PROFILE;
  const preload = new URL('profile.mjs', import.meta.url).pathname;
  const profiling: Record<string, string> =
    folder === undefined ? {} : { NODE_OPTIONS: `--import ${preload}`, BENCH_PROFILE: folder };
  const env = { ...profiling, ...settings };
  const stack = await startStack({ databaseUrl: population.databaseUrl, coreEnv: env, edgeEnv: env });
  const { hostname, port } = new URL(stack.httpUrl);
  const address = { host: hostname, port: Number(port) };
  const { serverPid, deviceIds } = population;
  const pids = {
    core: stack.core.child.pid ?? 0,
    edge: stack.edge.child.pid ?? 0,
    ...(serverPid === undefined ? {} : { database: serverPid }),
  };
  const paths: string[] = [];
  const delayOf = async (process: RunningProcess) => ((await scrape(process)).get(LOOP_DELAY) ?? Number.NaN) * 1000;
  const delays = async () => ({ core: await delayOf(stack.core), edge: await delayOf(stack.edge) });
  const subject = await createSubject({ address, paths, pids, delays });
  const bodies = Array.from({ length: Math.max(0, devices - deviceIds.length) }, (_, index) =>
    registration(userOf(deviceIds.length + index)),
  );
  const connections = REGISTRATIONS_AT_ONCE;
  const answers = await subject.sender.ask.collect({ ...address, connections, path: '/msgpush/register', bodies });
  deviceIds.push(...answers.map(idOf));
  paths.push(...deviceIds.slice(0, devices).map((id) => `/msgpush.ws?deviceId=${id}`));
  return {
    ...subject,
    stack,
    async stop() {
      await subject.stop();
      await stack.stop();
    },
  };
}

/** A body that registers a device of its own for a user. */
export function registration(alias: string): string {
  return JSON.stringify({ alias, appId: TEST_APP.appId, platform: 'ANDROID', nativeToken: `token of ${alias}` });
}

function idOf(answer: string): string {
  const id = /"id":"(\w+)"/.exec(answer)?.[1];
  if (id === undefined) throw new Error(`no device id in ${answer}`);
  return id;
}
