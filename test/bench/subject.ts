import { setTimeout as sleep } from 'node:timers/promises';
import { type Child, startChild } from './child.js';
import { micros } from './clock.js';
import type { FloorServer } from './floor/server.js';
import type { Receiver } from './load/receiver.js';
import type { Sender } from './load/sender.js';
import type { Sample } from './pairs.js';
import { cpuMicrosOf } from './usage.js';

/** Something that takes pushes over HTTP and has devices on WebSockets: ONE-PUSH, or a floor. */
export interface Endpoint {
  readonly address: { readonly host: string; readonly port: number };
  /** Paths of the devices' WebSockets. */
  readonly paths: readonly string[];
  /** Its processes, by name. */
  readonly pids: Readonly<Record<string, number>>;
  /**
   * How late event loops were since the last call, by process: the 99th percentile, in milliseconds. Absent: that is
   * not known.
   */
  delays?(): Promise<Record<string, number>>;
}

/** An endpoint with the load that a row puts on it. */
export interface Subject extends Endpoint {
  readonly sender: Child<Sender>;
  readonly receiver: Child<Receiver>;
  /** Opens devices until the first so many are open. */
  open(devices: number): Promise<void>;
  /** Closes all devices and gives their server so many milliseconds to note it. */
  clear(settles: number): Promise<void>;
  /** From now on so many back ends send these bodies in turn. */
  prepare(connections: number, bodies: readonly string[]): Promise<void>;
  /** Does something, and says what each process used for it. `units`: how many of what is measured it did. */
  measure(work: () => Promise<{ value: number; units: number }>): Promise<Sample>;
  stop(): Promise<void>;
}

const OPENINGS_AT_ONCE = 128;

export async function createSubject(endpoint: Endpoint): Promise<Subject> {
  const { address, paths, pids } = endpoint;
  const sender = await startChild<Sender>(new URL('./load/sender.js', import.meta.url));
  const receiver = await startChild<Receiver>(new URL('./load/receiver.js', import.meta.url));
  const loads = { sender: sender.pid, receiver: receiver.pid };
  const usages = (of: Record<string, number>) =>
    Object.entries(of).map(([name, pid]) => [name, cpuMicrosOf(pid)] as const);
  let opened = 0;
  return {
    ...endpoint,
    sender,
    receiver,
    async open(devices) {
      await receiver.ask.open({ ...address, paths: paths.slice(opened, devices), atOnce: OPENINGS_AT_ONCE });
      opened = devices;
    },
    async clear(settles) {
      await receiver.ask.drop(null);
      opened = 0;
      await sleep(settles);
    },
    prepare: (connections, bodies) =>
      sender.ask.prepare({ ...address, connections, path: '/msgpush/send', bodies: [...bodies] }),
    async measure(work) {
      await endpoint.delays?.();
      const began = micros();
      const before = new Map(usages({ ...pids, ...loads }));
      const { value, units } = await work();
      const used = usages({ ...pids, ...loads }).map(([name, now]) => [name, now - (before.get(name) ?? 0)] as const);
      const wall = micros() - began;
      const delays = await endpoint.delays?.();
      const ofLoad = used.filter(([name]) => name in loads).map(([, spent]) => spent / wall);
      return {
        value,
        loadShare: Math.max(...ofLoad),
        cpu: Object.fromEntries(used.map(([name, spent]) => [name, spent / units])),
        ...(delays === undefined ? {} : { delays }),
      };
    },
    async stop() {
      await sender.stop();
      await receiver.stop();
    },
  };
}

/** A floor with its load. Its devices are named like the users that pushes name. */
export interface Floor extends Subject {
  readonly server: Child<FloorServer>;
}

/** @param env what its environment has besides */
export async function startFloor(devices: number, env: Record<string, string> = {}): Promise<Floor> {
  const server = await startChild<FloorServer>(new URL('./floor/server.js', import.meta.url), env);
  const { port } = await server.ask.listen(null);
  const paths = Array.from({ length: devices }, (_, place) => `/msgpush.ws?deviceId=${userOf(place)}`);
  const subject = await createSubject({ address: { host: '127.0.0.1', port }, paths, pids: { floor: server.pid } });
  return {
    ...subject,
    server,
    async stop() {
      await subject.stop();
      await server.stop();
    },
  };
}

/** The alias of a device: each has its own. */
export function userOf(place: number): string {
  return `user-${place}`;
}
