import { OnePushError } from '../../common/errors.js';
import type { LookUps } from '../store/store.js';
import type { PushOrder } from './delivery-queue.js';

/** How long a key is remembered, in milliseconds. */
export const IDEMPOTENCY_LIFETIME = 24 * 3600 * 1000;

/** Keeps a push that is sent again with its key from being pushed again. */
export interface Idempotency {
  /**
   * Answers the orders whose key is known: with the first push's id, or with IDEMPOTENCY_CONFLICT if it was another push. Of several
   * new ones with one key the first is fresh; the others are to be sorted later, when it is committed or has failed.
   *
   * @throws StoreUnavailable
   */
  sort(orders: readonly PushOrder[]): Promise<{ fresh: readonly PushOrder[]; later: readonly PushOrder[] }>;
}

export function createIdempotency(store: Pick<LookUps, 'findIdempotent'>, now: () => number): Idempotency {
  return {
    async sort(orders) {
      const keys = orders.flatMap(({ idempotency }) => (idempotency === undefined ? [] : [idempotency.key]));
      if (keys.length === 0) return { fresh: orders, later: [] };
      const known = await store.findIdempotent(keys, now());
      const taken = new Set<string>();
      const fresh: PushOrder[] = [];
      const later: PushOrder[] = [];
      for (const order of orders) {
        const { idempotency } = order;
        if (idempotency === undefined) {
          fresh.push(order);
          continue;
        }
        const earlier = known.get(idempotency.key);
        if (earlier !== undefined) {
          if (earlier.digest === idempotency.digest) order.resolve(earlier.pushId);
          else order.reject(new OnePushError('IDEMPOTENCY_CONFLICT'));
        } else if (taken.has(idempotency.key)) {
          later.push(order);
        } else {
          taken.add(idempotency.key);
          fresh.push(order);
        }
      }
      return { fresh, later };
    },
  };
}
