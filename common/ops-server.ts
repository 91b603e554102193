import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Registry } from 'prom-client';
import { type Address, ConfigError, formatAddress } from './env.js';
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
  /** Why the process is not ready, in words; undefined: it is. */
  findObstacle: () => Promise<string | undefined>;
  log: Logger;
}): OpsServer {
  const { metrics, findObstacle, log } = options;

  async function answerFor(path: string): Promise<{ status: number; type?: string; text: string }> {
    switch (path) {
      case '/healthz':
        return { status: 200, text: 'ok\n' };
      case '/readyz': {
        const obstacle = await findObstacle();
        return obstacle === undefined ? { status: 200, text: 'ready\n' } : { status: 503, text: `${obstacle}\n` };
      }
      case '/metrics':
        return { status: 200, type: Registry.PROMETHEUS_CONTENT_TYPE, text: await metrics() };
      default:
        return { status: 404, text: 'there are /metrics, /healthz and /readyz\n' };
    }
  }

  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    answerFor(path).then(
      ({ status, type, text }) => answer(response, status, text, type),
      (error: unknown) => {
        log.error(describeError(error), 'the metrics could not be read');
        answer(response, 500, 'see the log\n');
      },
    );
  });

  return {
    listen: (address) =>
      new Promise((resolve, reject) => {
        server.once('error', () => {
          reject(new ConfigError([`cannot listen on ${formatAddress(address)} (ONEPUSH_OPS_LISTEN)`]));
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
        server.closeAllConnections();
      }),
  };
}

function answer(response: ServerResponse, status: number, text: string, type = 'text/plain; charset=utf-8'): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(text);
}
