import type { WakeLane } from '../../store/store.js';

/**
 * Turns of lanes of wakes. However many wait in some, all others have their turn; a lane whose credential takes nothing
 * now is left alone for a while.
 */
export interface LaneTurns {
  /** Takes the next lanes that have wakes due at `time`. The turn goes to those that follow. */
  take(lanes: readonly WakeLane[], time: number): readonly number[];
  /** The credential takes no more of this lane for now. */
  hold(lane: number, time: number): void;
  /** The credential takes one of this lane. */
  took(lane: number): void;
  /** Returns when a lane of these is to be looked at next, at the most infinitely far away. */
  nextAt(lanes: readonly WakeLane[], time: number): number;
}

/** Lanes of one look. */
const LANES_PER_LOOK = 20;
/** Time for which a lane that takes no more is left alone; doubled up to the most. */
const HELD_MS = 200;
const MAX_HELD_MS = 5000;

/** Returns the turns of no lanes. */
export function createLaneTurns(): LaneTurns {
  const held = new Map<number, number>();
  /** For how long lanes that have taken nothing since were held last: looking at many wakes costs. */
  const lastHeld = new Map<number, number>();
  let last = -1;

  return {
    take(lanes, time) {
      for (const [lane, until] of held) if (until <= time) held.delete(lane);
      const there = new Set(lanes.map(({ lane }) => lane));
      for (const lane of lastHeld.keys()) if (!there.has(lane)) lastHeld.delete(lane);
      const due = lanes.filter(({ lane, dueAt }) => dueAt <= time && !held.has(lane)).map(({ lane }) => lane);
      const following = due.filter((lane) => lane > last);
      const taken = [...following, ...due.filter((lane) => lane <= last)].slice(0, LANES_PER_LOOK);
      last = taken.at(-1) ?? last;
      return taken;
    },
    hold(lane, time) {
      if (held.has(lane)) return;
      const ms = Math.min(MAX_HELD_MS, 2 * (lastHeld.get(lane) ?? HELD_MS / 2));
      lastHeld.set(lane, ms);
      held.set(lane, time + ms);
    },
    took: (lane) => void lastHeld.delete(lane),
    nextAt: (lanes, time) =>
      // What is due and was not taken is under way: its outcome rings.
      Math.min(...lanes.map(({ lane, dueAt }) => held.get(lane) ?? (dueAt <= time ? time + HELD_MS : dueAt))),
  };
}
