import { describeError, type Logger } from '../../../common/logs/log.js';
import { firstIdAt } from '../../domain/id-clock.js';
import type { DeliverySum, StoreReader } from '../../store/store.js';
import { createPeriodic, type Periodic } from './periodic.js';

/**
 * Checks in small steps that the deliveries of recent pushes add up: each has ended once or waits. Goes through the
 * pushes of the last hour again and again; where there are more of them than it can look at, it looks at some.
 */
export interface DeliveryAudit extends Periodic {
  /** Pushes to devices that were looked at, and the different ones that did not add up. */
  counts(): { checked: number; mismatches: number };
}

/** Time for which a push is looked at, in milliseconds. */
const WINDOW = 3_600_000;
/** Bounds of one step: on SQLite the core does nothing else meanwhile. */
const PUSHES_PER_STEP = 100;
const DELIVERIES_PER_STEP = 2000;
/** Beyond so many wrong pushes, more are not told apart. */
const MAX_WRONG = 10_000;

/** Returns an audit that is not started. */
export function createDeliveryAudit(options: {
  store: Pick<StoreReader, 'checkSums'>;
  /** Milliseconds between two steps; 0: there are none. */
  interval: number;
  log: Logger;
  now?: () => number;
}): DeliveryAudit {
  const { store, interval, log, now = Date.now } = options;
  const wrong = new Set<number>();
  let after = 0;
  let checked = 0;

  async function step(): Promise<void> {
    try {
      const start = Math.max(after, firstIdAt(now() - WINDOW) - 1);
      const { sums, through } = await store.checkSums({
        after: start,
        pushes: PUSHES_PER_STEP,
        deliveries: DELIVERIES_PER_STEP,
      });
      // At the end of what there is, from the beginning.
      after = through ?? 0;
      checked += sums.length;
      for (const sum of sums) if (!addsUp(sum)) report(sum);
    } catch (error) {
      log.debug(describeError(error), 'the sums of deliveries could not be checked');
    }
  }

  function report(sum: DeliverySum): void {
    if (wrong.has(sum.pushId) || wrong.size >= MAX_WRONG) return;
    wrong.add(sum.pushId);
    log.error({ ...sum }, 'the deliveries of a push do not add up');
  }

  const steps = createPeriodic(interval, step);
  return {
    start() {
      if (interval > 0) steps.start();
    },
    stop: steps.stop,
    counts: () => ({ checked, mismatches: wrong.size }),
  };
}

function addsUp({ targeted, ended, pending }: DeliverySum): boolean {
  return targeted === ended + pending;
}
