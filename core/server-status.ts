import { VERSION } from '../common/version.js';
import type { CoreConfig } from './config.js';
import type { ServerFacts, ServerStatus } from './domain/server.js';
import type { CoreMetrics } from './metrics.js';
import type { Store } from './store/store.js';

/** Returns what tells about the core that is being started. */
export function createServerStatus(parts: {
  config: Pick<CoreConfig, 'console' | 'secretKeys' | 'tls'>;
  store: Pick<Store, 'describe' | 'findOwner'>;
  metrics: Pick<CoreMetrics, 'samples'>;
  coreId: number;
  /** Returns the edges that are attached. */
  edges: () => ServerFacts['edges'];
}): ServerStatus {
  const { config, store, metrics, coreId, edges } = parts;
  const startedAt = Date.now();
  const features = [
    ['console', config.console],
    ['secrets', config.secretKeys.length > 0],
    ['tls', config.tls !== undefined],
  ] as const;
  return {
    version: VERSION,
    features: features.filter(([, isThere]) => isThere).map(([name]) => name),
    async read() {
      const [described, { epoch }, samples] = await Promise.all([
        store.describe(),
        store.findOwner(),
        metrics.samples(),
      ]);
      return { startedAt, coreId, epoch, store: described, edges: edges(), samples };
    },
  };
}
