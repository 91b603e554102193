import type { IncomingMessage } from 'node:http';
import { type ClientAddress, createFindClient, forwardedIn } from '../../../common/http/client-address.js';

/** Returns who sends a request: the other end of the connection, or whom a trusted proxy names. */
export type ClientOf = (request: IncomingMessage) => ClientAddress;

/** Returns the finder for these proxies. */
export function createClientOf(proxies: Parameters<typeof createFindClient>[0]): ClientOf {
  const find = createFindClient(proxies);
  return ({ socket, headers }) => find(socket.remoteAddress ?? '', forwardedIn(headers));
}
