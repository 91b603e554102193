import type { CoreOwnership } from '../../store/store.js';
import type { WriteCycle } from '../writer/write-cycle.js';
import { createPeriodic } from './periodic.js';

/** Milliseconds between two looks whether the lease may have ended. */
const CHECK_INTERVAL = 500;

/**
 * Renews the core's lease while nothing else does. Does nothing where there is none.
 *
 * @param options.lost called again and again while the lease may have ended
 */
export function createLeaseUpkeep(options: {
  store: Pick<CoreOwnership, 'renewEveryMs' | 'holdsLease'>;
  cycle: Pick<WriteCycle, 'execute' | 'commands'>;
  lost: () => void;
}): { start(): void; stop(): void } {
  const { store, cycle, lost } = options;
  // What it fails with, whatever is committed next is told.
  const renew = () => cycle.execute(cycle.commands.nothing, undefined).catch(() => {});
  const renewals = createPeriodic(store.renewEveryMs ?? 0, renew);
  const checks = createPeriodic(CHECK_INTERVAL, async () => {
    if (!store.holdsLease()) lost();
  });
  const both = store.renewEveryMs === undefined ? [] : [renewals, checks];
  return {
    start() {
      for (const each of both) each.start();
    },
    stop() {
      for (const each of both) each.stop();
    },
  };
}
