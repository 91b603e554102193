/**
 * Devices that have changed hands or unregistered lately, or topics that were removed. A push takes a snapshot before
 * it looks its devices up, and asks before it is committed which of them it may still have: no message reaches whoever
 * has a device next, and what is registered meanwhile holds no push up.
 */
export interface DeviceRevocations {
  /** Takes a device that has changed hands or unregistered. */
  add(deviceNum: number): void;
  /** Returns the present moment, for `keep`. */
  snapshot(): number;
  /**
   * Returns those of the devices that were not revoked since the snapshot: the same list if none was. Undefined if that
   * is not known any more: then they must be looked up again. Hot: one comparison while nothing is revoked, else a
   * look-up for each device.
   */
  keep(snapshot: number, deviceNums: readonly number[]): readonly number[] | undefined;
}

/** Number of revocations that are remembered: more than a core commits while a push waits. */
const REMEMBERED = 50_000;

/** @param max number of revocations that are remembered */
export function createDeviceRevocations(max = REMEMBERED): DeviceRevocations {
  /** The last `max` revoked devices; the one of position p is at p % max. */
  const recent: number[] = [];
  /** The position of each device's last revocation, as far as it is remembered. */
  const positions = new Map<number, number>();
  let position = 0;
  /** Snapshots before this position reach too far back. */
  let from = 0;

  return {
    add(deviceNum) {
      position++;
      const place = position % max;
      const oldest = recent[place];
      if (oldest !== undefined && positions.get(oldest) === position - max) positions.delete(oldest);
      recent[place] = deviceNum;
      positions.set(deviceNum, position);
      from = Math.max(from, position - max);
    },
    snapshot: () => position,
    keep(snapshot, deviceNums) {
      if (snapshot === position) return deviceNums;
      if (snapshot < from) return undefined;
      const isKept = (deviceNum: number): boolean => (positions.get(deviceNum) ?? 0) <= snapshot;
      return deviceNums.every(isKept) ? deviceNums : deviceNums.filter(isKept);
    },
  };
}
