import { createServer, type IncomingMessage } from 'node:http';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import type { Address } from '../../common/env.js';
import { answer, type FindObstacle, healthAt, listenOn } from '../../common/http-server.js';
import type { Logger } from '../../common/log.js';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import { toConnectCalls } from './connect-calls.js';
import { answerCors } from './cors.js';
import type { PushCoreHandlers } from './handlers.js';

/** The HTTP/1.1 port: PushCore over Connect and gRPC-Web, `/healthz` and `/readyz`. */
export interface ConnectServer {
  /** Resolves with the address that it listens on. */
  listen(address: Address): Promise<string>;
  /** Takes no new calls; resolves when the open ones are answered, or are cut off after `grace` milliseconds. */
  stop(grace: number): Promise<void>;
}

const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

export function createConnectServer(options: {
  handlers: PushCoreHandlers;
  findObstacle: FindObstacle;
  /** The pages that may call from a browser. */
  origins: ReadonlySet<string>;
  log: Logger;
}): ConnectServer {
  const { handlers, findObstacle, origins, log } = options;
  const rpc = connectNodeAdapter({
    readMaxBytes: MAX_MESSAGE_BYTES,
    routes: (router) => router.service(PushCore, toConnectCalls(handlers, log)),
  });
  const server = createServer((request, response) => {
    if (answerCors(request, response, origins)) return;
    healthAt(request.url ?? '', findObstacle).then((health) => {
      if (health === undefined) rpc(request as IncomingMessage, response);
      else answer(response, health);
    });
  });
  return {
    listen: (address) => listenOn(server, address, 'ONEPUSH_CONNECT_LISTEN'),
    stop: (grace) =>
      new Promise((resolve) => {
        const limit = setTimeout(() => server.closeAllConnections(), grace);
        server.close(() => {
          clearTimeout(limit);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}
