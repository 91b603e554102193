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
import { firstLaneOf } from '../sql/lanes.js';
import { DUE, IS_NEEDED, SENDING, theseWakes } from '../sql/wake-sql.js';
import type { FinalWakeState, RefusedToken, Wake, WakeChanges, WakeWriter, WalkedPage } from '../store.js';

const ACTIVE = tokenStateCodes.toCode('active');
/** The most attempts that are counted. */
const MAX_ATTEMPT = 100;
/** Each time is looked for among those of its statement. */
const TIMES_PER_STATEMENT = 50;

/** Claims wakes, keeps their outcomes, and makes the pages of walks. */
export function createWakeCommits(
  driver: SqlDriver,
): Pick<WakeWriter, 'commitWakes' | 'commitWalk' | 'commitWalkLanes'> {
  return {
    commitWakes: (changes) => driver.transaction((tx) => commitWakes(driver, tx, changes)),
    commitWalk: (page) => driver.transaction((tx) => commitWalk(driver, tx, page)),
    commitWalkLanes: ({ pushId, appNum }, lanes) =>
      driver.transaction(async (tx) => {
        // Of a walk that is there: a push that is gone has none.
        for (const lane of lanes) {
          await tx.enqueue(
            `${driver.insertIgnore} INTO wake_walks (push_id, lane, app_num, after_device, due_at, expires_at)
             SELECT push_id, ${lane}, app_num, after_device, due_at, expires_at FROM wake_walks
             WHERE push_id = ? AND lane = ?`,
            [pushId, firstLaneOf(appNum)],
          );
        }
        await tx.run('DELETE FROM wake_walks WHERE push_id = ? AND lane = ?', [pushId, firstLaneOf(appNum)]);
      }),
  };
}

async function commitWalk(
  driver: SqlDriver,
  tx: Transaction,
  { pushId, appNum, lane, devices, through, nextAt, dueAt, now }: WalkedPage,
): Promise<number> {
  let planned = 0;
  await insertRows(
    tx,
    driver.maxValues,
    `${driver.insertIgnore} INTO wakes (push_id, device_num, channel, app_num, lane, state, due_at, changed_at)`,
    devices.map(({ deviceNum, channel }) => {
      return [pushId, deviceNum, channelCodes.toCode(channel), appNum, lane ?? 0, DUE, dueAt, now];
    }),
    '',
    (count) => (planned += count),
  );
  if (lane === undefined) await tx.run('DELETE FROM wake_walks WHERE push_id = ?', [pushId]);
  else if (through === undefined) await tx.run('DELETE FROM wake_walks WHERE push_id = ? AND lane = ?', [pushId, lane]);
  else {
    const sets = 'after_device = ?, due_at = ?';
    await tx.run(`UPDATE wake_walks SET ${sets} WHERE push_id = ? AND lane = ?`, [through, nextAt, pushId, lane]);
  }
  return planned;
}

async function commitWakes(driver: SqlDriver, tx: Transaction, changes: WakeChanges): Promise<Wake[]> {
  const { now } = changes;
  await refuseTokens(driver, tx, changes);
  await settle(driver, tx, changes.settled, now);
  await postpone(tx, changes.postponed, now);
  for (const { to, ...wake } of changes.moved) {
    const { where, values } = plain([wake]);
    await tx.enqueue(`UPDATE wakes SET channel = ? WHERE ${where}`, [channelCodes.toCode(to), ...values]);
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

/** `doubts` undefined: as many as before. */
type Postponed = Omit<WakeChanges['postponed'][number], 'doubts'> & { readonly doubts: number | undefined };

/** Sets the times of many by one statement, where the reason is the same. */
async function postpone(tx: Transaction, postponed: readonly Postponed[], now: number): Promise<void> {
  const groups = new Map<string, Postponed[]>();
  for (const wake of postponed) {
    const key = `${wake.doubts} ${wake.reason ?? ''}`;
    groups.set(key, [...(groups.get(key) ?? []), wake]);
  }
  for (const group of groups.values()) {
    for (const chunk of chunks(group, TIMES_PER_STATEMENT)) {
      const { doubts, reason } = chunk[0] ?? {};
      const times = chunk.map((wake) => ({ dueAt: wake.dueAt, ...plain([wake]) }));
      const all = plain(chunk);
      await tx.enqueue(
        `UPDATE wakes SET state = ${DUE}, doubts = ${doubts ?? 'doubts'}, reason = ?, changed_at = ?,
           due_at = CASE ${times.map(({ where }) => `WHEN ${where} THEN ?`).join(' ')} ELSE due_at END
         WHERE state IN (${DUE}, ${SENDING}) AND ${all.where}`,
        [reason ?? null, now, ...times.flatMap(({ dueAt, values }) => [...values, dueAt]), ...all.values],
      );
    }
  }
}

/** A token that is another one since it was used, or was registered again, stays: its wake is due again. */
async function refuseTokens(driver: SqlDriver, tx: Transaction, { refusedTokens, now }: WakeChanges): Promise<void> {
  const current = new Map<number, { hash: string; registeredAt: number }>();
  for (const chunk of chunks([...new Set(refusedTokens.map(({ deviceNum }) => deviceNum))], KEYS_PER_STATEMENT)) {
    const sql = `SELECT device_num, token_hash, registered_at FROM device_tokens
      WHERE device_num IN ${places(chunk.length)}`;
    for (const row of await tx.all(sql, chunk)) {
      const token = { hash: String(row.token_hash), registeredAt: Number(row.registered_at) };
      current.set(Number(row.device_num), token);
    }
  }
  const failed: WakeChanges['settled'][number][] = [];
  const again: Postponed[] = [];
  for (const refused of refusedTokens) {
    const { pushId, deviceNum, channel, state, reason } = refused;
    const wake = { pushId, deviceNum, channel, reason };
    const token = current.get(deviceNum);
    if (token !== undefined && isOther(token, refused)) {
      again.push({ ...wake, dueAt: now, doubts: undefined });
      continue;
    }
    failed.push({ ...wake, state: 'failed' });
    await tx.enqueue(
      `UPDATE device_tokens SET state = ?, state_at = ?, reason = ?
       WHERE device_num = ? AND token_hash = ? AND state = ${ACTIVE}`,
      [tokenStateCodes.toCode(state), now, reason, deviceNum, refused.hash],
    );
  }
  await postpone(tx, again, now);
  await settle(driver, tx, failed, now);
}

function isOther(token: { hash: string; registeredAt: number }, refused: RefusedToken): boolean {
  if (token.hash !== refused.hash) return true;
  // Any other registration, not only a later one: the clock may have been set back.
  return refused.at === undefined ? token.registeredAt !== refused.registeredAt : token.registeredAt > refused.at;
}

/** The same as `theseWakes`, of a statement that has no names for tables. */
function plain(wakes: readonly Wake[]): { where: string; values: SqlValue[] } {
  const { where, values } = theseWakes(wakes);
  return { where: where.replaceAll('w.', ''), values };
}
