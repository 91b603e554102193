/** 6 bits of sequence and 6 of the core's number stand below the milliseconds of an id. */
export const SEQUENCES = 64;
export const CORES = 64;
export const PER_MILLISECOND = SEQUENCES * CORES;
