import { createServer } from 'node:net';
import { listenOn } from '../common/http/server.js';
import type { Address } from '../common/settings/env.js';

/** The setting of the public port's address. */
export const SETTING = 'ONEPUSH_HTTP_LISTEN';

/**
 * Opens a port and closes it again: uWebSockets does not say why it cannot, and would share one that another program
 * shares.
 *
 * @param setting the setting that names the address
 * @returns the address with its port, where that was 0
 * @throws ConfigError if nobody can listen there
 */
export async function probePort(address: Address, setting: string): Promise<string> {
  const server = createServer();
  const found = await listenOn(server, address, setting);
  await new Promise((resolve) => server.close(resolve));
  return found;
}
