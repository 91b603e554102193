/**
 * Knows which addresses have sent bodies in crumbs. uWebSockets hands over each chunk of what it has read, up to 87,000
 * of one byte at a time, and nothing stops it in between; so whoever did that once is not read again for a while, on
 * whatever connection.
 */
export interface CrumbGuard {
  /**
   * Counts a body in chunks that begins; its end must be told.
   *
   * @param cut closes its connection; called within the parser of another one
   * @returns undefined if the address is not read now: the connection should be closed
   */
  began(address: string, cut: () => void): { ended(): void; crumbled(): void } | undefined;
}

/** Milliseconds for which an address is not read, bodies of known length aside. */
const SILENCE_MS = 10_000;
/** So many addresses are known at a time. */
const MAX_SILENCED = 10_000;

/** Returns a guard that trusts every address. */
export function createCrumbGuard(now: () => number = () => performance.now()): CrumbGuard {
  /** Bodies that are under way, by address. */
  const open = new Map<string, Set<() => void>>();
  /** Until when addresses are not read, the earliest first. */
  const silenced = new Map<string, number>();

  return {
    began(address, cut) {
      if ((silenced.get(address) ?? 0) > now()) return undefined;
      const cuts = open.get(address) ?? new Set();
      open.set(address, cuts.add(cut));
      const ended = (): void => {
        cuts.delete(cut);
        if (cuts.size === 0) open.delete(address);
      };
      return {
        ended,
        crumbled() {
          ended();
          silenced.delete(address);
          silenced.set(address, now() + SILENCE_MS);
          for (const [first, until] of silenced) {
            if (silenced.size <= MAX_SILENCED && until > now()) break;
            silenced.delete(first);
          }
          // Each of them may be the next that uWebSockets reads.
          for (const cutOther of [...cuts]) cutOther();
        },
      };
    },
  };
}
