import type { DeviceSelection } from '../../domain/device.js';
import type { StoreReader } from '../../store/store.js';
import type { WriteCycle } from '../writer/write-cycle.js';
import { takeByInbox } from './inbox-portion.js';
import type { SeenDevices } from './seen-devices.js';

/** A part of a deletion that was done. */
export interface DeletedPart {
  /** Number of devices that it unregistered; of a dry run: that it would have. */
  readonly devices: number;
  /** The device up to which it has come; undefined: it is done. */
  readonly through: number | undefined;
}

/**
 * Unregisters devices that a selection is for, those behind `after`, as many as there are within a second: each as if
 * it had unregistered itself. What has unregistered is selected no more, so it may be begun anew at any time.
 *
 * @param isDryRun true: they are only counted
 * @throws StoreUnavailable, OnePushError OVERLOADED: a part may be done
 */
export type DeleteDevices = (selection: DeviceSelection, after: number, isDryRun: boolean) => Promise<DeletedPart>;

/** Milliseconds after which no further step is begun. */
const BUDGET_MS = 1000;
/** Devices that a step looks at: on SQLite the core does nothing else meanwhile. */
const LOOKED_AT = 2000;
/** Devices of one transaction. */
const AT_ONCE = 200;

/** Returns the deletion over a store. */
export function createDeleteDevices(options: {
  store: Pick<StoreReader, 'findSelected' | 'countInbox'>;
  cycle: Pick<WriteCycle, 'execute' | 'commands'>;
  seen: Pick<SeenDevices, 'flush'>;
  /** Returns true if a device has a session. */
  isConnected: (deviceNum: number) => boolean;
}): DeleteDevices {
  const { store, cycle, seen, isConnected } = options;

  async function unregister(devices: readonly { num: number; id: string }[]): Promise<void> {
    for (let left = devices; left.length > 0; ) {
      const nums = await takeByInbox(
        store,
        left.slice(0, AT_ONCE).map(({ num }) => num),
      );
      const part = left.slice(0, nums.length);
      await Promise.all(part.map(({ id }) => cycle.execute(cycle.commands.unregister, id)));
      left = left.slice(nums.length);
    }
  }

  return async (selection, after, isDryRun) => {
    const end = performance.now() + BUDGET_MS;
    const isOfUnseen = selection.unseenSince !== undefined || selection.withoutSession === true;
    if (isOfUnseen) await seen.flush();
    let count = 0;
    for (let at = after; ; ) {
      const { devices, through } = await store.findSelected(selection, { after: at, limit: LOOKED_AT });
      const chosen = isOfUnseen ? devices.filter(({ num }) => !isConnected(num)) : devices;
      if (!isDryRun) await unregister(chosen);
      count += chosen.length;
      if (through === undefined || performance.now() >= end) return { devices: count, through };
      at = through;
    }
  };
}
