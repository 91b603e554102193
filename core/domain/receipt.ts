/** How a delivery ends. */
export type Ending = 'delivered' | 'confirmed' | 'expired' | 'evicted' | 'discarded' | 'recalled' | 'replaced';
