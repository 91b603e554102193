import type { AudienceQuery } from '../domain/audience.js';
import type { LookUps } from '../store/store.js';
import type { Sessions } from './sessions.js';

/** How many devices an audience has now, and how many of those have a session. */
export type EstimateAudience = (query: AudienceQuery) => Promise<{ devices: number; online: number }>;

/** Of sessions it costs as many look-ups as there are sessions of the app, whatever the size of the audience. */
export function createEstimate(
  store: Pick<LookUps, 'countAudience' | 'findInAudience'>,
  sessions: Pick<Sessions, 'onlineDevices'>,
): EstimateAudience {
  return async (query) => {
    const devices = await store.countAudience(query);
    const online = await store.findInAudience(query, sessions.onlineDevices(query.appNum));
    return { devices, online: online.length };
  };
}
