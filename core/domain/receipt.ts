/** The way a delivery ends. */
export type FinalState =
  | 'delivered'
  | 'confirmed'
  | 'expired'
  | 'evicted'
  | 'discarded'
  | 'recalled'
  | 'replaced'
  /** Its user has read it on another device. */
  | 'cleared';

/** The state of a delivery: it waits, or has ended. */
export type DeliveryState = FinalState | 'pending';

/** A count for each ending, all of them 0. */
export function zeroCounts(): Record<FinalState, number> {
  return { delivered: 0, confirmed: 0, expired: 0, evicted: 0, discarded: 0, recalled: 0, replaced: 0, cleared: 0 };
}
