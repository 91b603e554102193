/** 6 bits of sequence and 6 of the core's number stand below the milliseconds of an id. */
export const SEQUENCES = 64;
export const CORES = 64;
export const PER_MILLISECOND = SEQUENCES * CORES;

/** The core that gave out an id. Hot: a remainder is slow for numbers of this size; `&` takes the lowest bits, whatever the size. */
export function coreOf(id: number): number {
  return (id / SEQUENCES) & (CORES - 1);
}

/** The highest number at or below `id` that may be an id of this core; below 0 if there is none. */
export function lastIdOf(core: number, id: number): number {
  const millisecond = Math.floor(id / PER_MILLISECOND);
  const first = (millisecond * CORES + core) * SEQUENCES;
  if (first > id) return first - PER_MILLISECOND + SEQUENCES - 1;
  return Math.min(id, first + SEQUENCES - 1);
}
