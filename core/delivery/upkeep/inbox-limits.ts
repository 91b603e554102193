import type { Eviction, NewPush, StoreReader } from '../../store/store.js';

/**
 * Inboxes that may be over their limit. Only those into which something was put since the last look are looked at, so
 * this costs nothing for the others.
 */
export interface InboxLimits {
  /** Remembers the devices of committed pushes as inboxes that have grown. */
  pushed(pushes: readonly NewPush[]): void;
  /** Returns the evictions after which no inbox is over its limit. */
  findFull(): Promise<Omit<Eviction, 'now'>[]>;
}

/** Number of inboxes that are remembered; beyond them the ones that were counted longest ago are counted anew. */
const MAX_REMEMBERED = 200_000;
const COUNTS_PER_LOOK_UP = 1000;

/**
 * At so many looks in a row the inbox of a device that is connected is over the limit before it loses anything: part of
 * it is on its way to the device and not acknowledged.
 */
const LOOKS_WHILE_CONNECTED = 3;

/** Returns the limits with every inbox uncounted. */
export function createInboxLimits(options: {
  store: Pick<StoreReader, 'countInbox'>;
  limit: number;
  /** Returns true if the device has a session. */
  isConnected: (deviceNum: number) => boolean;
}): InboxLimits {
  const { store, limit, isConnected } = options;
  /** At the most so many deliveries are in the inbox; undefined: not counted yet. */
  const atMost = new Map<number, number>();
  const suspects = new Set<number>();
  /** The number of looks in a row at which an inbox was over the limit. */
  const looks = new Map<number, number>();

  function isFull(deviceNum: number, count: number): boolean {
    if (count <= limit) {
      looks.delete(deviceNum);
      return false;
    }
    // Until it is seen not to be over the limit: the eviction may fail, or be a part of what is due.
    suspects.add(deviceNum);
    const look = (looks.get(deviceNum) ?? 0) + 1;
    looks.set(deviceNum, look);
    return look >= LOOKS_WHILE_CONNECTED || !isConnected(deviceNum);
  }

  return {
    pushed(pushes) {
      for (const { target } of pushes) {
        if (target.kind !== 'directed') continue;
        for (const { deviceNum } of target.deliveries) {
          const known = atMost.get(deviceNum);
          if (known === undefined || known >= limit) suspects.add(deviceNum);
          if (known !== undefined) atMost.set(deviceNum, known + 1);
        }
      }
    },
    async findFull() {
      const devices = [...suspects];
      const full: Omit<Eviction, 'now'>[] = [];
      for (let start = 0; start < devices.length; start += COUNTS_PER_LOOK_UP) {
        const part = devices.slice(start, start + COUNTS_PER_LOOK_UP);
        // What is put in while it is counted makes it a suspect again.
        for (const deviceNum of part) {
          suspects.delete(deviceNum);
          atMost.delete(deviceNum);
        }
        const counts = await store.countInbox(part).catch((error: unknown) => {
          for (const deviceNum of part) suspects.add(deviceNum);
          throw error;
        });
        for (const deviceNum of part) {
          const count = counts.get(deviceNum) ?? 0;
          if (isFull(deviceNum, count)) full.push({ deviceNum, keep: limit });
          if (!suspects.has(deviceNum)) atMost.set(deviceNum, count);
        }
      }
      for (const deviceNum of atMost.keys()) {
        if (atMost.size <= MAX_REMEMBERED) break;
        atMost.delete(deviceNum);
      }
      return full;
    },
  };
}
