import type { Socket } from 'node:net';
import { Registry } from 'prom-client';
import { describeError, type Logger } from '../logs/log.js';
import type { Address } from '../settings/env.js';
import { shareWork } from '../shared-work.js';
import type { TlsSource } from '../tls/source.js';
import { createPlainServer, type PlainAnswer } from './plain.js';
import { type CheckReadiness, healthAt, listenOn } from './server.js';

/** The port for operators' tools: `/metrics`, `/healthz` and `/readyz`. Not for the public. */
export interface OpsServer {
  /**
   * Resolves with the address that it listens on.
   *
   * @throws ConfigError if the port is taken
   */
  listen(address: Address): Promise<string>;
  /** Resolves when the port is free. */
  stop(): Promise<void>;
}

/** Milliseconds between two pages of metrics: to make one takes as long as dozens of pushes. */
const METRICS_EVERY_MS = 200;
/** The same for the core's look at its store. */
const HEALTH_EVERY_MS = 50;

/** Returns a server that does not listen yet. */
export function createOpsServer(options: {
  /** All metrics in Prometheus' text format. */
  metrics: () => Promise<string>;
  checkReadiness: CheckReadiness;
  /** Undefined: it is not encrypted. */
  tls?: TlsSource | undefined;
  log: Logger;
}): OpsServer {
  const { log } = options;
  const metrics = shareWork(options.metrics, METRICS_EVERY_MS);
  const checkReadiness = shareWork(options.checkReadiness, HEALTH_EVERY_MS);
  const open = new Set<Socket>();

  async function answerFor(path: string): Promise<PlainAnswer> {
    if (path === '/metrics') return { status: 200, type: Registry.PROMETHEUS_CONTENT_TYPE, text: await metrics() };
    const health = await healthAt(path, checkReadiness);
    return health ?? { status: 404, text: 'there are /metrics, /healthz and /readyz\n' };
  }

  const server = createPlainServer(
    (path) =>
      answerFor(path).catch((error: unknown) => {
        log.error(describeError(error), 'the metrics could not be read');
        return { status: 500, text: 'see the log\n' };
      }),
    options.tls === undefined ? undefined : { ports: options.tls },
  );
  server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });

  return {
    listen: (address) => listenOn(server, address, 'ONEPUSH_OPS_LISTEN'),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}
