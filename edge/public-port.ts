import { createServer } from 'node:net';
import { listenOn } from '../common/http/server.js';
import type { Address } from '../common/settings/env.js';

/** The setting of the public port's address. */
export const SETTING = 'ONEPUSH_HTTP_LISTEN';

/**
 * Opens the public port and closes it again: uWebSockets does not say why it cannot, and would share one that another
 * program shares.
 *
 * @returns the address with its port, where that was 0
 * @throws ConfigError if nobody can listen there
 */
export async function probePort(address: Address): Promise<string> {
  const server = createServer();
  const found = await listenOn(server, address, SETTING);
  await new Promise((resolve) => server.close(resolve));
  return found;
}
