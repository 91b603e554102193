import type { HttpResponse } from 'uWebSockets.js';
import type { Registry } from 'prom-client';
import { createFindClient } from '../common/http/client-address.js';
import { createOpsServer } from '../common/http/ops.js';
import type { CheckReadiness } from '../common/http/server.js';
import type { Logger } from '../common/logs/log.js';
import type { Service } from '../common/service.js';
import { isLoopback } from '../common/settings/env.js';
import { createTlsSource, type TlsSource, toReload } from '../common/tls/source.js';
import type { Tracing } from '../common/tracing/tracer.js';
import { createAddressLimits } from './address-limits.js';
import type { EdgeConfig } from './config.js';
import { createConnections } from './connections.js';
import { createEventSessions } from './events/event-sessions.js';
import { createEventHandlers } from './events/events.js';
import { serveRedirects } from './http/redirect.js';
import { serveRoutes } from './http/routes.js';
import { type CoreLink, createCoreLink } from './link/client.js';
import { createEdgeMetrics } from './metrics.js';
import { SETTING } from './public-port.js';
import { createPublicServer, type PortUse } from './public-server.js';
import { createReadiness } from './readiness.js';
import { drainSessions } from './ws/drain.js';
import { createHub } from './ws/hub.js';
import { serveWebSockets } from './ws/server.js';

const WEB_SOCKET_PATH = '/msgpush.ws';
/** Seconds in which the core should have committed what the closed sessions were handed. */
const LINK_GRACE = 3;

/** Milliseconds for which a session over HTTP waits for the next request of its device. */
const EVENTS_GRACE_MS = 10_000;

const REDIRECT_SETTING = 'ONEPUSH_HTTP_REDIRECT_LISTEN';

/** One process that serves the public port. */
export interface Edge extends Service {
  /** Finds what keeps it from serving sends now. */
  readonly checkReadiness: CheckReadiness;
  /** The metrics of this process. */
  readonly registry: Registry;
  /** The certificate of its ports; undefined: they are plain text. */
  readonly tls: TlsSource | undefined;
}

/**
 * Puts an edge together, without its ops port. Nothing is opened before `start`.
 *
 * @param tracing absent: traces are off
 */
export function buildEdge(config: EdgeConfig, use: PortUse, log: Logger, tracing?: Tracing): Edge {
  const tls = config.tls && createTlsSource({ use: 'ports', files: config.tls, log });
  const linkTls = config.linkTls && createTlsSource({ use: 'link', files: config.linkTls, log });
  const tlsSources = [tls, linkTls].filter((source): source is TlsSource => source !== undefined);
  const app = createPublicServer({ address: config.httpListen, setting: SETTING, use, tls });
  const redirects =
    config.redirectListen &&
    createPublicServer({ address: config.redirectListen, setting: REDIRECT_SETTING, use, tls: undefined });
  const metrics = createEdgeMetrics();
  const connections = createConnections({ maxSessions: config.maxSessions, log });
  const findClient = createFindClient(config.proxies);
  const limits = createAddressLimits({ ...config.addressLimits, log });
  const hub = createHub(() => link, { ...config, maxSessions: connections.maxSessions });
  const link: CoreLink = createCoreLink({
    addresses: config.coreAddrs,
    token: config.linkToken,
    tls: linkTls,
    isExposed: !isLoopback(config.httpListen.host),
    listener: hub,
    log,
    observer: metrics.link,
  });
  const checkReadiness = createReadiness(link);
  // Told of every connection when it comes, and when it goes as long as it is no WebSocket.
  const watchConnection = (res: HttpResponse, change: number): void => {
    if (change !== 1) connections.closed();
    else if (!connections.accepted()) res.close();
  };
  app.filter(watchConnection);
  const eventSessions = createEventSessions({
    hub,
    observer: metrics.sockets,
    limits,
    times: { beatMs: config.pingSeconds * 1000, answerMs: config.pongSeconds * 1000, graceMs: EVENTS_GRACE_MS },
  });
  const refuse = serveRoutes(app, {
    link,
    checkReadiness,
    webSocketPath: WEB_SOCKET_PATH,
    events: createEventHandlers({ sessions: eventSessions, limits }),
    findClient,
    limits,
    maxBodyBytes: config.maxBodyBytes,
    isStrict: config.isStrict,
    origins: config.httpOrigins,
    page: config.hasPage ? { vapidPublicKey: config.vapidPublicKey } : undefined,
    headers: config.hstsSeconds > 0 ? { 'Strict-Transport-Security': `max-age=${config.hstsSeconds}` } : undefined,
    log,
    observe: metrics.http,
    tracer: tracing?.tracer,
  });
  serveWebSockets(app, WEB_SOCKET_PATH, {
    hub,
    observer: metrics.sockets,
    connections,
    findClient,
    limits,
    refuse,
    pingSeconds: config.pingSeconds,
  });
  if (redirects !== undefined) {
    redirects.filter(watchConnection);
    serveRedirects(redirects, { port: config.redirectPort, log, observe: metrics.http, findClient });
  }
  metrics.watch({ tls: tlsSources, hub, link, connections, limits, tracing });
  return {
    registry: metrics.registry,
    checkReadiness,
    tls,
    async start() {
      const http = await app.listen();
      const redirect = await redirects?.listen();
      for (const source of tlsSources) source.start();
      link.start();
      return { http, ...(redirect === undefined ? {} : { redirect }) };
    },
    async stop() {
      app.stopListening();
      redirects?.stopListening();
      await drainSessions(hub, config.drainSeconds);
      await link.stop(LINK_GRACE);
      hub.stop();
      app.close();
      redirects?.close();
    },
    reload: toReload(tlsSources),
  };
}

/** An edge that is one process, with its ops port. */
export function buildStandaloneEdge(config: EdgeConfig, log: Logger, tracing?: Tracing): Service {
  const edge = buildEdge(config, 'exclusive', log, tracing);
  const ops = createOpsServer({
    metrics: () => edge.registry.metrics(),
    checkReadiness: edge.checkReadiness,
    tls: edge.tls,
    log,
  });
  return {
    start: async () => ({ ...(await edge.start()), ops: await ops.listen(config.opsListen) }),
    async stop() {
      await edge.stop();
      await ops.stop();
    },
    reload: edge.reload,
  };
}
