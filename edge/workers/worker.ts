import { createLogger } from '../../common/logs/log.js';
import { runService } from '../../common/service.js';
import { openTracing } from '../../common/tracing/tracing.js';
import { buildEdge } from '../app.js';
import { readEdgeConfig } from '../config.js';
import type { FromWorker, ReportRequest } from './messages.js';

/** One of the processes of an edge with several: started by workers/supervisor.ts, and gone with its parent. */
await runService('edge', async () => {
  const config = readEdgeConfig(process.env);
  const log = createLogger('edge', config.logLevel);
  const tracing = await openTracing(config.tracing, log);
  const edge = buildEdge(config, 'shared', log, tracing);
  const tell = (message: FromWorker): void => {
    if (process.connected) process.send?.(message);
  };
  process.on('message', async ({ id, about }: ReportRequest) => {
    const obstacle = about === 'readiness' ? await edge.checkReadiness() : undefined;
    const metrics = about === 'metrics' ? await edge.registry.getMetricsAsJSON() : [];
    tell({ kind: 'report', id, report: { obstacle, metrics } });
  });
  return { service: edge, log, stopSeconds: config.drainSeconds, tracing, ready: () => tell({ kind: 'ready' }) };
});
