import type { Logger } from '../../common/logs/log.js';

/**
 * Knows how many apps anybody can register devices of, and whether strangers reach this service; says in the log where
 * both is so.
 */
export interface OpenApps {
  /** Counts again: an app has changed. Never rejects. */
  refresh(): Promise<void>;
  /** A port that takes registrations listens beyond loopback. `port`: the one that does. */
  exposed(port: 'core' | 'edge'): void;
  /** Returns the number of open apps, and whether strangers reach them. */
  counts(): { readonly open: number; readonly isExposed: boolean };
}

/** Returns the watch over a store, which has counted nothing yet. */
export function createOpenApps(options: { countOpenApps: () => Promise<number>; log: Logger }): OpenApps {
  const { countOpenApps, log } = options;
  const exposedPorts = new Set<'core' | 'edge'>();
  let open = 0;

  return {
    async refresh() {
      // A store that is away says so elsewhere; the next change counts again.
      open = await countOpenApps().catch(() => open);
    },
    exposed(port) {
      exposedPorts.add(port);
      if (open > 0) log.warn({ openApps: open, port }, 'apps take unsigned registrations from beyond loopback');
    },
    counts: () => ({ open, isExposed: exposedPorts.size > 0 }),
  };
}
