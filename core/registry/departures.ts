/**
 * Which devices have changed hands or unregistered lately: who looks devices up in the store asks before using the answer, so that no
 * message reaches whoever has the device next.
 */
export interface Departures {
  left(deviceNum: number): void;
  /** Any device may have left. */
  forget(): void;
  /** Watches from now on: the answer tells whether all of these devices are still whose they were. */
  watch(): (deviceNums: readonly number[]) => boolean;
}

/** So many are remembered; who has watched for longer is told to look again. */
const REMEMBERED = 10_000;

export function createDepartures(): Departures {
  let recent: number[] = [];
  /** How many departures came before those of `recent`. */
  let before = 0;
  return {
    left(deviceNum) {
      if (recent.length >= REMEMBERED) {
        before += recent.length;
        recent = [];
      }
      recent.push(deviceNum);
    },
    forget() {
      before += recent.length + 1;
      recent = [];
    },
    watch() {
      const since = before + recent.length;
      return (deviceNums) => {
        if (since < before) return false;
        const left = new Set(recent.slice(since - before));
        return left.size === 0 || !deviceNums.some((deviceNum) => left.has(deviceNum));
      };
    },
  };
}
