import type { Ending } from '../domain/receipt.js';
import { endingCodes, msgTypeCodes, platformCodes } from './codes.js';
import { encodeContent } from './content.js';
import {
  chunks,
  insertRows,
  KEYS_PER_STATEMENT,
  PAIRS_PER_STATEMENT,
  places,
  type SqlDriver,
  type SqlRunner,
  type SqlValue,
} from './driver.js';
import type { Commits, Confirmation, DeliveryBatch, NewPush } from './store.js';
import { commitTopicConfirmations } from './topic-confirmations.js';

/** The write cycle's transaction. Hot: watched by the benchmarks of sends. */
export function createDeliveryCommits(driver: SqlDriver): Pick<Commits, 'commitDeliveries'> {
  return {
    commitDeliveries: (batch) =>
      driver.transaction(async (tx) => {
        await endDeliveries(driver, tx, batch.delivered, 'delivered', batch.now);
        await commitConfirmations(driver, tx, batch);
        await insertPushes(driver, tx, batch.pushes);
        await insertRows(
          tx,
          driver.maxValues,
          'INSERT INTO cursors (device_num, core, push_id)',
          batch.cursors.map((cursor) => [cursor.deviceNum, cursor.core, cursor.pushId]),
          driver.onConflictUpdate(['device_num', 'core'], { push_id: 'greatest' }),
        );
      }),
  };
}

async function insertPushes(driver: SqlDriver, tx: SqlRunner, pushes: readonly NewPush[]): Promise<void> {
  const pushRows: SqlValue[][] = [];
  const inboxRows: SqlValue[][] = [];
  const timelineRows: SqlValue[][] = [];
  for (const { push, target } of pushes) {
    const platform = platformCodes.toCode(push.platform);
    const needConfirm = push.needConfirm ? 1 : 0;
    pushRows.push([
      push.id,
      push.appNum,
      push.tenantCode,
      platform,
      msgTypeCodes.toCode(push.msgType),
      needConfirm,
      target.kind === 'directed' ? target.deliveries.length : null,
      push.createdAt,
      push.expiresAt,
      encodeContent(push.content),
    ]);
    if (target.kind === 'directed') {
      for (const { id, deviceNum } of target.deliveries) inboxRows.push([id, deviceNum, push.id, push.expiresAt]);
    } else {
      for (const topicNum of target.topicNums) {
        timelineRows.push([topicNum, push.id, platform, needConfirm, push.expiresAt]);
      }
    }
  }
  await insertRows(
    tx,
    driver.maxValues,
    'INSERT INTO pushes (id, app_num, tenant_code, platform, msg_type, need_confirm, targeted, created_at, expires_at, content)',
    pushRows,
  );
  await insertRows(tx, driver.maxValues, 'INSERT INTO inbox (id, device_num, push_id, expires_at)', inboxRows);
  await insertRows(
    tx,
    driver.maxValues,
    'INSERT INTO timeline (topic_num, push_id, platform, need_confirm, expires_at)',
    timelineRows,
  );
}

/** Ends deliveries by their number; those that have ended already are not there any more. */
async function endDeliveries(
  driver: SqlDriver,
  tx: SqlRunner,
  ids: readonly number[],
  ending: Ending,
  now: number,
): Promise<void> {
  for (const chunk of chunks(ids, KEYS_PER_STATEMENT)) await endWhere(driver, tx, 'id', chunk, ending, now);
}

/** Ends all that waits for devices. */
export async function discardInboxes(
  driver: SqlDriver,
  tx: SqlRunner,
  deviceNums: readonly number[],
  now: number,
): Promise<void> {
  for (const chunk of chunks(deviceNums, KEYS_PER_STATEMENT)) {
    await endWhere(driver, tx, 'device_num', chunk, 'discarded', now);
  }
}

/**
 * A receipt for each row, and the row goes: in one transaction, so a delivery ends exactly once. Where another core has just
 * ended it, its receipt stays.
 */
async function endWhere(
  driver: SqlDriver,
  tx: SqlRunner,
  column: 'id' | 'device_num',
  values: readonly number[],
  ending: Ending,
  now: number,
): Promise<void> {
  const where = `${column} IN ${places(values.length)}`;
  await tx.run(
    `${driver.insertIgnore} INTO receipts (push_id, device_num, ending, ended_at)
     SELECT push_id, device_num, ?, ? FROM inbox WHERE ${where}`,
    [endingCodes.toCode(ending), now, ...values],
  );
  await tx.run(`DELETE FROM inbox WHERE ${where}`, values);
}

async function commitConfirmations(driver: SqlDriver, tx: SqlRunner, batch: DeliveryBatch): Promise<void> {
  const directed: number[] = [];
  const others: Confirmation[] = [];
  for (const chunk of chunks(batch.confirmed, PAIRS_PER_STATEMENT)) {
    // MariaDB has no index for `(a, b) IN (…)`; it has one for each branch of an OR.
    const rows = await tx.all(
      `SELECT i.id, i.device_num, i.push_id FROM inbox i JOIN pushes p ON p.id = i.push_id
       WHERE (${Array(chunk.length).fill('(i.device_num = ? AND i.push_id = ?)').join(' OR ')}) AND p.need_confirm = 1`,
      chunk.flatMap((confirmation) => [confirmation.deviceNum, confirmation.pushId]),
    );
    const found = new Set(rows.map((row) => pairKey(Number(row.device_num), Number(row.push_id))));
    for (const row of rows) directed.push(Number(row.id));
    for (const pair of chunk) if (!found.has(pairKey(pair.deviceNum, pair.pushId))) others.push(pair);
  }
  await endDeliveries(driver, tx, directed, 'confirmed', batch.now);
  for (const chunk of chunks(others, KEYS_PER_STATEMENT)) {
    await commitTopicConfirmations(driver, tx, chunk, batch.now);
  }
}

function pairKey(deviceNum: number, pushId: number): string {
  return `${deviceNum}:${pushId}`;
}
