import { OnePushError } from '../../../common/errors.js';
import { comparePositions } from '../../domain/receipt-position.js';
import { MAX_DEAD_LETTERS, MAX_WEBHOOKS } from '../../domain/webhook.js';
import { lastReceipt } from '../reads/receipts.js';
import { SELECT_WEBHOOKS, toWebhook } from '../reads/webhooks.js';
import { webhookEventCodes } from '../sql/codes.js';
import {
  insertRows,
  keyChunks,
  places,
  type Row,
  rowsFor,
  type SqlDriver,
  type SqlValue,
  type Transaction,
} from '../sql/driver.js';
import type {
  NewWebhook,
  StoredWebhook,
  WebhookChange,
  WebhookPlace,
  WebhookProgress,
  WebhookReplay,
  WebhookWriter,
} from '../store.js';

/** Changes of webhooks, of which there are few: one by one, but for their progress. */
export function createWebhookCommits(driver: SqlDriver): WebhookWriter {
  function each<I, O>(items: readonly I[], work: (tx: Transaction, item: I) => Promise<O>): Promise<O[]> {
    return driver.transaction(async (tx) => {
      const results: O[] = [];
      for (const item of items) results.push(await work(tx, item));
      return results;
    });
  }
  return {
    commitWebhooks: (webhooks) => each(webhooks, add),
    commitWebhookChanges: (changes) => each(changes, change),
    commitWebhookRemovals: (those) =>
      each(those, async (tx, place) => {
        const found = await find(tx, place);
        if (found !== undefined) await removeWebhook(tx, found.num);
        return found !== undefined;
      }),
    commitWebhookProgress: (progress) => driver.transaction((tx) => keepProgress(driver, tx, progress)),
    commitWebhookReplays: (replays) => each(replays, replay),
    commitDeadLetterRemovals: (nums) => driver.transaction((tx) => removeDeadLetters(tx, nums)),
  };
}

async function add(tx: Transaction, webhook: NewWebhook): Promise<StoredWebhook> {
  const { id, appNum, name, url, secrets, keyId, events, maxEvents, createdAt } = webhook;
  const [own] = await tx.all('SELECT COUNT(*) AS count FROM webhooks WHERE app_num = ?', [appNum]);
  if (Number(own?.count) >= MAX_WEBHOOKS) throw new OnePushError('TOO_MANY_WEBHOOKS', { hint: `${MAX_WEBHOOKS}` });
  const { seq, pushId, deviceNum } = await lastReceipt(tx);
  await tx.run(
    `INSERT INTO webhooks
       (id, app_num, name, url, secrets, key_id, events, max_events, seq, push_id, device_num, created_at)
     VALUES ${places(12)}`,
    [
      id,
      appNum,
      name,
      url,
      secrets,
      keyId,
      webhookEventCodes.toCode(events),
      maxEvents,
      seq,
      pushId,
      deviceNum,
      createdAt,
    ],
  );
  const [row] = await tx.all(`${SELECT_WEBHOOKS} WHERE w.id = ?`, [id]);
  // Its app was removed since the caller looked.
  if (row === undefined) throw new OnePushError('UNKNOWN_APP');
  return toWebhook(row);
}

async function change(tx: Transaction, { set, ...place }: WebhookChange): Promise<StoredWebhook | undefined> {
  const known = await find(tx, place);
  if (known === undefined) return undefined;
  const { name, url, secrets, keyId, events, maxEvents, disabled, rewindTo } = set;
  const columns: Record<string, SqlValue | undefined> = {
    name,
    url,
    secrets,
    key_id: keyId,
    events: events && webhookEventCodes.toCode(events),
    max_events: maxEvents,
  };
  if (disabled !== undefined) {
    // One that is disabled already keeps when and why; one that is enabled goes on as it is.
    const isSame = (disabled === null) === (known.disabledAt === null);
    if (!isSame) {
      Object.assign(columns, {
        disabled_at: disabled?.at ?? null,
        failing_since: null,
        reason: disabled?.reason ?? null,
      });
    }
  }
  if (rewindTo !== undefined) {
    // It may have told more than was kept.
    const { seq, pushId, deviceNum } = comparePositions(rewindTo, known.position) < 0 ? rewindTo : known.position;
    Object.assign(columns, { seq, push_id: pushId, device_num: deviceNum, rewinds: known.rewinds + 1 });
  }
  const changed = Object.entries(columns).flatMap(([column, value]) =>
    value === undefined ? [] : [{ column, value }],
  );
  if (changed.length === 0) return known;
  await tx.run(`UPDATE webhooks SET ${changed.map(({ column }) => `${column} = ?`).join(', ')} WHERE num = ?`, [
    ...changed.map(({ value }) => value),
    known.num,
  ]);
  return find(tx, place);
}

async function find(tx: Transaction, { appNum, num }: WebhookPlace): Promise<StoredWebhook | undefined> {
  const [row] = await tx.all(`${SELECT_WEBHOOKS} WHERE w.num = ? AND w.app_num = ?`, [num, appNum]);
  return row && toWebhook(row);
}

/** Removes a webhook with its dead letters. */
export async function removeWebhook(tx: Transaction, num: number): Promise<void> {
  await tx.run('DELETE FROM webhook_dead_letters WHERE webhook_num = ?', [num]);
  await tx.run('DELETE FROM webhooks WHERE num = ?', [num]);
}

/** Keeps the progress of many webhooks in few statements. Answers how many dead letters had to go for newer ones. */
async function keepProgress(driver: SqlDriver, tx: Transaction, progress: readonly WebhookProgress[]): Promise<number> {
  const rows = await rowsFor(
    progress.map(({ num }) => num),
    (nums) =>
      tx.all(
        `SELECT num, rewinds, disabled_at FROM webhooks WHERE num IN ${places(nums.length)}${driver.locking}`,
        nums,
      ),
  );
  const stored = new Map(rows.map((row) => [Number(row.num), row]));
  const known = progress.filter(({ num }) => stored.has(num));
  for (const { columns, nums } of sameChanges(known, (one) => progressColumns(one, stored.get(one.num)))) {
    const set = Object.keys(columns).map((column) => `${column} = ?`);
    if (set.length === 0) continue;
    for (const chunk of keyChunks(nums)) {
      await tx.enqueue(`UPDATE webhooks SET ${set.join(', ')} WHERE num IN ${places(chunk.length)}`, [
        ...Object.values(columns),
        ...chunk,
      ]);
    }
  }
  await removeDeadLetters(
    tx,
    known.flatMap(({ taken }) => taken),
  );
  let dropped = 0;
  for (const one of known) dropped += await keepDeadLetters(driver, tx, one);
  return dropped;
}

type Columns = Readonly<Record<string, SqlValue>>;

/** Webhooks whose columns are set to the same values: most are at the end of the stream. */
function sameChanges(progress: readonly WebhookProgress[], columnsOf: (one: WebhookProgress) => Columns) {
  const groups = new Map<string, { readonly columns: Columns; readonly nums: number[] }>();
  for (const one of progress) {
    const columns = columnsOf(one);
    const key = JSON.stringify(columns);
    const group = groups.get(key) ?? { columns, nums: [] };
    groups.set(key, group);
    group.nums.push(one.num);
  }
  return groups.values();
}

function progressColumns(progress: WebhookProgress, stored: Row | undefined): Columns {
  const { position, failingSince, reason, disabledAt } = progress;
  const [isEnabled, isCurrent] = [stored?.disabled_at === null, Number(stored?.rewinds) === progress.rewinds];
  return {
    // What was under way when it was disabled does not say why it was.
    ...(isEnabled && { failing_since: failingSince, reason, disabled_at: disabledAt }),
    ...(isCurrent && { seq: position.seq, push_id: position.pushId, device_num: position.deviceNum }),
  };
}

async function keepDeadLetters(
  driver: SqlDriver,
  tx: Transaction,
  { num, dead, refused }: WebhookProgress,
): Promise<number> {
  for (const letter of refused) {
    await tx.enqueue(
      'UPDATE webhook_dead_letters SET reason = ?, attempts = ?, failed_at = ?, replaying = 0 WHERE num = ?',
      [letter.reason, letter.attempts, letter.failedAt, letter.num],
    );
  }
  if (dead.length === 0) return 0;
  await insertRows(
    tx,
    driver.maxValues,
    'INSERT INTO webhook_dead_letters (webhook_num, event, reason, attempts, failed_at)',
    dead.map((letter) => [num, letter.event, letter.reason, letter.attempts, letter.failedAt]),
  );
  const [beyond] = await tx.all(
    'SELECT num FROM webhook_dead_letters WHERE webhook_num = ? ORDER BY num DESC LIMIT 1 OFFSET ?',
    [num, MAX_DEAD_LETTERS],
  );
  if (beyond === undefined) return 0;
  return tx.run('DELETE FROM webhook_dead_letters WHERE webhook_num = ? AND num <= ?', [num, Number(beyond.num)]);
}

async function replay(tx: Transaction, { nums, ...place }: WebhookReplay): Promise<number | undefined> {
  const known = await find(tx, place);
  if (known === undefined) return undefined;
  const set = 'UPDATE webhook_dead_letters SET replaying = 1 WHERE webhook_num = ?';
  if (nums === undefined) return tx.run(set, [known.num]);
  let count = 0;
  for (const chunk of keyChunks([...new Set(nums)])) {
    count += await tx.run(`${set} AND num IN ${places(chunk.length)}`, [known.num, ...chunk]);
  }
  return count;
}

async function removeDeadLetters(tx: Transaction, nums: readonly number[]): Promise<number> {
  let removed = 0;
  for (const chunk of keyChunks(nums)) {
    removed += await tx.run(`DELETE FROM webhook_dead_letters WHERE num IN ${places(chunk.length)}`, chunk);
  }
  return removed;
}

/**
 * Counts receipts, or wakes, that are about to be removed, for the webhooks that were not told of them yet. Few
 * webhooks are so far behind.
 */
export async function noteMissed(
  tx: Transaction,
  table: 'receipts' | 'wakes',
  where: string,
  values: readonly number[],
): Promise<void> {
  const behind = await tx.all(
    `SELECT num, app_num, seq FROM webhooks
     WHERE events IN (?, ?) AND seq < (SELECT MAX(seq) FROM ${table} WHERE ${where})`,
    [webhookEventCodes.toCode(table), webhookEventCodes.toCode('both'), ...values],
  );
  for (const { num, app_num, seq } of behind) {
    const [missed] = await tx.all(`SELECT COUNT(*) AS count FROM ${table} WHERE ${where} AND app_num = ? AND seq > ?`, [
      ...values,
      Number(app_num),
      Number(seq),
    ]);
    await tx.enqueue('UPDATE webhooks SET missed = missed + ? WHERE num = ?', [Number(missed?.count), Number(num)]);
  }
}
