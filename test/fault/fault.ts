import type { StoreKind } from '../support/stores.js';
import type { Behaviour } from './fleet-device.js';
import type { Misdelivery } from './ledger.js';
import type { Rig } from './rig.js';

/** One thing that goes wrong while devices and back ends go on. */
export interface Fault {
  name: string;
  stores: readonly StoreKind[];
  /** Whether the short form has it, and with which of the stores. */
  short: readonly StoreKind[];
  /** What may happen here besides nothing at all. Whatever is not named fails the run. */
  mayHappen?: {
    /** Sends whose connection is refused or cut: the edge that they go to is down. */
    sendsCut?: true;
    socketsCut?: true;
    misdeliveries?: readonly Misdelivery['kind'][];
  };
  behaviour?: (place: number) => Behaviour;
  /** The edge reaches the core through a proxy. */
  proxied?: true;
  /** The core reaches its database through a proxy. */
  proxiedDatabase?: true;
  /** SQLite's file is on a file system of so many megabytes. */
  diskMegabytes?: number;
  /** How large the core's heap may become, in megabytes. */
  coreHeap?: number;
  steppedClock?: true;
  /**
   * Strikes, and resolves when the fault is over. `scale`: 1, less in the short form; long faults take so much of their
   * time.
   */
  strike(rig: Rig, scale: number): Promise<void>;
}

export const BOTH: readonly StoreKind[] = ['sqlite', 'mysql'];
