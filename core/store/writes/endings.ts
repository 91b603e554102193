import type { FinalState } from '../../domain/receipt.js';
import { endingCodes } from '../sql/codes.js';
import {
  chunks,
  KEYS_PER_STATEMENT,
  PAIRS_PER_STATEMENT,
  places,
  type SqlDriver,
  type SqlValue,
  type Transaction,
} from '../sql/driver.js';
import type { LateDelivery } from '../store.js';

/** Ends deliveries by their number; those that have ended already are not there any more. */
export async function endDeliveries(
  driver: SqlDriver,
  tx: Transaction,
  ids: readonly number[],
  ending: FinalState,
  now: number,
): Promise<void> {
  for (const chunk of chunks(ids, KEYS_PER_STATEMENT)) {
    // Hot, and nothing but numbers: written out.
    await endWhere(driver, tx, `id IN (${chunk.join(', ')})`, [], ending, now);
  }
}

/** Ends deliveries that are the devices'. */
export async function endLateDelivered(
  driver: SqlDriver,
  tx: Transaction,
  late: readonly LateDelivery[],
  now: number,
): Promise<void> {
  for (const chunk of chunks(late, PAIRS_PER_STATEMENT)) {
    const pairs = Array(chunk.length).fill('(id = ? AND device_num = ?)').join(' OR ');
    const values = chunk.flatMap(({ deliveryId, deviceNum }) => [deliveryId, deviceNum]);
    await endWhere(driver, tx, `(${pairs})`, values, 'delivered', now);
  }
}

/** Ends all that waits for devices. */
export async function discardInboxes(
  driver: SqlDriver,
  tx: Transaction,
  deviceNums: readonly number[],
  now: number,
): Promise<void> {
  for (const chunk of chunks(deviceNums, KEYS_PER_STATEMENT)) {
    await endWhere(driver, tx, `device_num IN ${places(chunk.length)}`, chunk, 'discarded', now);
  }
}

/**
 * A receipt for each row, and the row goes: in one transaction, so a delivery ends exactly once.
 */
export async function endWhere(
  driver: SqlDriver,
  tx: Transaction,
  condition: string,
  values: readonly SqlValue[],
  ending: FinalState,
  now: number,
): Promise<void> {
  await tx.enqueue(
    `${driver.insertIgnore} INTO receipts (push_id, device_num, ending, ended_at, app_num, seq)
     SELECT push_id, device_num, ?, ?, app_num, ? FROM inbox WHERE ${condition}`,
    [endingCodes.toCode(ending), now, driver.nextReceipt(), ...values],
    (count) => driver.ended(tx, ending, count),
  );
  await tx.enqueue(`DELETE FROM inbox WHERE ${condition}`, values);
}
