import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { type Address, ConfigError, formatAddress } from '../../common/env.js';
import type { Logger } from '../../common/log.js';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import { toConnectCalls } from './connect-calls.js';
import { answerCors } from './cors.js';
import type { PushCoreHandlers } from './handlers.js';

/** The HTTP/1.1 port: PushCore over Connect and gRPC-Web, `/healthz` and `/readyz`. */
export interface ConnectServer {
  /** Resolves with the address that it listens on. */
  listen(address: Address): Promise<string>;
  /** Takes no new calls; resolves when the open ones are answered. */
  stop(): Promise<void>;
}

const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/** @param ready resolves while the store can be reached
 * @param origins the pages that may call from a browser */
export function createConnectServer(
  handlers: PushCoreHandlers,
  ready: () => Promise<void>,
  origins: ReadonlySet<string>,
  log: Logger,
): ConnectServer {
  const rpc = connectNodeAdapter({
    readMaxBytes: MAX_MESSAGE_BYTES,
    routes: (router) => router.service(PushCore, toConnectCalls(handlers, log)),
  });
  const server = createServer((request, response) => {
    if (answerCors(request, response, origins)) return;
    if (request.url === '/healthz') answer(response, 200, 'ok');
    else if (request.url === '/readyz') answerReady(response, ready);
    else rpc(request as IncomingMessage, response);
  });
  return {
    listen: (address) =>
      new Promise((resolve, reject) => {
        server.once('error', () => {
          reject(new ConfigError([`cannot listen on ${formatAddress(address)} (ONEPUSH_CONNECT_LISTEN)`]));
        });
        server.listen(address.port, address.host, () => {
          // Listening on a host and a port: the address is not the name of a pipe.
          const { port } = server.address() as AddressInfo;
          resolve(formatAddress({ ...address, port }));
        });
      }),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
  };
}

function answerReady(response: ServerResponse, ready: () => Promise<void>): void {
  ready().then(
    () => answer(response, 200, 'ready'),
    () => answer(response, 503, 'the store cannot be reached'),
  );
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain', 'cache-control': 'no-store' }).end(`${text}\n`);
}
