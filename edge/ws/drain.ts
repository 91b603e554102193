import { sleep } from '../../common/timers.js';
import type { Hub } from './hub.js';

/** Closes so many sessions a second, or as many as it takes to be done in time. */
const CLOSES_PER_SECOND = 2000;
const STEP = 100;
/** Clients that are sent away come back within this time, spread over it, in milliseconds. */
const RECONNECT_WITHIN = 5000;
/** Time that devices have at most to acknowledge what they were sent, in milliseconds. */
const ACKNOWLEDGED_WITHIN = 1000;

/**
 * Closes all sessions because the server goes away, spread over up to `seconds`, each with a hint when to reconnect, so
 * that their clients do not all come back at once. What devices have acknowledged until then does not come again.
 */
export async function drainSessions(hub: Hub, seconds: number): Promise<void> {
  const sessions = [...hub.sessions()];
  const perSecond = Math.max(CLOSES_PER_SECOND, sessions.length / Math.max(seconds, STEP / 1000));
  const perStep = Math.ceil((perSecond * STEP) / 1000);
  for (let start = 0; start < sessions.length; start += perStep) {
    if (start > 0) await sleep(STEP);
    for (const session of sessions.slice(start, start + perStep)) {
      hub.retire(session, `reconnect after ${Math.round(Math.random() * RECONNECT_WITHIN)} ms`);
    }
  }
  const patience = Math.min(ACKNOWLEDGED_WITHIN, seconds * 1000);
  for (let waited = 0; waited < patience && hub.retirement.count() > 0; waited += STEP) await sleep(STEP);
  hub.retirement.closeAll();
}
