import { coreOf, lastIdOf } from './push-id.js';

/**
 * How far something has got with the pushes: of each core at the most one id, and all of that core's pushes up to it are behind. It
 * takes one for each core since ids of different cores are not committed in the order of the ids.
 */
export type Position = readonly number[];

/** Nothing is behind. One for all: what has not begun costs nothing. */
export const START: Position = Object.freeze([]);

/** The last id of a core that is behind; 0: none. */
export function pointOf(position: Position, core: number): number {
  for (const id of position) if (coreOf(id) === core) return id;
  return 0;
}

/** Whether a push is behind. */
export function hasReached(position: Position, pushId: number): boolean {
  return pushId <= pointOf(position, coreOf(pushId));
}

/**
 * The position when this push is behind too. Hot: called for each frame that a socket takes. With the pushes of one core it is two
 * compares and a new position; otherwise a search.
 */
export function advance(position: Position, pushId: number): Position {
  const core = coreOf(pushId);
  const [only] = position;
  if (only !== undefined && position.length === 1 && coreOf(only) === core) return only < pushId ? [pushId] : position;
  const index = position.findIndex((id) => coreOf(id) === core);
  if (index < 0) return [...position, pushId];
  if (hasReached(position, pushId)) return position;
  return position.with(index, pushId);
}

/** What is behind in one of them or in the other; one of the two themselves if it has it all. */
export function merge(one: Position, other: Position): Position {
  if (one.every((id) => hasReached(other, id))) return other;
  return other.reduce(advance, one);
}

/** What of a position is at or below an id, whoever's that is; the position itself if it is all of it. */
export function limitTo(position: Position, pushId: number): Position {
  if (position.every((id) => id <= pushId)) return position;
  return position.map((id) => lastIdOf(coreOf(id), Math.min(id, pushId))).filter((id) => id > 0);
}

/** Whether these numbers are a position: of each core at the most one id. */
export function isPosition(ids: readonly number[]): boolean {
  return ids.every((id) => Number.isSafeInteger(id) && id > 0) && new Set(ids.map(coreOf)).size === ids.length;
}
