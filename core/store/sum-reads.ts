import type { Row, SqlDriver } from './driver.js';
import type { DeliverySum, LookUps } from './store.js';

/** Whether each delivery is in an inbox or has a receipt: counted in one statement, so that nothing changes in between. */
const SUMS = `SELECT p.id, p.targeted,
    (SELECT COUNT(*) FROM receipts r WHERE r.push_id = p.id) AS ended,
    (SELECT COUNT(*) FROM inbox i
      WHERE i.id BETWEEN p.first_delivery AND p.last_delivery AND i.push_id = p.id) AS pending
  FROM pushes p`;

export function createSumReads(driver: SqlDriver): Pick<LookUps, 'sumDeliveries' | 'checkSums'> {
  return {
    async sumDeliveries(after, limit) {
      const where = 'WHERE p.id > ? AND p.targeted IS NOT NULL ORDER BY p.id LIMIT ?';
      return (await driver.all(`${SUMS} ${where}`, [after, limit])).map(toSum);
    },

    async checkSums({ after, pushes, deliveries }) {
      const next = await driver.all('SELECT id, targeted FROM pushes WHERE id > ? ORDER BY id LIMIT ?', [
        after,
        pushes,
      ]);
      let through: number | undefined;
      let count = 0;
      for (const { id, targeted } of next) {
        if (count >= deliveries) break;
        through = Number(id);
        count += Number(targeted ?? 0);
      }
      if (through === undefined) return { sums: [], through };
      const where = 'WHERE p.id > ? AND p.id <= ? AND p.targeted IS NOT NULL ORDER BY p.id';
      return { sums: (await driver.all(`${SUMS} ${where}`, [after, through])).map(toSum), through };
    },
  };
}

function toSum({ id, targeted, ended, pending }: Row): DeliverySum {
  return { pushId: Number(id), targeted: Number(targeted), ended: Number(ended), pending: Number(pending) };
}
