import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { Registry } from 'prom-client';
import type { Address } from './env.js';
import { answer, type FindObstacle, healthAt, listenOn } from './http-server.js';
import { describeError, type Logger } from './log.js';
import { shareWork } from './shared-work.js';

/** What operators' tools ask a process: `/metrics`, `/healthz` and `/readyz`, on a port that is not for the public. */
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

export function createOpsServer(options: {
  /** All metrics in Prometheus' text format. */
  metrics: () => Promise<string>;
  findObstacle: FindObstacle;
  log: Logger;
}): OpsServer {
  const { log } = options;
  const metrics = shareWork(options.metrics, METRICS_EVERY_MS);
  const findObstacle = shareWork(options.findObstacle, HEALTH_EVERY_MS);
  /** Connections whose request is not answered yet. */
  const busy = new WeakSet<Socket>();

  async function answerFor(path: string): Promise<{ status: number; type?: string; text: string }> {
    if (path === '/metrics') return { status: 200, type: Registry.PROMETHEUS_CONTENT_TYPE, text: await metrics() };
    const health = await healthAt(path, findObstacle);
    return health ?? { status: 404, text: 'there are /metrics, /healthz and /readyz\n' };
  }

  const server = createServer((request, response) => {
    // One at a time: whoever sends the next before has thousands of them.
    if (busy.has(request.socket)) {
      request.socket.destroy();
      return;
    }
    busy.add(request.socket);
    response.once('finish', () => busy.delete(request.socket));
    const path = (request.url ?? '').split('?')[0] ?? '';
    answerFor(path).then(
      (found) => answer(response, found),
      (error: unknown) => {
        log.error(describeError(error), 'the metrics could not be read');
        answer(response, { status: 500, text: 'see the log\n' });
      },
    );
  });

  return {
    listen: (address) => listenOn(server, address, 'ONEPUSH_OPS_LISTEN'),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
