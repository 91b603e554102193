import { firstIdAt } from '../../domain/id-clock.js';
import { jobStateCodes } from '../sql/codes.js';
import { chunks, PAIRS_PER_STATEMENT, places, type Row, type SqlDriver, type Transaction } from '../sql/driver.js';
import type { Eviction, Recall, Recalled, StoreReader, StoreWriter, Sweep, Swept } from '../store.js';
import { endDeliveries, endWhere } from './endings.js';
import { sweepJobs } from './jobs.js';
import { noteMissed } from './webhooks.js';

/** Bounds of one transaction: it must not hold up the writer. */
const EXPIRED_PER_SWEEP = 1000;
const LOOKED_AT_PER_SWEEP = 900;
const KEYS_PER_SWEEP = 500;
const REMOVED_PER_SWEEP = 200;
const RECEIPTS_PER_SWEEP = 5000;
const EVICTED_AT_ONCE = 5000;
const TAGS_PER_SWEEP = 2000;
const OPEN_JOB = jobStateCodes.toCode('open');
/** Milliseconds before what devices once had as tags is gone through again. */
const TAGS_INTERVAL = 60_000;
/** Milliseconds that a membership is kept after its end: the clock may have stepped back. */
const TAGS_GRACE = 60_000;

/** Ends what ends without the device: by recall, expiry, eviction, retention. */
export function createSweepCommits(
  driver: SqlDriver,
): Pick<StoreWriter, 'commitRecalls' | 'commitSweep' | 'commitEvictions'> & Pick<StoreReader, 'mayBeSwept'> {
  const tags: TagSweep = { after: 0, nextAt: 0 };
  return {
    commitRecalls: (recalls) =>
      driver.transaction(async (tx) => {
        const results: (Recalled | undefined)[] = [];
        for (const recall of recalls) results.push(await commitRecall(driver, tx, recall));
        return results;
      }),
    async mayBeSwept({ now, eraseFrom, removeBefore }) {
      if (tags.after > 0) return true;
      const some = [
        'SELECT 1 FROM pushes WHERE expires_at > ? AND expires_at <= ? LIMIT 1',
        'SELECT 1 FROM pushes WHERE expires_at <= ? AND content IS NULL LIMIT 1',
        'SELECT 1 FROM idempotency_keys WHERE expires_at <= ? LIMIT 1',
        `SELECT 1 FROM jobs WHERE state = ${OPEN_JOB} AND due_at <= ? AND expires_at <= ? LIMIT 1`,
        `SELECT 1 FROM jobs WHERE expires_at <= ? AND state <> ${OPEN_JOB} LIMIT 1`,
      ].map((select, index) => `SELECT * FROM (${select}) AS part${index}`);
      const values = [eraseFrom, now, removeBefore, now, now, now, removeBefore];
      return (await driver.all(some.join(' UNION ALL '), values)).length > 0;
    },
    commitSweep: (sweep) => driver.transaction((tx) => commitSweep(driver, tx, sweep, tags)),
    commitEvictions: (evictions) =>
      driver.transaction(async (tx) => {
        const evicted: number[][] = [];
        for (const eviction of evictions) evicted.push(await commitEviction(driver, tx, eviction));
        return evicted;
      }),
  };
}

async function commitRecall(
  driver: SqlDriver,
  tx: Transaction,
  { appNum, pushId, now }: Recall,
): Promise<Recalled | undefined> {
  const [push] = await tx.all(
    'SELECT first_delivery, last_delivery, expires_at, recalled_at FROM pushes WHERE id = ? AND app_num = ?',
    [pushId, appNum],
  );
  if (push === undefined) return undefined;
  let deliveries = 0;
  if (push.first_delivery === null) {
    await tx.run('DELETE FROM timeline WHERE push_id = ?', [pushId]);
  } else {
    const condition = 'id BETWEEN ? AND ? AND push_id = ?';
    const values = [Number(push.first_delivery), Number(push.last_delivery), pushId];
    const [pending] = await tx.all(`SELECT COUNT(*) AS count FROM inbox WHERE ${condition}`, values);
    deliveries = Number(pending?.count ?? 0);
    await endWhere(driver, tx, condition, values, 'recalled', now);
  }
  const expiresAt = Number(push.expires_at);
  const recalledAt = now < expiresAt ? now : push.recalled_at;
  await tx.run('UPDATE pushes SET content = NULL, expires_at = ?, recalled_at = ? WHERE id = ?', [
    Math.min(now, expiresAt),
    recalledAt === null ? null : Number(recalledAt),
    pushId,
  ]);
  return { deliveries };
}

async function commitSweep(driver: SqlDriver, tx: Transaction, sweep: Sweep, tags: TagSweep): Promise<Swept> {
  const { expired, erasedThrough } = await endExpired(driver, tx, sweep);
  if (erasedThrough < sweep.now) return { expired, erasedThrough, more: true };
  const removed = await removeOld(tx, sweep);
  const moreJobs = await sweepJobs(tx, sweep);
  await sweepTags(tx, sweep.now, tags);
  return { expired, erasedThrough, more: removed || moreJobs };
}

/**
 * Ends what is pending of pushes that expired after `eraseFrom`, then erases their content and takes them off the
 * timelines. A push with content is one whose deliveries may be pending: they go with it. Answers up to which expiry
 * that is done.
 */
async function endExpired(
  driver: SqlDriver,
  tx: Transaction,
  sweep: Sweep,
): Promise<Pick<Swept, 'expired' | 'erasedThrough'>> {
  const { pushes, through } = await nextExpired(tx, sweep);
  const [first] = pushes;
  if (first === undefined) return { expired: 0, erasedThrough: through };
  const pending = await pendingOf(tx, pushes);
  await endDeliveries(driver, tx, pending, 'expired', sweep.now);
  // Content goes only after all deliveries of its push have ended.
  if (pending.length >= EXPIRED_PER_SWEEP) return { expired: pending.length, erasedThrough: expiryOf(first) - 1 };
  const ids = pushes.map(idOf);
  await tx.run(`UPDATE pushes SET content = NULL WHERE id IN ${places(ids.length)}`, ids);
  await tx.run(`DELETE FROM timeline WHERE push_id IN ${places(ids.length)}`, ids);
  return { expired: pending.length, erasedThrough: through };
}

/**
 * The next expired pushes that have content, in the order of their expiry, and up to which expiry these are all. Looks
 * at so many pushes, and not at all that expired in a week.
 */
async function nextExpired(tx: Transaction, { now, eraseFrom }: Sweep): Promise<{ pushes: Row[]; through: number }> {
  const columns = 'id, first_delivery, last_delivery, expires_at';
  const rows = await tx.all(
    `SELECT ${columns}, content IS NOT NULL AS kept FROM pushes
     WHERE expires_at > ? AND expires_at <= ? ORDER BY expires_at LIMIT ?`,
    [eraseFrom, now, LOOKED_AT_PER_SWEEP],
  );
  const pushes = rows.filter(({ kept }) => Number(kept) === 1);
  const [first, last] = [rows[0], rows.at(-1)];
  if (first === undefined || last === undefined || rows.length < LOOKED_AT_PER_SWEEP) return { pushes, through: now };
  // Others may have expired in the same millisecond as the last.
  if (expiryOf(first) < expiryOf(last)) return { pushes, through: expiryOf(last) - 1 };
  const same = await tx.all(`SELECT ${columns} FROM pushes WHERE expires_at = ? AND content IS NOT NULL LIMIT ?`, [
    expiryOf(first),
    LOOKED_AT_PER_SWEEP,
  ]);
  return { pushes: same, through: same.length < LOOKED_AT_PER_SWEEP ? expiryOf(first) : expiryOf(first) - 1 };
}

/** The numbers of deliveries that are pending of these pushes, no more than one sweep ends. */
async function pendingOf(tx: Transaction, pushes: readonly Row[]): Promise<number[]> {
  const pending: number[] = [];
  const directed = pushes.filter(({ first_delivery }) => first_delivery !== null);
  for (const chunk of chunks(directed, PAIRS_PER_STATEMENT)) {
    const ranges = Array(chunk.length).fill('(id BETWEEN ? AND ? AND push_id = ?)').join(' OR ');
    const rows = await tx.all(`SELECT id FROM inbox WHERE ${ranges} LIMIT ?`, [
      ...chunk.flatMap((push) => [Number(push.first_delivery), Number(push.last_delivery), idOf(push)]),
      EXPIRED_PER_SWEEP - pending.length,
    ]);
    pending.push(...rows.map(idOf));
    if (pending.length >= EXPIRED_PER_SWEEP) break;
  }
  return pending;
}

/**
 * Removes pushes past their retention, if nothing of them is pending, with their receipts, and idempotency keys past
 * theirs. Answers whether there may be more.
 */
async function removeOld(tx: Transaction, { now, removeBefore }: Sweep): Promise<boolean> {
  const keys = await tx.all('SELECT key_hash FROM idempotency_keys WHERE expires_at <= ? LIMIT ?', [
    now,
    KEYS_PER_SWEEP,
  ]);
  if (keys.length > 0) {
    await tx.run(
      `DELETE FROM idempotency_keys WHERE key_hash IN ${places(keys.length)}`,
      keys.map((row) => String(row.key_hash)),
    );
  }
  const rows = await tx.all(
    'SELECT id FROM pushes WHERE expires_at <= ? AND content IS NULL ORDER BY expires_at LIMIT ?',
    [removeBefore, REMOVED_PER_SWEEP],
  );
  const cut = rows.length > 0 && (await removePushes(tx, rows.map(idOf)));
  return cut || rows.length === REMOVED_PER_SWEEP || keys.length === KEYS_PER_SWEEP;
}

/** Removes pushes with their receipts, as far as the receipts are few enough. Answers whether some are left. */
export async function removePushes(tx: Transaction, ids: readonly number[]): Promise<boolean> {
  if (await removeWakes(tx, ids)) return true;
  const cut = await cutOf(tx, 'receipts', ids);
  const whole = cut === undefined ? ids : ids.filter((id) => id < Number(cut.push_id));
  if (whole.length > 0) {
    await removeEnds(tx, 'receipts', `push_id IN ${places(whole.length)}`, whole);
    await tx.run(`DELETE FROM pushes WHERE id IN ${places(whole.length)}`, whole);
  }
  if (cut === undefined) return false;
  const pushId = Number(cut.push_id);
  await removeEnds(tx, 'receipts', 'push_id = ? AND device_num < ?', [pushId, Number(cut.device_num)]);
  // A part of its receipts has no sum.
  await tx.run('UPDATE pushes SET targeted = NULL WHERE id = ?', [pushId]);
  return true;
}

/** Removes the wakes of pushes, as far as they are few enough. Answers whether some are left. */
async function removeWakes(tx: Transaction, ids: readonly number[]): Promise<boolean> {
  const cut = await cutOf(tx, 'wakes', ids);
  const whole = cut === undefined ? ids : ids.filter((id) => id < Number(cut.push_id));
  if (whole.length > 0) {
    await removeEnds(tx, 'wakes', `push_id IN ${places(whole.length)}`, whole);
    await tx.run(`DELETE FROM wake_walks WHERE push_id IN ${places(whole.length)}`, whole);
  }
  if (cut === undefined) return false;
  await removeEnds(tx, 'wakes', 'push_id = ? AND device_num < ?', [Number(cut.push_id), Number(cut.device_num)]);
  return true;
}

/** Removes receipts, or wakes; webhooks that were not told of them yet count them. */
async function removeEnds(
  tx: Transaction,
  table: 'receipts' | 'wakes',
  where: string,
  values: readonly number[],
): Promise<void> {
  await noteMissed(tx, table, where, values);
  await tx.run(`DELETE FROM ${table} WHERE ${where}`, values);
}

/** The first row of these pushes that one sweep does not remove; undefined: it removes all. */
async function cutOf(tx: Transaction, table: 'receipts' | 'wakes', ids: readonly number[]): Promise<Row | undefined> {
  const [cut] = await tx.all(
    `SELECT push_id, device_num FROM ${table} WHERE push_id IN ${places(ids.length)}
     ORDER BY push_id, device_num LIMIT 1 OFFSET ?`,
    [...ids, RECEIPTS_PER_SWEEP],
  );
  return cut;
}

/** The place up to which the tags of devices have been gone through, and when the next step is due. */
interface TagSweep {
  after: number;
  nextAt: number;
}

/** Removes memberships of the next devices that ended before the first push that is still on a topic. */
async function sweepTags(tx: Transaction, now: number, tags: TagSweep): Promise<void> {
  if (now < tags.nextAt && tags.nextAt - now <= TAGS_INTERVAL) return;
  const [first] = await tx.all('SELECT MIN(push_id) AS id FROM timeline', []);
  const ended = Math.min(Number(first?.id ?? Number.MAX_SAFE_INTEGER), firstIdAt(now - TAGS_GRACE));
  const [last] = await tx.all(
    'SELECT device_num FROM device_tags WHERE device_num > ? ORDER BY device_num LIMIT 1 OFFSET ?',
    [tags.after, TAGS_PER_SWEEP],
  );
  const through = last === undefined ? Number.MAX_SAFE_INTEGER : Number(last.device_num);
  await tx.run('DELETE FROM device_tags WHERE device_num > ? AND device_num <= ? AND until_id < ?', [
    tags.after,
    through,
    ended,
  ]);
  tags.after = last === undefined ? 0 : through;
  tags.nextAt = last === undefined ? now + TAGS_INTERVAL : now;
}

async function commitEviction(
  driver: SqlDriver,
  tx: Transaction,
  { deviceNum, keep, now }: Eviction,
): Promise<number[]> {
  const rows = await tx.all(
    'SELECT id, push_id FROM inbox WHERE device_num = ? ORDER BY push_id DESC LIMIT ? OFFSET ?',
    [deviceNum, EVICTED_AT_ONCE, keep],
  );
  await endDeliveries(driver, tx, rows.map(idOf), 'evicted', now);
  return rows.map((row) => Number(row.push_id));
}

function idOf(row: Row): number {
  return Number(row.id);
}

function expiryOf(row: Row): number {
  return Number(row.expires_at);
}
