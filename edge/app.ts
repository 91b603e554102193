import uWS from 'uWebSockets.js';
import { ConfigError, formatAddress } from '../common/env.js';
import type { Logger } from '../common/log.js';
import type { Service } from '../common/service.js';
import type { EdgeConfig } from './config.js';
import { serveRoutes } from './http/routes.js';
import { type CoreLink, createCoreLink } from './link/core-link.js';
import { drainSessions } from './ws/drain.js';
import { createHub } from './ws/hub.js';
import { serveWebSockets } from './ws/server.js';

const WEB_SOCKET_PATH = '/msgpush.ws';
/** Seconds in which the core should have committed what the closed sessions were handed. */
const LINK_GRACE = 3;

/**
 * LIBUS_LISTEN_EXCLUSIVE_PORT: a port that is taken is an error. uWebSockets would share it otherwise; it takes a host and options
 * together, though its types do not say so.
 */
const EXCLUSIVE_PORT = 1;
interface ExclusiveListener {
  listen(host: string, port: number, options: number, cb: (socket: uWS.us_listen_socket | false) => void): void;
}

/** Puts the edge together. Nothing is opened before `start`. */
export function buildEdge(config: EdgeConfig, log: Logger): Service {
  const app = uWS.App();
  const hub = createHub(() => link, config);
  const link: CoreLink = createCoreLink({ addresses: config.coreAddrs, token: config.linkToken, listener: hub, log });
  let listening: uWS.us_listen_socket | undefined;
  serveWebSockets(app, WEB_SOCKET_PATH, hub);
  serveRoutes(app, { link, webSocketPath: WEB_SOCKET_PATH, maxBodyBytes: config.maxBodyBytes, log });
  return {
    start: () =>
      new Promise((resolve, reject) => {
        const { host, port } = config.httpListen;
        (app as unknown as ExclusiveListener).listen(host, port, EXCLUSIVE_PORT, (socket) => {
          if (!socket) {
            reject(new ConfigError([`cannot listen on ${formatAddress({ host, port })} (ONEPUSH_HTTP_LISTEN)`]));
            return;
          }
          listening = socket;
          link.start();
          resolve({ http: formatAddress({ host, port: uWS.us_socket_local_port(socket) }) });
        });
      }),
    async stop() {
      if (listening !== undefined) uWS.us_listen_socket_close(listening);
      await drainSessions(hub, config.drainSeconds);
      await link.stop(LINK_GRACE);
      hub.stop();
      app.close();
    },
  };
}
