import type { Logger } from '../../../common/logs/log.js';
import { createTroubleLog } from '../../../common/logs/trouble.js';
import type { StoreReader } from '../../store/store.js';
import type { WriteCycle } from '../writer/write-cycle.js';
import type { InboxLimits } from './inbox-limits.js';
import { createPeriodic, type Periodic } from './periodic.js';
import { createTrustedClock } from './trusted-clock.js';

/** Milliseconds between two looks when there was nothing to do. */
const INTERVAL = 1000;
/** Milliseconds that are looked at again: the clock may have stepped back. */
const OVERLAP = 5000;
/** More of it once a minute, since it costs as much as so many pushes have expired in it. */
const LONG_OVERLAP = 120_000;
const LONG_INTERVAL = 60_000;
/** Number of inboxes that one transaction brings under their limit. */
const EVICTIONS_AT_ONCE = 50;

/**
 * Ends what has waited too long, erases the content of expired pushes and removes what is past its retention. Works in
 * small sets between the cycles of the writer, so that nobody waits for it.
 */
export function createSweeper(options: {
  store: Pick<StoreReader, 'mayBeSwept'>;
  cycle: Pick<WriteCycle, 'execute' | 'commands'>;
  limits: InboxLimits;
  /** Days that a push and its receipts are kept after its expiry. */
  retentionDays: number;
  log: Logger;
  now?: () => number;
}): Periodic {
  const { store, cycle, limits, retentionDays, log, now = createTrustedClock({ log }) } = options;
  const trouble = createTroubleLog(log, 'the sweeper could not work; it will again');
  /** Up to which expiry this core has swept; at first nothing is known to be. */
  let swept = 0;
  let looksLongAt = 0;

  async function sweep(isStopped: () => boolean): Promise<void> {
    try {
      const time = now();
      const looksLong = time >= looksLongAt || swept > time;
      if (looksLong) looksLongAt = time + LONG_INTERVAL;
      // Not from what was swept while the clock was ahead.
      let eraseFrom = Math.max(0, Math.min(swept, time) - (looksLong ? LONG_OVERLAP : OVERLAP));
      const removeBefore = time - retentionDays * 86_400_000;
      // A core that has nothing to do writes nothing, but for once a minute.
      const isDue = looksLong || (await store.mayBeSwept({ now: time, eraseFrom, removeBefore }));
      for (let more = isDue; more && !isStopped(); ) {
        const step = await cycle.execute(cycle.commands.sweep, { now: time, eraseFrom, removeBefore });
        eraseFrom = step.erasedThrough;
        swept = step.erasedThrough;
        if (step.expired > 0) log.info({ deliveries: step.expired }, 'deliveries expired');
        more = step.more;
      }
      await evict(isStopped);
      trouble.over();
    } catch (error) {
      trouble.met(error);
    }
  }

  async function evict(isStopped: () => boolean): Promise<void> {
    const full = await limits.findFull();
    if (full.length === 0) return;
    let deliveries = 0;
    for (let start = 0; start < full.length && !isStopped(); start += EVICTIONS_AT_ONCE) {
      const part = full.slice(start, start + EVICTIONS_AT_ONCE);
      const counts = await Promise.all(part.map((eviction) => cycle.execute(cycle.commands.evict, eviction)));
      deliveries += counts.reduce((sum, count) => sum + count, 0);
    }
    log.warn(
      { deliveries, devices: full.length },
      'inboxes were over their limit: their oldest deliveries are evicted',
    );
  }

  return createPeriodic(INTERVAL, sweep);
}
