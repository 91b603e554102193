import { PER_MILLISECOND } from '../../common/push-id.js';

/** The nth push id: ids that are easy to tell apart; 0: before all. */
export function idOf(n: number): number {
  return n * PER_MILLISECOND;
}

/** The n of such an id, or of the last one before it. */
export function numberOf(id: number): number {
  return Math.floor(id / PER_MILLISECOND);
}
