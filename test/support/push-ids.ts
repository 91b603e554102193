import { type Position, START } from '../../common/position.js';
import { PER_MILLISECOND } from '../../common/push-id.js';

/** The nth push id of core 0: ids that are easy to tell apart. */
export function idOf(n: number): number {
  return n * PER_MILLISECOND;
}

/** The n of such an id, or of the last one before it. */
export function numberOf(id: number): number {
  return Math.floor(id / PER_MILLISECOND);
}

/** The position behind the nth push of core 0; 0: before all. */
export function positionOf(n: number): Position {
  return n === 0 ? START : [idOf(n)];
}
