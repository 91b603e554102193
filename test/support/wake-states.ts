import { eventually } from './eventually.js';
import type { WakingRig } from './waking.js';

/** States of wakes, as the tables have them. */
export const WAKE = { DUE: 0, SENDING: 1, ACCEPTED: 2, FAILED: 3, UNKNOWN: 4, CANCELLED: 5 } as const;

/** Resolves to the states of the wakes of a push. */
export async function statesOf(rig: WakingRig, pushId: number): Promise<number[]> {
  return (await rig.wakesOf(pushId)).map(({ state }) => state);
}

/** Resolves when the wakes of a push have these states. */
export async function becomes(rig: WakingRig, pushId: number, states: readonly number[]): Promise<void> {
  await eventually(async () => (await statesOf(rig, pushId)).join() === states.join(), { message: `states ${states}` });
}
