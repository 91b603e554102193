import { OnePushError } from '../../../common/errors.js';
import type { StoreReader } from '../../store/store.js';
import type { QueuedPush } from './push-queue.js';

/** Time for which a key is remembered, in milliseconds. */
export const IDEMPOTENCY_LIFETIME = 24 * 3600 * 1000;

/** Keeps a push that is sent again with its key from being pushed again. */
export interface Idempotency {
  /**
   * Answers the pushes whose key is known: with the first push's id, or with IDEMPOTENCY_CONFLICT if it was another
   * push. Of several new ones with one key the first is fresh; the others are to be sorted later, when it is committed
   * or has failed.
   *
   * @throws StoreUnavailable
   */
  sort(
    pushes: readonly QueuedPush[],
    now: number,
  ): Promise<{ fresh: readonly QueuedPush[]; later: readonly QueuedPush[] }>;
}

/** Returns the look-up of keys in a store. */
export function createIdempotency(store: Pick<StoreReader, 'findIdempotent'>): Idempotency {
  return {
    async sort(pushes, now) {
      const keys = pushes.flatMap(({ idempotency }) => (idempotency === undefined ? [] : [idempotency.key]));
      if (keys.length === 0) return { fresh: pushes, later: [] };
      const known = await store.findIdempotent(keys, now);
      const taken = new Set<string>();
      const fresh: QueuedPush[] = [];
      const later: QueuedPush[] = [];
      for (const push of pushes) {
        const { idempotency } = push;
        if (idempotency === undefined) {
          fresh.push(push);
          continue;
        }
        const earlier = known.get(idempotency.key);
        if (earlier !== undefined) {
          if (earlier.digest === idempotency.digest) {
            push.repeated?.();
            push.resolve(earlier.pushId);
          } else push.reject(new OnePushError('IDEMPOTENCY_CONFLICT'));
        } else if (taken.has(idempotency.key)) {
          later.push(push);
        } else {
          taken.add(idempotency.key);
          fresh.push(push);
        }
      }
      return { fresh, later };
    },
  };
}
