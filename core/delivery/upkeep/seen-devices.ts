import { describeError, type Logger } from '../../../common/logs/log.js';
import { type Device, dayOf } from '../../domain/device.js';
import type { WriteCycle } from '../writer/write-cycle.js';
import { createPeriodic, type Periodic } from './periodic.js';

/**
 * Devices that have, or had, a session and of which that is not written yet. Hot: a session costs a comparison, and
 * once a day an entry of a set; the bench row `sessions` watches it.
 */
export interface SeenDevices extends Periodic {
  /** A session of a device begins, which was seen last on this day. */
  began(device: Pick<Device, 'num'>, seenDay: number): void;
  /** Devices have a session. */
  note(deviceNums: readonly number[]): void;
  /** Resolves when all that was noted so far is committed. */
  flush(): Promise<void>;
}

/** Milliseconds between two commits. */
const INTERVAL = 10_000;
const DEVICES_PER_COMMIT = 2000;
/** Beyond so many, devices are seen when their next session begins, or while they have one. */
const MAX_NOTED = 500_000;

/** Returns a set that is empty. */
export function createSeenDevices(options: {
  cycle: Pick<WriteCycle, 'execute' | 'commands'>;
  log: Pick<Logger, 'debug'>;
  now?: () => number;
}): SeenDevices {
  const { cycle, log, now = Date.now } = options;
  let noted = new Set<number>();

  async function flush(): Promise<void> {
    const nums = [...noted];
    noted = new Set();
    for (let start = 0; start < nums.length; start += DEVICES_PER_COMMIT) {
      try {
        await cycle.execute(cycle.commands.markSeen, nums.slice(start, start + DEVICES_PER_COMMIT));
      } catch (error) {
        for (const num of nums.slice(start)) noted.add(num);
        throw error;
      }
    }
  }

  const periodic = createPeriodic(INTERVAL, () =>
    flush().catch((error: unknown) => log.debug(describeError(error), 'it could not be noted which devices were seen')),
  );

  return {
    start: periodic.start,
    async stop() {
      await periodic.stop();
      await flush().catch(() => {});
    },
    flush,
    began({ num }, seenDay) {
      if (seenDay !== dayOf(now()) && noted.size < MAX_NOTED) noted.add(num);
    },
    note(deviceNums) {
      for (const num of deviceNums) if (noted.size < MAX_NOTED) noted.add(num);
    },
  };
}
