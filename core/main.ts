import { createLogger } from '../common/logs/log.js';
import { runService } from '../common/service.js';
import { unknownSettings } from '../common/settings/env.js';
import { PLAINTEXT_ALLOWED } from '../common/tls/plaintext.js';
import { openTracing } from '../common/tracing/tracing.js';
import { buildCore } from './app.js';
import { readCoreConfig } from './config.js';

// The database has names, tokens and texts: its files and its folder are for their owner.
process.umask(0o077);
await runService('core', async () => {
  const config = readCoreConfig(process.env);
  const log = createLogger('core', config.logLevel);
  for (const name of unknownSettings(process.env)) log.warn({ setting: name }, 'unknown setting');
  if (config.plaintext.length > 0) log.warn({ settings: config.plaintext }, PLAINTEXT_ALLOWED);
  const tracing = await openTracing(config.tracing, log);
  const service = buildCore(config, log, () => process.exit(1), tracing);
  return { service, log, stopSeconds: config.drainSeconds, tracing };
});
