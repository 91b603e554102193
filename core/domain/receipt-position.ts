/** A place in the order of receipts: behind the receipt with these numbers. */
export interface ReceiptPosition {
  /** A number that grows with the commits. */
  seq: number;
  /** The push, among receipts of the same number. */
  pushId: number;
  /** The device, among receipts of the same push. */
  deviceNum: number;
}

/** Before every receipt. */
export const OLDEST: ReceiptPosition = { seq: 0, pushId: 0, deviceNum: 0 };

/** Below 0: `a` comes first. */
export function comparePositions(a: ReceiptPosition, b: ReceiptPosition): number {
  return a.seq - b.seq || a.pushId - b.pushId || a.deviceNum - b.deviceNum;
}
