import { connect, createServer } from 'node:net';
import { hostname } from 'node:os';
import { cannotListen } from '../../common/http/server.js';
import { type Address, formatAddress, isLoopback, reachableHost } from '../../common/settings/env.js';

/** Time that a port may take to answer before it counts as not refusing, in milliseconds. */
const PROBE_MS = 1000;
const WILDCARDS = new Set(['0.0.0.0', '::']);

/**
 * Names a core for others by where it listens: host and port, and before them the machine where the host alone does not
 * say which: `db1/127.0.0.1:9090`.
 */
export function addressOf(listen: Address, machine = hostname()): string {
  const isOfMachine = isLoopback(listen.host) || WILDCARDS.has(listen.host);
  return isOfMachine ? `${machine}/${formatAddress(listen)}` : formatAddress(listen);
}

/** Returns where a core with this address can be reached from this machine; undefined: it cannot. */
export function reachableAt(address: string, machine = hostname()): Address | undefined {
  const slash = address.indexOf('/');
  const colon = address.lastIndexOf(':');
  const host = address.slice(slash + 1, colon).replace(/^\[(.*)\]$/, '$1');
  const port = Number(address.slice(colon + 1));
  const of = slash < 0 ? undefined : address.slice(0, slash);
  if (of === undefined) return { host, port };
  if (of === machine) return { host: reachableHost(host), port };
  return isLoopback(host) ? undefined : { host: of, port };
}

/** Returns true if nothing listens at an address. A host that does not answer at all does not refuse. */
export function isRefusing(address: Address | undefined): Promise<boolean> {
  if (address === undefined) return Promise.resolve(false);
  return new Promise((resolve) => {
    const socket = connect(address);
    const finish = (refused: boolean): void => {
      socket.destroy();
      resolve(refused);
    };
    socket.setTimeout(PROBE_MS, () => finish(false));
    socket.on('connect', () => finish(false));
    socket.on('error', (error: NodeJS.ErrnoException) => finish(error.code === 'ECONNREFUSED'));
  });
}

/**
 * Holds a port until `release`, so that no core takes a database over and then finds its port in use.
 *
 * @throws ConfigError if it cannot be listened on
 */
export function reservePort(
  listen: Address,
  setting: string,
): Promise<{ address: Address; release: () => Promise<void> }> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error) => reject(cannotListen(listen, setting, error)));
    server.listen(listen.port, listen.host, () => {
      const bound = server.address();
      const port = typeof bound === 'object' && bound !== null ? bound.port : listen.port;
      resolve({
        address: { ...listen, port },
        release: () => new Promise((released) => server.close(() => released())),
      });
    });
  });
}
