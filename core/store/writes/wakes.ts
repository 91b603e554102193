import { channelCodes, tokenStateCodes, wakeStateCodes } from '../sql/codes.js';
import {
  chunks,
  insertRows,
  KEYS_PER_STATEMENT,
  PAIRS_PER_STATEMENT,
  places,
  type SqlDriver,
  type SqlValue,
  type Transaction,
} from '../sql/driver.js';
import { DUE, IS_NEEDED, SENDING, theseWakes } from '../sql/wake-sql.js';
import type { FinalWakeState, Wake, WakeChanges, WakeWriter } from '../store.js';

const ACTIVE = tokenStateCodes.toCode('active');
/** The most attempts that are counted. */
const MAX_ATTEMPT = 100;

/** Claims wakes, keeps their outcomes, and makes the pages of walks. */
export function createWakeCommits(driver: SqlDriver): Pick<WakeWriter, 'commitWakes' | 'commitWalk'> {
  return {
    commitWakes: (changes) => driver.transaction((tx) => commitWakes(driver, tx, changes)),
    commitWalk: ({ pushId, appNum, devices, through, nextAt, now }) =>
      driver.transaction(async (tx) => {
        let planned = 0;
        await insertRows(
          tx,
          driver.maxValues,
          `${driver.insertIgnore} INTO wakes (push_id, device_num, channel, app_num, state, due_at, changed_at)`,
          devices.map(({ deviceNum, channel }) => {
            return [pushId, deviceNum, channelCodes.toCode(channel), appNum, DUE, now, now];
          }),
          '',
          (count) => (planned += count),
        );
        if (through === undefined) await tx.run('DELETE FROM wake_walks WHERE push_id = ?', [pushId]);
        else {
          const sets = 'after_device = ?, due_at = ?';
          await tx.run(`UPDATE wake_walks SET ${sets} WHERE push_id = ?`, [through, nextAt, pushId]);
        }
        return planned;
      }),
  };
}

async function commitWakes(driver: SqlDriver, tx: Transaction, changes: WakeChanges): Promise<Wake[]> {
  const { now } = changes;
  await refuseTokens(driver, tx, changes);
  await settle(driver, tx, changes.settled, now);
  for (const { dueAt, reason, doubts, ...wake } of changes.postponed) {
    const { where, values } = plain([wake]);
    await tx.enqueue(
      `UPDATE wakes SET state = ${DUE}, due_at = ?, doubts = ?, reason = ?, changed_at = ?
       WHERE state IN (${DUE}, ${SENDING}) AND ${where}`,
      [dueAt, doubts, reason ?? null, now, ...values],
    );
  }
  for (const chunk of chunks(changes.dropped, PAIRS_PER_STATEMENT)) {
    const { where, values } = plain(chunk);
    await tx.enqueue(`DELETE FROM wakes WHERE ${where}`, values);
  }
  return claim(driver, tx, changes);
}

/** Answers those that are still needed; the others are cancelled. */
async function claim(driver: SqlDriver, tx: Transaction, { claims, until, now }: WakeChanges): Promise<Wake[]> {
  const claimed: Wake[] = [];
  const unneeded: Wake[] = [];
  for (const chunk of chunks(claims, PAIRS_PER_STATEMENT)) {
    const { where, values } = theseWakes(chunk);
    const rows = await tx.all(
      `SELECT w.push_id, w.device_num, w.channel FROM wakes w JOIN pushes p ON p.id = w.push_id
         JOIN devices d ON d.num = w.device_num
       WHERE ${where} AND w.state IN (${DUE}, ${SENDING}) AND p.expires_at > ? AND ${IS_NEEDED}`,
      [...values, now],
    );
    const needed = new Set(rows.map((row) => `${row.push_id}:${row.device_num}:${row.channel}`));
    const own = chunk.filter(({ pushId, deviceNum, channel }) =>
      needed.has(`${pushId}:${deviceNum}:${channelCodes.toCode(channel)}`),
    );
    for (const wake of chunk) (own.includes(wake) ? claimed : unneeded).push(wake);
    if (own.length === 0) continue;
    const these = plain(own);
    await tx.enqueue(
      `UPDATE wakes SET doubts = doubts + CASE WHEN state = ${SENDING} THEN 1 ELSE 0 END, state = ${SENDING},
         due_at = ?, attempt = CASE WHEN attempt < ${MAX_ATTEMPT} THEN attempt + 1 ELSE attempt END, changed_at = ?
       WHERE ${these.where}`,
      [until, now, ...these.values],
    );
  }
  const cancelled = unneeded.map((wake) => ({ ...wake, state: 'cancelled' as const, reason: undefined }));
  await settle(driver, tx, cancelled, now);
  return claimed;
}

async function settle(driver: SqlDriver, tx: Transaction, settled: WakeChanges['settled'], now: number): Promise<void> {
  const groups = new Map<string, { state: FinalWakeState; reason: string | undefined; wakes: Wake[] }>();
  for (const wake of settled) {
    const { state, reason } = wake;
    // Of one push and device at the most one in a group: their places among receipts differ.
    const key = `${state} ${reason ?? ''} ${wake.channel.startsWith('SMS_') ? 1 : 0}`;
    const group = groups.get(key) ?? { state, reason, wakes: [] };
    group.wakes.push(wake);
    groups.set(key, group);
  }
  for (const { state, reason, wakes } of groups.values()) {
    const seq = driver.nextReceipt();
    for (const chunk of chunks(wakes, PAIRS_PER_STATEMENT)) {
      const { where, values } = plain(chunk);
      await tx.enqueue(
        `UPDATE wakes SET state = ?, reason = ?, changed_at = ?, seq = ?
         WHERE state IN (${DUE}, ${SENDING}) AND ${where}`,
        [wakeStateCodes.toCode(state), reason ?? null, now, seq, ...values],
      );
    }
  }
}

/** A token that was registered again since it was used is another one: its wake is due again. */
async function refuseTokens(driver: SqlDriver, tx: Transaction, { refusedTokens, now }: WakeChanges): Promise<void> {
  const registeredAt = new Map<number, number>();
  for (const chunk of chunks([...new Set(refusedTokens.map(({ deviceNum }) => deviceNum))], KEYS_PER_STATEMENT)) {
    const sql = `SELECT device_num, registered_at FROM device_tokens WHERE device_num IN ${places(chunk.length)}`;
    for (const row of await tx.all(sql, chunk)) registeredAt.set(Number(row.device_num), Number(row.registered_at));
  }
  const failed: WakeChanges['settled'][number][] = [];
  for (const { registeredAt: used, state, reason, ...wake } of refusedTokens) {
    if ((registeredAt.get(wake.deviceNum) ?? 0) > used) {
      const { where, values } = plain([wake]);
      await tx.enqueue(
        `UPDATE wakes SET state = ${DUE}, due_at = ?, reason = ?, changed_at = ?
         WHERE state IN (${DUE}, ${SENDING}) AND ${where}`,
        [now, reason, now, ...values],
      );
      continue;
    }
    failed.push({ ...wake, state: 'failed', reason });
    await tx.enqueue(
      `UPDATE device_tokens SET state = ?, state_at = ?, reason = ?
       WHERE device_num = ? AND registered_at = ? AND state = ${ACTIVE}`,
      [tokenStateCodes.toCode(state), now, reason, wake.deviceNum, used],
    );
  }
  await settle(driver, tx, failed, now);
}

/** The same as `theseWakes`, of a statement that has no names for tables. */
function plain(wakes: readonly Wake[]): { where: string; values: SqlValue[] } {
  const { where, values } = theseWakes(wakes);
  return { where: where.replaceAll('w.', ''), values };
}
