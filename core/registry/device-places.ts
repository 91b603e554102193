/**
 * Places for the devices of apps that may have so many only. An app's devices are counted once, and what registers is
 * added; what unregisters is not taken off, so the count is never too low. It is taken anew when no place is left.
 */
export interface DevicePlaces {
  /**
   * Reserves a place for a registration that may bring its app another device.
   *
   * @returns what is to be called once it is committed or has failed, with whether it has brought one; undefined: no
   * place is left
   */
  reserve(appNum: number, limit: number): Promise<((joined: boolean) => void) | undefined>;
}

interface Counted {
  /** At the most so many devices; undefined: not counted yet. */
  devices: number | undefined;
  /** Reservations that are open. */
  reserved: number;
  /** The counting that is under way. */
  counting: Promise<void> | undefined;
  /** Before this time it is not counted anew. */
  nextAt: number;
}

/** Milliseconds between two counts of an app at the least, and so many times as long as one takes. */
const RECOUNT_MS = 1000;
const RECOUNT_FACTOR = 20;

/**
 * Returns places of which none is reserved.
 *
 * @param countDevices asks the store for the number of an app's registered devices
 */
export function createDevicePlaces(
  countDevices: (appNum: number) => Promise<number>,
  now: () => number = () => performance.now(),
): DevicePlaces {
  const apps = new Map<number, Counted>();

  async function recount(appNum: number, app: Counted): Promise<void> {
    const begun = now();
    try {
      app.devices = await countDevices(appNum);
    } finally {
      const took = now() - begun;
      app.counting = undefined;
      app.nextAt = begun + Math.max(RECOUNT_MS, took * RECOUNT_FACTOR);
    }
  }

  const isFull = ({ devices = 0, reserved }: Counted, limit: number): boolean => devices + reserved >= limit;

  return {
    async reserve(appNum, limit) {
      const app = apps.get(appNum) ?? { devices: undefined, reserved: 0, counting: undefined, nextAt: 0 };
      apps.set(appNum, app);
      if (app.devices === undefined || (isFull(app, limit) && now() >= app.nextAt)) {
        app.counting ??= recount(appNum, app);
        await app.counting;
      }
      if (isFull(app, limit)) return undefined;
      app.reserved++;
      return (joined) => {
        app.reserved--;
        if (joined) app.devices = (app.devices ?? 0) + 1;
      };
    },
  };
}
