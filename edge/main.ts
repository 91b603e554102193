import { unknownSettings } from '../common/env.js';
import { createLogger } from '../common/log.js';
import { runService } from '../common/service.js';
import { buildEdge } from './app.js';
import { readEdgeConfig } from './config.js';

await runService('edge', () => {
  const config = readEdgeConfig(process.env);
  const log = createLogger('edge', config.logLevel);
  for (const name of unknownSettings(process.env)) log.warn({ setting: name }, 'unknown setting');
  return { service: buildEdge(config, log), log, stopSeconds: config.drainSeconds };
});
