import { createOpsServer } from '../../common/http/ops.js';
import type { Logger } from '../../common/logs/log.js';
import { createMeters } from '../../common/metrics.js';
import type { Service } from '../../common/service.js';
import { ConfigError } from '../../common/settings/env.js';
import type { EdgeConfig } from '../config.js';
import { probePort } from '../public-port.js';
import { createSupervisor, WorkerFailure } from './supervisor.js';
import { createTotals } from './totals.js';

/**
 * An edge that is several processes: the operating system spreads connections over the workers, and each has a link of
 * its own. The parent opens the ops port alone; it starts workers, and others when they die.
 *
 * @param env the environment that workers are given
 */
export function buildWorkers(config: EdgeConfig, env: NodeJS.ProcessEnv, log: Logger): Service {
  const totals = createTotals();
  const workerEnv = { ...env };
  const workers = Array.from({ length: config.workers }, (_, index) =>
    createSupervisor({ env: workerEnv, log, died: () => totals.died(index) }),
  );
  const { registry, gauge, counter } = createMeters({ process: false });
  gauge('onepush_edge_workers', 'Workers that serve.', () => workers.filter((worker) => worker.isReady()).length);
  counter('onepush_edge_worker_restarts_total', 'Workers that died and were started again.', () =>
    workers.reduce((sum, worker) => sum + worker.restarts(), 0),
  );
  const ops = createOpsServer({
    async metrics() {
      const reports = await Promise.all(workers.map((worker) => worker.report('metrics')));
      for (const [index, report] of reports.entries()) totals.reported(index, report?.metrics);
      return `${await totals.page()}\n${await registry.metrics()}`;
    },
    async checkReadiness() {
      const reports = await Promise.all(workers.map((worker) => worker.report('readiness')));
      if (reports.some((report) => report === undefined)) return 'not all workers serve';
      return reports.find((report) => report?.obstacle !== undefined)?.obstacle;
    },
    log,
  });

  async function stop(): Promise<void> {
    await Promise.all(workers.map((worker) => worker.stop()));
    await ops.stop();
  }

  return {
    async start() {
      // Workers would share a port that another program shares, and port 0 would be another for each.
      const http = await probePort(config.httpListen);
      workerEnv.ONEPUSH_HTTP_LISTEN = http;
      const address = await ops.listen(config.opsListen);
      try {
        await Promise.all(workers.map((worker) => worker.start()));
      } catch (error) {
        await stop();
        if (!(error instanceof WorkerFailure) || error.exitCode !== 2) throw error;
        throw new ConfigError(['a worker could not start: its own lines say why']);
      }
      return { http, ops: address };
    },
    stop,
  };
}
