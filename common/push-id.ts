/** 6 bits of sequence and 6 of the core's number stand below the milliseconds of an id. */
export const SEQUENCES = 64;
/** Number of cores that ids have room for. */
export const CORES = 64;
/** Number of ids in a millisecond, of all cores. */
export const PER_MILLISECOND = SEQUENCES * CORES;
