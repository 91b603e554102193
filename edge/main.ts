import { createLogger } from '../common/logs/log.js';
import { runService } from '../common/service.js';
import { unknownSettings } from '../common/settings/env.js';
import { PLAINTEXT_ALLOWED } from '../common/tls/plaintext.js';
import { buildStandaloneEdge } from './app.js';
import { readEdgeConfig } from './config.js';
import { buildWorkers } from './workers/parent.js';

await runService('edge', () => {
  const config = readEdgeConfig(process.env);
  const log = createLogger('edge', config.logLevel);
  for (const name of unknownSettings(process.env)) log.warn({ setting: name }, 'unknown setting');
  if (config.plaintext.length > 0) log.warn({ settings: config.plaintext }, PLAINTEXT_ALLOWED);
  const service = config.workers === 1 ? buildStandaloneEdge(config, log) : buildWorkers(config, process.env, log);
  return { service, log, stopSeconds: config.drainSeconds };
});
