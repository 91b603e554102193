import type { Recalled } from '../../store/store.js';
import type { WriteCycle } from '../writer/write-cycle.js';

/**
 * Ends what is pending of a push, and cancels what is still to be made of it. Undefined: the app has no such push.
 * Where it fails, a part of it may be done: repeating it does the rest.
 */
export type RecallPush = (appNum: number, id: number) => Promise<Recalled | undefined>;

/** Returns a function that recalls through the write cycle. */
export function createRecallPush(cycle: Pick<WriteCycle, 'execute' | 'commands'>): RecallPush {
  const recall = (appNum: number, pushId: number) => cycle.execute(cycle.commands.recall, { pushId, appNum });
  return async (appNum, id) => {
    const recalled = await recall(appNum, id);
    if (recalled !== undefined) return recalled;
    const parts = await cycle.execute(cycle.commands.cancel, { id, appNum });
    if (parts === undefined) return undefined;
    let deliveries = 0;
    // One at a time: each is a transaction that others wait for.
    for (const part of parts) deliveries += (await recall(appNum, part))?.deliveries ?? 0;
    return { deliveries };
  };
}
