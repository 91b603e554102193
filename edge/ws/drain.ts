import { sleep } from '../../common/timers.js';
import { CLOSE } from './close-codes.js';
import type { Hub } from './hub.js';

/** Closes so many sessions a second, or as many as it takes to be done in time. */
const CLOSES_PER_SECOND = 2000;
const STEP = 100;
/** Clients that are sent away come back within this time, spread over it, in milliseconds. */
const RECONNECT_WITHIN = 5000;

/**
 * Closes all sessions because the server goes away, spread over up to `seconds`, each with a hint when to reconnect, so
 * that their clients do not all come back at once.
 */
export async function drainSessions(hub: Hub, seconds: number): Promise<void> {
  const sessions = [...hub.sessions()];
  const perSecond = Math.max(CLOSES_PER_SECOND, sessions.length / Math.max(seconds, STEP / 1000));
  const perStep = Math.ceil((perSecond * STEP) / 1000);
  for (let start = 0; start < sessions.length; start += perStep) {
    if (start > 0) await sleep(STEP);
    for (const { ws, slot } of sessions.slice(start, start + perStep)) {
      // It may have closed by itself since.
      if (hub.isOpen(slot, ws))
        ws.end(CLOSE.restarting, `reconnect after ${Math.round(Math.random() * RECONNECT_WITHIN)} ms`);
    }
  }
}
