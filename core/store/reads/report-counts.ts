import { setImmediate as nextTurn } from 'node:timers/promises';
import type { PushReport } from '../../domain/queries.js';
import { zeroCounts } from '../../domain/receipt.js';
import { endingCodes } from '../sql/codes.js';
import { chunks, type Row, type SqlDriver } from '../sql/driver.js';
import { pendingOf } from './sums.js';

/** Parts that one statement counts, each of at most some thousand deliveries. */
const PARTS_PER_STATEMENT = 10;
/** Confirmations of a push to topics that one statement counts. */
const RECEIPTS_PER_STATEMENT = 20_000;
/** The number that a row of counts has in place of a state, for deliveries that wait. */
const PENDING = 0;

/**
 * Counts how many deliveries of a push's parts wait, and how many have ended how. Each part is counted in one
 * statement, which sees one moment: a delivery is in one of the two tables. The process does something else between two
 * statements.
 *
 * @param parts have `id`, `first_delivery` and `last_delivery`
 */
export async function countDeliveries(driver: SqlDriver, parts: readonly Row[]): Promise<PushReport['counts']> {
  const counts = { pending: 0, ...zeroCounts() };
  const add = (rows: readonly Row[]): void => {
    for (const { ending, count } of rows) {
      const code = Number(ending);
      counts[code === PENDING ? 'pending' : endingCodes.fromCode(code)] += Number(count);
    }
  };
  const directed = parts.filter(({ first_delivery }) => first_delivery !== null);
  for (const chunk of chunks(directed, PARTS_PER_STATEMENT)) {
    // The numbers are written out: see the check of sums.
    const selects = chunk.map(
      ({ id, first_delivery, last_delivery }) =>
        `SELECT ending, COUNT(*) AS count FROM receipts WHERE push_id = ${Number(id)} GROUP BY ending
         UNION ALL SELECT ${PENDING}, ${pendingOf(id, first_delivery, last_delivery)}`,
    );
    add(await driver.all(selects.join(' UNION ALL '), []));
    await nextTurn();
  }
  for (const { id, first_delivery } of parts) {
    if (first_delivery === null) await countConfirmations(driver, Number(id), add);
  }
  return counts;
}

/** Of a push to topics: receipts come, and none goes. */
async function countConfirmations(driver: SqlDriver, id: number, add: (rows: readonly Row[]) => void): Promise<void> {
  let after = 0;
  for (;;) {
    const rows = await driver.all(
      `SELECT ending, COUNT(*) AS count, MAX(device_num) AS last FROM
         (SELECT ending, device_num FROM receipts WHERE push_id = ? AND device_num > ?
           ORDER BY device_num LIMIT ?) AS part
       GROUP BY ending`,
      [id, after, RECEIPTS_PER_STATEMENT],
    );
    add(rows);
    if (rows.reduce((sum, { count }) => sum + Number(count), 0) < RECEIPTS_PER_STATEMENT) return;
    after = Math.max(...rows.map(({ last }) => Number(last)));
    await nextTurn();
  }
}
