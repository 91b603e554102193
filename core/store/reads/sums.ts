import { chunks, type Row, type SqlDriver } from '../sql/driver.js';
import type { DeliverySum, StoreReader } from '../store.js';

/** Pushes whose sums one statement counts: each has at most some thousand deliveries. */
const PUSHES_PER_STATEMENT = 20;

/** Reads sums of deliveries, push by push. */
export function createSumReads(driver: SqlDriver): Pick<StoreReader, 'sumDeliveries' | 'checkSums'> {
  return {
    async sumDeliveries(after, limit) {
      const next = await driver.all(
        `SELECT ${NUMBERS} FROM pushes WHERE id > ? AND targeted IS NOT NULL ORDER BY id LIMIT ?`,
        [after, limit],
      );
      return sumsOf(driver, next);
    },

    async checkSums({ after, pushes, deliveries }) {
      const next = await driver.all(`SELECT ${NUMBERS} FROM pushes WHERE id > ? ORDER BY id LIMIT ?`, [after, pushes]);
      let count = 0;
      const chosen: Row[] = [];
      for (const push of next) {
        if (count >= deliveries) break;
        chosen.push(push);
        count += Number(push.targeted ?? 0);
      }
      const last = chosen.at(-1);
      const directed = chosen.filter(({ targeted }) => targeted !== null);
      return { sums: await sumsOf(driver, directed), through: last && Number(last.id) };
    },
  };
}

const NUMBERS = 'id, targeted, first_delivery, last_delivery';

/**
 * Counts for each push in one statement whether each delivery is in an inbox or has a receipt, so that nothing changes
 * in between.
 */
async function sumsOf(driver: SqlDriver, pushes: readonly Row[]): Promise<DeliverySum[]> {
  const sums: DeliverySum[] = [];
  for (const chunk of chunks(pushes, PUSHES_PER_STATEMENT)) {
    // The numbers are written out, a part for each push: of a range that a join names MariaDB makes no range, and reads
    // the whole inbox.
    const parts = chunk.map(
      ({ id, first_delivery, last_delivery }) => `SELECT id, targeted,
         (SELECT COUNT(*) FROM receipts WHERE push_id = ${Number(id)}) AS ended,
         ${pendingOf(id, first_delivery, last_delivery)} AS pending
       FROM pushes WHERE id = ${Number(id)} AND targeted IS NOT NULL`,
    );
    for (const row of await driver.all(parts.join(' UNION ALL '), [])) sums.push(toSum(row));
  }
  return sums;
}

/** SQL for the number of a push's deliveries that wait. */
export function pendingOf(id: unknown, first: unknown, last: unknown): string {
  if (first === null) return '0';
  return `(SELECT COUNT(*) FROM inbox
    WHERE id BETWEEN ${Number(first)} AND ${Number(last)} AND push_id = ${Number(id)})`;
}

function toSum({ id, targeted, ended, pending }: Row): DeliverySum {
  return { pushId: Number(id), targeted: Number(targeted), ended: Number(ended), pending: Number(pending) };
}
