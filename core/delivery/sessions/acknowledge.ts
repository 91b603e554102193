import { OnePushError } from '../../../common/errors.js';
import type { StoreReader } from '../../store/store.js';
import type { WriteCycle } from '../writer/write-cycle.js';
import type { Sessions } from './sessions.js';

/**
 * Takes what a device says over HTTP that it has received and confirmed, to whatever edge. Resolves when the
 * confirmations are committed.
 *
 * @throws OnePushError UNKNOWN_DEVICE
 */
export type Acknowledge = (request: {
  /** The public id. */
  deviceId: string;
  /** Pushes that it confirms. */
  pushIds: readonly number[];
  /** For the edge of its session; "": none. */
  cursor: string;
}) => Promise<void>;

/** As many as the schema says. */
const MAX_PUSHES = 1000;

/** The parts that it needs. */
export interface AcknowledgeParts {
  /** Looks the device up. */
  store: Pick<StoreReader, 'findSubscribers'>;
  /** Commits confirmations. */
  cycle: Pick<WriteCycle, 'confirmed' | 'whenSettled'>;
  /** The session of the device, if it has one. */
  sessions: Pick<Sessions, 'acknowledged' | 'withdrawn'>;
}

/** Returns what takes acknowledgements. A device can confirm only what was sent to it, as over its session. */
export function createAcknowledge({ store, cycle, sessions }: AcknowledgeParts): Acknowledge {
  return async ({ deviceId, pushIds, cursor }) => {
    const [device] = await store.findSubscribers([deviceId]);
    if (device === undefined || !device.registered) throw new OnePushError('UNKNOWN_DEVICE');
    if (cursor !== '') sessions.acknowledged(device.num, cursor);
    if (pushIds.length === 0) return;
    const own = pushIds.slice(0, MAX_PUSHES).map((pushId) => ({ deviceNum: device.num, pushId }));
    for (const confirmation of own) cycle.confirmed(confirmation);
    // The edge of its session would send them again.
    sessions.withdrawn(own);
    await cycle.whenSettled();
  };
}
