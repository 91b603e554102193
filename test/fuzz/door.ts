import type { Random } from './input/random.js';
import type { Target } from './target.js';

/** What one trial came to. */
export interface Outcome {
  /** How many inputs it was: a connection for frames takes many. */
  inputs: number;
  /** A word for what came, to be counted: `40001`, `closed`. */
  answer: string;
  /** What must not have been, in words. */
  problem?: string;
  /** The longest that anything was waited for, in milliseconds. */
  waitedMs: number;
  /** All that was sent, for who looks into it. */
  sent: Uint8Array;
}

/** Something that takes inputs from strangers. */
export interface Door {
  name: string;
  /** Of 1,000 inputs of a whole run. */
  share: number;
  /** How many trials are under way at once. */
  lanes: number;
  /** Opens one lane: what tries one input after the other. */
  openLane(target: Target): Promise<Lane> | Lane;
}

export interface Lane {
  /** Makes an input of these choices, and tries it. Rejects only where the test itself is at fault. */
  attempt(random: Random, patienceMs: number): Promise<Outcome>;
  close(): Promise<void> | void;
}

/** The problem of what is still waited for. */
export const HANGS = 'neither an answer nor the end of the connection';
