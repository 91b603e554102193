import { OnePushError } from '../../../common/errors.js';
import type { AudienceQuery } from '../../domain/audience.js';
import type { StoreReader } from '../../store/store.js';
import type { Caller } from '../writer/push-queue.js';

/** Counts the devices that an audience has now, and those of them that have a session. */
export type EstimateAudience = (query: AudienceQuery, caller?: Caller) => Promise<{ devices: number; online: number }>;

/** Longest time of an estimate, in milliseconds. */
const ESTIMATE_WITHIN_MS = 30_000;
/** Devices of one look-up: it takes as many steps as it needs. */
const DEVICES_PER_LOOK_UP = 10_000;

/** Returns an estimate that asks `isOnline` for each device that it finds. */
export function createEstimate(
  store: Pick<StoreReader, 'findAudience'>,
  isOnline: (deviceNum: number) => boolean,
): EstimateAudience {
  return async (query, caller) => {
    const end = performance.now() + ESTIMATE_WITHIN_MS;
    let [devices, online] = [0, 0];
    for (let after = 0; ; ) {
      const withinMs = end - performance.now();
      const { deviceNums, through } = await store.findAudience(query, after, DEVICES_PER_LOOK_UP, { withinMs, caller });
      devices += deviceNums.length;
      online += deviceNums.filter(isOnline).length;
      if (through === undefined) return { devices, online };
      if (performance.now() >= end) throw new OnePushError('AUDIENCE_TOO_SLOW');
      after = through;
    }
  };
}
