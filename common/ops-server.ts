import { createServer } from 'node:http';
import { Registry } from 'prom-client';
import type { Address } from './env.js';
import { answer, type FindObstacle, healthAt, listenOn } from './http-server.js';
import { describeError, type Logger } from './log.js';

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

export function createOpsServer(options: {
  /** All metrics in Prometheus' text format. */
  metrics: () => Promise<string>;
  findObstacle: FindObstacle;
  log: Logger;
}): OpsServer {
  const { metrics, findObstacle, log } = options;

  async function answerFor(path: string): Promise<{ status: number; type?: string; text: string }> {
    if (path === '/metrics') return { status: 200, type: Registry.PROMETHEUS_CONTENT_TYPE, text: await metrics() };
    const health = await healthAt(path, findObstacle);
    return health ?? { status: 404, text: 'there are /metrics, /healthz and /readyz\n' };
  }

  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    answerFor(path)
      .catch((error: unknown) => {
        log.error(describeError(error), 'the metrics could not be read');
        return { status: 500, text: 'see the log\n' };
      })
      .then((found) => answer(response, found))
      .catch((error: unknown) => {
        log.error(describeError(error), 'a request of the ops port could not be answered');
        response.destroy();
      });
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
