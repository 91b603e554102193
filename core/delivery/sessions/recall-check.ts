import { createBatcher } from '../../../common/batcher.js';
import { describeError, type Logger } from '../../../common/logs/log.js';
import { sleep } from '../../../common/timers.js';
import type { StoreReader } from '../../store/store.js';
import type { EdgePort } from './edge-port.js';

/**
 * Tells an edge that has attached what was recalled while no core could: it keeps what is not confirmed, and sends it
 * again.
 */
export interface RecallCheck {
  /** `pushIds`: what the edge keeps. Nothing waits for it and nothing fails. */
  check(edge: EdgePort, pushIds: readonly number[]): void;
}

/** Pushes that one look-up asks for. */
const PUSHES_PER_READ = 1000;
const RETRY_DELAY = 500;
/** After so many attempts the edge goes on until the messages are confirmed or expire. */
const MAX_ATTEMPTS = 120;

/** Returns a check that asks the store for one edge at a time. */
export function createRecallCheck(options: { store: Pick<StoreReader, 'findContentSizes'>; log: Logger }): RecallCheck {
  const { store, log } = options;
  // One after the other, however many edges attach at once.
  const checks = createBatcher<{ edge: EdgePort; pushIds: readonly number[] }>(1, async ([next]) => {
    if (next === undefined) return;
    for (let start = 0; start < next.pushIds.length; start += PUSHES_PER_READ) {
      await checkPart(next.edge, next.pushIds.slice(start, start + PUSHES_PER_READ));
    }
  });

  async function checkPart(edge: EdgePort, pushIds: readonly number[]): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        const there = await store.findContentSizes(pushIds);
        // What is recalled has no content any more, nor has what has expired.
        for (const pushId of pushIds) if (!there.has(pushId)) edge.recall(pushId);
        return;
      } catch (error) {
        log.debug(describeError(error), 'what an edge keeps cannot be looked up now');
        if (attempt === MAX_ATTEMPTS) return;
        await sleep(RETRY_DELAY);
      }
    }
  }

  return { check: (edge, pushIds) => checks.add({ edge, pushIds }) };
}
