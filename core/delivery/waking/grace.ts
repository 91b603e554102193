/**
 * Devices that had a session until their edge or the core went, and may come back soon: they are not woken meanwhile,
 * also not for what is pushed then. Holds an entry for each such device until its grace is over.
 */
export interface Grace {
  /** A device has lost its session without being asked. */
  lost(deviceNum: number): void;
  /** The session of a device has ended in another way. */
  ended(deviceNum: number): void;
  /** Returns until when a device may come back, in milliseconds since the epoch; undefined: it is not waited for. */
  until(deviceNum: number): number | undefined;
}

/**
 * Returns the grace of a core that begins now: at first every device may come back.
 *
 * @param graceMs milliseconds of grace at the least; spread over twice as many
 * @param startMs the same for the beginning
 */
export function createGrace(options: {
  graceMs: number;
  startMs: number;
  now?: () => number;
  monotonic?: () => number;
  random?: () => number;
}): Grace {
  const { graceMs, startMs, now = Date.now, monotonic = () => performance.now(), random = Math.random } = options;
  const begun = monotonic();
  /** Ends of graces by device, about in their order, by a clock that nobody sets. */
  const ends = new Map<number, number>();

  function sweep(time: number): void {
    for (const [deviceNum, end] of ends) {
      if (end > time) return;
      ends.delete(deviceNum);
    }
  }

  return {
    lost(deviceNum) {
      const time = monotonic();
      sweep(time);
      ends.delete(deviceNum);
      ends.set(deviceNum, time + graceMs * (1 + random()));
    },
    ended: (deviceNum) => void ends.delete(deviceNum),
    until(deviceNum) {
      const time = monotonic();
      const own = ends.get(deviceNum);
      if (own !== undefined && own > time) return now() + own - time;
      const left = begun + startMs - time;
      return left > 0 ? now() + left + startMs * random() : undefined;
    },
  };
}
