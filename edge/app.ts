import type { HttpResponse, us_listen_socket } from 'uWebSockets.js';
import type { Registry } from 'prom-client';
import { createOpsServer } from '../common/http/ops.js';
import { type CheckReadiness, cannotListen } from '../common/http/server.js';
import type { Logger } from '../common/logs/log.js';
import type { Service } from '../common/service.js';
import { formatAddress } from '../common/settings/env.js';
import type { EdgeConfig } from './config.js';
import { createConnections } from './connections.js';
import { serveRoutes } from './http/routes.js';
import { type CoreLink, createCoreLink } from './link/client.js';
import { createEdgeMetrics } from './metrics.js';
import { probePort, SETTING } from './public-port.js';
import { createReadiness } from './readiness.js';
import { uWS } from './uws.js';
import { drainSessions } from './ws/drain.js';
import { createHub } from './ws/hub.js';
import { serveWebSockets } from './ws/server.js';

const WEB_SOCKET_PATH = '/msgpush.ws';
/** Seconds in which the core should have committed what the closed sessions were handed. */
const LINK_GRACE = 3;

/**
 * uWebSockets shares a port that is taken with whoever else shares it, which workers want; LIBUS_LISTEN_EXCLUSIVE_PORT
 * makes it an error. It takes a host and options together, though its types do not say so.
 */
const LISTEN = { shared: 0, exclusive: 1 } as const;
interface ListenerWithOptions {
  listen(host: string, port: number, options: number, cb: (socket: us_listen_socket | false) => void): void;
}

/** One process that serves the public port. */
export interface Edge extends Service {
  /** Finds what keeps it from serving sends now. */
  readonly checkReadiness: CheckReadiness;
  /** The metrics of this process. */
  readonly registry: Registry;
}

/** Puts an edge together, without its ops port. Nothing is opened before `start`. */
export function buildEdge(config: EdgeConfig, port: keyof typeof LISTEN, log: Logger): Edge {
  const app = uWS.App();
  const metrics = createEdgeMetrics();
  const connections = createConnections({ maxSessions: config.maxSessions, log });
  const hub = createHub(() => link, { ...config, maxSessions: connections.maxSessions });
  const link: CoreLink = createCoreLink({
    addresses: config.coreAddrs,
    token: config.linkToken,
    listener: hub,
    log,
    observer: metrics.link,
  });
  const checkReadiness = createReadiness(link);
  let listening: us_listen_socket | undefined;
  // Told of every connection when it comes, and when it goes as long as it is no WebSocket.
  const watchConnection = (res: HttpResponse, change: number): void => {
    if (change !== 1) connections.closed();
    else if (!connections.accepted()) res.close();
  };
  app.filter((res, change) => watchConnection(res, Number(change)));
  const refuse = serveRoutes(app, {
    link,
    checkReadiness,
    webSocketPath: WEB_SOCKET_PATH,
    maxBodyBytes: config.maxBodyBytes,
    isStrict: config.isStrict,
    origins: config.httpOrigins,
    vapidPublicKey: config.vapidPublicKey,
    log,
    observe: metrics.http,
  });
  serveWebSockets(app, WEB_SOCKET_PATH, {
    hub,
    observer: metrics.sockets,
    connections,
    refuse,
    pingSeconds: config.pingSeconds,
  });
  metrics.watch({ hub, link, connections });
  return {
    registry: metrics.registry,
    checkReadiness,
    start: () =>
      new Promise((resolve, reject) => {
        const { host, port: number } = config.httpListen;
        (app as unknown as ListenerWithOptions).listen(host, number, LISTEN[port], (socket) => {
          if (!socket) {
            const unknown = () => reject(cannotListen(config.httpListen, SETTING, undefined));
            probePort(config.httpListen).then(unknown, reject);
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

/** An edge that is one process, with its ops port. */
export function buildStandaloneEdge(config: EdgeConfig, log: Logger): Service {
  const edge = buildEdge(config, 'exclusive', log);
  const ops = createOpsServer({
    metrics: () => edge.registry.metrics(),
    checkReadiness: edge.checkReadiness,
    log,
  });
  return {
    start: async () => ({ ...(await edge.start()), ops: await ops.listen(config.opsListen) }),
    async stop() {
      await edge.stop();
      await ops.stop();
    },
  };
}
