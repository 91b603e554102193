import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../common/logs/log.js';
import { type CoreOwnership, StoreUnavailable } from '../store/store.js';
import { isRefusing, reachableAt } from './core-address.js';

/** Milliseconds between two looks at a lease that has not ended. */
const LOOK_MS = 500;

/**
 * Makes this core the one that writes to the database.
 *
 * At once, if nobody has it, if it was this address's own (the core starts again), if its lease has ended, or if its
 * port refuses connections: the fence makes that safe, whatever the other one still does. Otherwise waits for the end
 * of the lease, and gives up as soon as it is renewed, since then another core is alive.
 *
 * @param address of this core, see `addressOf`
 * @throws StoreUnavailable if another core is alive, or the database cannot be reached
 */
export async function takeOver(options: { store: CoreOwnership; address: string; log: Logger }): Promise<void> {
  const { store, address, log } = options;
  let earlier: { epoch: number; leaseMs: number } | undefined;
  for (;;) {
    const owner = await store.findOwner();
    const isFree = owner.address === undefined || owner.address === address || owner.leaseMs <= 0;
    if (isFree || (await isRefusing(reachableAt(owner.address ?? '')))) {
      if (await store.takeOver(address, owner.epoch)) return;
      continue;
    }
    const isRenewed = earlier !== undefined && (owner.epoch !== earlier.epoch || owner.leaseMs > earlier.leaseMs);
    if (isRenewed) throw new StoreUnavailable('IN_USE', `the core at ${owner.address} has this database, and is alive`);
    if (earlier === undefined) {
      log.warn({ core: owner.address, leaseMs: owner.leaseMs }, 'another core has the database: waiting for its lease');
    }
    earlier = owner;
    await sleep(Math.min(LOOK_MS, owner.leaseMs));
  }
}
