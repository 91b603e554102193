import { createOpsServer } from '../../common/http/ops.js';
import type { Logger } from '../../common/logs/log.js';
import { createMeters } from '../../common/metrics.js';
import type { Service } from '../../common/service.js';
import { ConfigError } from '../../common/settings/env.js';
import { createTlsSource } from '../../common/tls/source.js';
import type { EdgeConfig } from '../config.js';
import { probePort, SETTING } from '../public-port.js';
import { createSupervisor, WorkerFailure } from './supervisor.js';
import { createTotals } from './totals.js';

const REDIRECT_SETTING = 'ONEPUSH_HTTP_REDIRECT_LISTEN';

/**
 * An edge that is several processes: the operating system spreads connections over the workers, and each has a link of
 * its own. The parent opens the ops port alone; it starts workers, and others when they die.
 *
 * @param env the environment that workers are given
 */
export function buildWorkers(config: EdgeConfig, env: NodeJS.ProcessEnv, log: Logger): Service {
  const totals = createTotals();
  const tls = config.tls && createTlsSource({ use: 'ports', files: config.tls, log });
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
    tls,
    log,
  });

  async function stop(): Promise<void> {
    await Promise.all(workers.map((worker) => worker.stop()));
    await ops.stop();
  }

  return {
    async start() {
      // Workers would share a port that another program shares, and port 0 would be another for each.
      const http = await probePort(config.httpListen, SETTING);
      workerEnv.ONEPUSH_HTTP_LISTEN = http;
      const redirect = config.redirectListen && (await probePort(config.redirectListen, REDIRECT_SETTING));
      if (redirect !== undefined) workerEnv.ONEPUSH_HTTP_REDIRECT_LISTEN = redirect;
      const address = await ops.listen(config.opsListen);
      try {
        await Promise.all(workers.map((worker) => worker.start()));
      } catch (error) {
        await stop();
        if (!(error instanceof WorkerFailure) || error.exitCode !== 2) throw error;
        throw new ConfigError(['a worker could not start: its own lines say why']);
      }
      tls?.start();
      return { http, ops: address, ...(redirect === undefined ? {} : { redirect }) };
    },
    stop,
    reload:
      config.tls === undefined && config.linkTls === undefined
        ? undefined
        : () => {
            tls?.reload();
            for (const worker of workers) worker.reload();
          },
  };
}
