import type { Environment } from '../common/settings/env.js';
import { EnvReader } from '../common/settings/env.js';

/**
 * The database of ONEPUSH_DATABASE_URL. Drivers are loaded here, and not by commands that need none.
 *
 * @throws ConfigError if the setting is wrong
 */
export async function loadDatabase(env: Environment) {
  const { openExistingStore, openStore, readDatabaseUrl } = await import('../core/open-store.js');
  const { inspectStore } = await import('../core/inspect-store.js');
  const { createLogger } = await import('../common/logs/log.js');
  const reader = new EnvReader(env);
  const url = readDatabaseUrl(reader);
  reader.done();
  // What they have to say is said by the command.
  const log = createLogger('onepush', 'silent');
  return {
    url,
    inspect: () => inspectStore(url),
    open: () => openStore(url, log),
    openExisting: () => openExistingStore(url, log),
  };
}
