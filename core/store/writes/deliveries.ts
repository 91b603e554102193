import {
  chunks,
  insertRows,
  KEYS_PER_STATEMENT,
  PAIRS_PER_STATEMENT,
  type SqlDriver,
  type SqlValue,
  type Transaction,
} from '../sql/driver.js';
import { firstLaneOf } from '../sql/lanes.js';
import { insertPushRows, type PushRow, toPushRow } from '../sql/push-row.js';
import type { Confirmation, DeliveryBatch, DeliveryOf, IdempotencyKey, NewPush, StoreWriter } from '../store.js';
import { clearOnOthers, findLateReads, type Read, toRead } from './clear-on-read.js';
import { replaceCollapsed } from './collapse.js';
import { endDeliveries, endLateDelivered } from './endings.js';
import { advanceJob, insertKeys } from './jobs.js';
import { commitTopicConfirmations } from './topic-confirmations.js';

/** Maximum of `pushes.published`: a number that does not fit would take the whole commit with it. */
const MAX_PUBLISHED = 2 ** 31 - 1;

/** The write cycle's transaction. Hot: watched by the benchmarks of sends. */
export function createDeliveryCommits(driver: SqlDriver): Pick<StoreWriter, 'commitDeliveries'> {
  return {
    commitDeliveries: (batch) =>
      driver.transaction(async (tx) => {
        await endDeliveries(driver, tx, batch.delivered, 'delivered', batch.now);
        await endLateDelivered(driver, tx, batch.lateDelivered, batch.now);
        const cleared = await commitConfirmations(driver, tx, batch);
        await insertPushes(driver, tx, batch.pushes, batch.now);
        for (const { pushId, sessions } of batch.published) {
          const added = Math.min(sessions, MAX_PUBLISHED);
          await tx.enqueue(
            'UPDATE pushes SET published = CASE WHEN published > ? THEN ? ELSE published + ? END WHERE id = ?',
            [MAX_PUBLISHED - added, MAX_PUBLISHED, added, pushId],
          );
        }
        await insertRows(
          tx,
          driver.maxValues,
          'INSERT INTO cursors (device_num, push_id)',
          batch.cursors.map((cursor) => [cursor.deviceNum, cursor.pushId]),
          driver.onConflictUpdate(['device_num'], { push_id: 'greatest' }),
        );
        return { replaced: await replaceCollapsed(driver, tx, batch.pushes, batch.now), cleared };
      }),
  };
}

async function insertPushes(
  driver: SqlDriver,
  tx: Transaction,
  pushes: readonly NewPush[],
  now: number,
): Promise<void> {
  const pushRows: PushRow[] = [];
  const inboxRows: SqlValue[][] = [];
  const timelineRows: SqlValue[][] = [];
  const walkRows: SqlValue[][] = [];
  const keys: (IdempotencyKey & { pushId: number })[] = [];
  for (const made of pushes) {
    const { push, target, idempotency, job, wakeAt } = made;
    if (wakeAt !== undefined) walkRows.push([push.id, firstLaneOf(push.appNum), push.appNum, wakeAt, push.expiresAt]);
    if (job !== undefined) await advanceJob(driver, tx, job);
    const row = toPushRow(made);
    pushRows.push(row);
    if (idempotency !== undefined) keys.push({ pushId: push.id, ...idempotency });
    if (target.kind === 'directed') {
      for (const { id, deviceNum } of target.deliveries) {
        inboxRows.push([id, deviceNum, push.id, push.appNum, push.expiresAt, row.collapseKey]);
      }
    } else {
      for (const topicNum of target.topicNums) {
        timelineRows.push([topicNum, push.id, row.platform, row.needConfirm, push.expiresAt, row.collapseKey]);
      }
    }
  }
  const values = pushRows.map((row) => Object.values(row));
  await insertRows(tx, driver.maxValues, insertPushRows(driver.tables, pushRows), values);
  await insertRows(
    tx,
    driver.maxValues,
    'INSERT INTO inbox (id, device_num, push_id, app_num, expires_at, collapse_key)',
    inboxRows,
  );
  await insertRows(
    tx,
    driver.maxValues,
    'INSERT INTO timeline (topic_num, push_id, platform, need_confirm, expires_at, collapse_key)',
    timelineRows,
  );
  const walks = 'INSERT INTO wake_walks (push_id, lane, app_num, due_at, expires_at)';
  await insertRows(tx, driver.maxValues, walks, walkRows);
  await insertKeys(driver, tx, keys, now);
}

/** Answers what was cleared. Pushes that do not ask for that cost no statement more. */
async function commitConfirmations(driver: SqlDriver, tx: Transaction, batch: DeliveryBatch): Promise<DeliveryOf[]> {
  const confirmed: number[] = [];
  const received: number[] = [];
  const reads: Read[] = [];
  const others: Confirmation[] = [];
  for (const chunk of chunks(batch.confirmed, PAIRS_PER_STATEMENT)) {
    // MariaDB has no index for `(a, b) IN (…)`; it has one for each branch of an OR.
    const rows = await tx.all(
      `SELECT i.id, i.device_num, i.push_id, p.need_confirm, p.clear_on_read, p.job_id
       FROM inbox i JOIN pushes p ON p.id = i.push_id
       WHERE (${Array(chunk.length).fill('(i.device_num = ? AND i.push_id = ?)').join(' OR ')})
         AND (p.need_confirm = 1 OR p.clear_on_read = 1)`,
      chunk.flatMap((confirmation) => [confirmation.deviceNum, confirmation.pushId]),
    );
    const found = new Set(rows.map((row) => pairKey(Number(row.device_num), Number(row.push_id))));
    for (const row of rows) {
      (Number(row.need_confirm) === 1 ? confirmed : received).push(Number(row.id));
      if (Number(row.clear_on_read) === 1) reads.push(toRead(row));
    }
    for (const pair of chunk) if (!found.has(pairKey(pair.deviceNum, pair.pushId))) others.push(pair);
  }
  await endDeliveries(driver, tx, confirmed, 'confirmed', batch.now);
  await endDeliveries(driver, tx, received, 'delivered', batch.now);
  for (const chunk of chunks(others, KEYS_PER_STATEMENT)) {
    const strays = await commitTopicConfirmations(driver, tx, chunk, batch.now);
    if (strays.length > 0) reads.push(...(await findLateReads(tx, strays)));
  }
  return clearOnOthers(driver, tx, reads, batch.now);
}

function pairKey(deviceNum: number, pushId: number): string {
  return `${deviceNum}:${pushId}`;
}
