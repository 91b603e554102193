import type { StoreReader } from '../../store/store.js';

/** Deliveries that one transaction discards: about as many as a sweep expires in some steps. */
const DELIVERIES_AT_ONCE = 5000;

/** Returns the first of the devices, as many as have not too many deliveries together: one at the least. */
export async function takeByInbox(
  store: Pick<StoreReader, 'countInbox'>,
  deviceNums: readonly number[],
): Promise<number[]> {
  if (deviceNums.length === 0) return [];
  const counts = await store.countInbox(deviceNums);
  let deliveries = 0;
  const end = deviceNums.findIndex((num) => {
    deliveries += counts.get(num) ?? 0;
    return deliveries > DELIVERIES_AT_ONCE;
  });
  return deviceNums.slice(0, end < 0 ? deviceNums.length : Math.max(1, end));
}
