/** How a delivery ends. */
export type Ending = 'delivered' | 'confirmed' | 'expired' | 'evicted' | 'discarded' | 'recalled' | 'replaced';

/** A count for each ending, all of them 0. */
export function noEndings(): Record<Ending, number> {
  return { delivered: 0, confirmed: 0, expired: 0, evicted: 0, discarded: 0, recalled: 0, replaced: 0 };
}
