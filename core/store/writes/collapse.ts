import { chunks, KEYS_PER_STATEMENT, places, type SqlDriver, type Transaction } from '../sql/driver.js';
import type { NewPush, Replaced } from '../store.js';
import { endDeliveries } from './endings.js';

/**
 * Ends what is still pending of earlier pushes with the collapse keys of these: deliveries of the same devices, and
 * entries of the same topics. Costs nothing for pushes without one.
 *
 * @param pushes are committed in the same transaction, before this
 */
export async function replaceCollapsed(
  driver: SqlDriver,
  tx: Transaction,
  pushes: readonly NewPush[],
  now: number,
): Promise<Replaced> {
  const deliveries: Replaced['deliveries'][number][] = [];
  const topicPushes = new Set<number>();
  for (const { push, target } of pushes) {
    if (push.collapseKey === undefined) continue;
    if (target.kind === 'directed') {
      for (const chunk of chunks(target.deliveries, KEYS_PER_STATEMENT)) {
        // Not by the order of pushes: the sum keeps SQLite from looking at all that waits for these devices.
        const rows = await tx.all(
          `SELECT id, device_num, push_id FROM inbox
           WHERE device_num IN ${places(chunk.length)} AND push_id + 0 < ? AND collapse_key = ?`,
          [...chunk.map(({ deviceNum }) => deviceNum), push.id, push.collapseKey],
        );
        const ids = rows.map((row) => Number(row.id));
        await endDeliveries(driver, tx, ids, 'replaced', now);
        for (const row of rows) deliveries.push({ deviceNum: Number(row.device_num), pushId: Number(row.push_id) });
      }
      continue;
    }
    for (const chunk of chunks(target.topicNums, KEYS_PER_STATEMENT)) {
      const condition = `topic_num IN ${places(chunk.length)} AND collapse_key = ? AND push_id < ?`;
      const values = [...chunk, push.collapseKey, push.id];
      for (const row of await tx.all(`SELECT DISTINCT push_id FROM timeline WHERE ${condition}`, values)) {
        topicPushes.add(Number(row.push_id));
      }
      await tx.run(`DELETE FROM timeline WHERE ${condition}`, values);
    }
  }
  return { deliveries, topicPushes: await withoutTopics(tx, [...topicPushes]) };
}

/** Those that are on no timeline any more. */
async function withoutTopics(tx: Transaction, pushIds: readonly number[]): Promise<number[]> {
  const left = new Set(pushIds);
  for (const chunk of chunks(pushIds, KEYS_PER_STATEMENT)) {
    const rows = await tx.all(`SELECT DISTINCT push_id FROM timeline WHERE push_id IN ${places(chunk.length)}`, chunk);
    for (const row of rows) left.delete(Number(row.push_id));
  }
  return [...left];
}
