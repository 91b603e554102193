import { createLogger } from '../common/logs/log.js';
import { runService } from '../common/service.js';
import { unknownSettings } from '../common/settings/env.js';
import { PLAINTEXT_ALLOWED } from '../common/tls/plaintext.js';
import { openTracing } from '../common/tracing/tracing.js';
import { buildStandaloneEdge } from './app.js';
import { readEdgeConfig } from './config.js';
import { buildWorkers } from './workers/parent.js';

await runService('edge', async () => {
  const config = readEdgeConfig(process.env);
  const log = createLogger('edge', config.logLevel);
  for (const name of unknownSettings(process.env)) log.warn({ setting: name }, 'unknown setting');
  if (config.plaintext.length > 0) log.warn({ settings: config.plaintext }, PLAINTEXT_ALLOWED);
  const { drainSeconds: stopSeconds } = config;
  if (config.workers > 1) return { service: buildWorkers(config, process.env, log), log, stopSeconds };
  const tracing = await openTracing(config.tracing, log);
  return { service: buildStandaloneEdge(config, log, tracing), log, stopSeconds, tracing };
});
