import type { ServerResponse } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { type Address, ConfigError, formatAddress } from '../settings/env.js';
import { systemReason } from '../system-reason.js';

/** Returns what keeps the process from its work now, in words; undefined: nothing does. */
export type CheckReadiness = () => Promise<string | undefined>;

/**
 * Resolves with the address that the server listens on.
 *
 * @param setting the setting that names the address
 * @throws ConfigError if it cannot listen there
 */
export function listenOn(server: Server, address: Address, setting: string): Promise<string> {
  return new Promise((resolve, reject) => {
    // For good: a connection that cannot be accepted, for want of a descriptor, must not end the process.
    server.on('error', (error) => reject(cannotListen(address, setting, error)));
    server.listen({ ...address, exclusive: true }, () => {
      // Listening on a host and a port: the address is not the name of a pipe.
      const { port } = server.address() as AddressInfo;
      resolve(formatAddress({ ...address, port }));
    });
  });
}

/**
 * Makes the error of a listener that could not be opened.
 *
 * @param setting the setting that names the address
 */
export function cannotListen(address: Address, setting: string, error: unknown): ConfigError {
  const reason = systemReason(error);
  const end = reason === undefined ? '' : `: ${reason}`;
  return new ConfigError([`cannot listen on ${formatAddress(address)} (${setting})${end}`]);
}

/** Returns the answer at the paths that load balancers ask; undefined: it is none of them. */
export async function healthAt(
  path: string,
  checkReadiness: CheckReadiness,
): Promise<{ status: number; text: string } | undefined> {
  if (path === '/healthz') return { status: 200, text: 'ok\n' };
  if (path !== '/readyz') return undefined;
  const obstacle = await checkReadiness();
  return obstacle === undefined ? { status: 200, text: 'ready\n' } : { status: 503, text: `${obstacle}\n` };
}

/** Writes a whole answer that is not to be cached. */
export function answer(
  response: ServerResponse,
  { status, text, type = 'text/plain; charset=utf-8' }: { status: number; text: string; type?: string },
): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(text);
}
