import { channelCodes, endingCodes, platformCodes, tokenStateCodes, wakePolicyCodes } from '../sql/codes.js';
import { chunks, KEYS_PER_STATEMENT, type SqlDriver, type SqlValue, type Transaction } from '../sql/driver.js';
import { DUE, FIRST_SMS, hasNoWake, IS_WANTED, spreadBy } from '../sql/wake-sql.js';
import type { WakePlan, WakeRecovery, WakesRecovered, WakeWriter } from '../store.js';

const ACTIVE = tokenStateCodes.toCode('active');
const NEVER = wakePolicyCodes.toCode('NEVER');
const ANY_PLATFORM = platformCodes.toCode('ALL');
const RECEIVED = `${endingCodes.toCode('delivered')}, ${endingCodes.toCode('confirmed')}`;
const COLUMNS = 'wakes (push_id, device_num, channel, app_num, state, due_at, changed_at)';

/** Makes the rows of wakes, by statements over sets of deliveries. */
export function createWakePlanCommits(driver: SqlDriver): Pick<WakeWriter, 'commitWakePlans' | 'commitWakeRecovery'> {
  return {
    commitWakePlans: (plans) =>
      driver.transaction(async (tx) => {
        const planned: number[] = [];
        for (const plan of plans) planned.push(await commitPlan(driver, tx, plan));
        return planned;
      }),
    commitWakeRecovery: (recovery) => driver.transaction((tx) => recover(driver, tx, recovery)),
  };
}

async function commitPlan(driver: SqlDriver, tx: Transaction, plan: WakePlan): Promise<number> {
  const { scope, sms } = plan;
  switch (scope.kind) {
    case 'push': {
      const range = await rangeOf(tx, scope.pushId);
      if (range === undefined) return 0;
      return sms === undefined
        ? planDirected(driver, tx, plan, range, [])
        : planSms(driver, tx, plan, scope.pushId, range, channelCodes.toCode(sms));
    }
    case 'deliveries': {
      let planned = 0;
      for (const chunk of chunks(scope.ids, KEYS_PER_STATEMENT)) {
        // Nothing but numbers: written out.
        planned += await planDirected(driver, tx, plan, `i.id IN (${chunk.join(', ')})`, []);
      }
      return planned;
    }
    case 'devices': {
      let planned = 0;
      for (const chunk of chunks(scope.deviceNums, KEYS_PER_STATEMENT)) {
        const devices = chunk.join(', ');
        planned += await planDirected(driver, tx, plan, `i.device_num IN (${devices})`, []);
        planned += await planUnread(driver, tx, plan, devices);
      }
      return planned;
    }
  }
}

/** SQL for what waits of a push. The numbers are written out: of a range that a join names MariaDB makes no range. */
async function rangeOf(tx: Transaction, pushId: number): Promise<string | undefined> {
  const [push] = await tx.all('SELECT first_delivery, last_delivery FROM pushes WHERE id = ?', [pushId]);
  if (push === undefined || push.first_delivery === null) return undefined;
  return `i.id BETWEEN ${Number(push.first_delivery)} AND ${Number(push.last_delivery)} AND i.push_id = ${pushId}`;
}

type Times = Pick<WakePlan, 'dueAt' | 'spreadMs' | 'now'>;

function planDirected(
  { insertIgnore }: SqlDriver,
  tx: Transaction,
  { dueAt, spreadMs, now }: Times,
  scope: string,
  values: readonly SqlValue[],
): Promise<number> {
  return tx.run(
    `${insertIgnore} INTO ${COLUMNS}
     SELECT i.push_id, i.device_num, t.channel, i.app_num, ${DUE}, ${spreadBy('i.device_num')}, ?
     FROM inbox i JOIN device_tokens t ON t.device_num = i.device_num AND t.state = ${ACTIVE}
       JOIN pushes p ON p.id = i.push_id
     WHERE ${scope} AND i.expires_at > ? AND ${IS_WANTED} AND ${hasNoWake('i.push_id', 'i.device_num')}`,
    [dueAt, Math.max(1, spreadMs), now, ...values, now],
  );
}

/** Of devices the topic pushes after their cursors: of everyone, and of the tags that they have or had. */
async function planUnread(driver: SqlDriver, tx: Transaction, plan: Times, devices: string): Promise<number> {
  const { dueAt, spreadMs, now } = plan;
  const after = await firstUnread(tx, devices);
  // As a rule: whoever leaves has read what was pushed to its topics.
  if (after === undefined) return 0;
  const select = (memberships: string): string =>
    `${driver.insertIgnore} INTO ${COLUMNS}
     SELECT DISTINCT l.push_id, t.device_num, t.channel, t.app_num, ${DUE}, ${spreadBy('t.device_num')}, ?
     FROM device_tokens t JOIN devices d ON d.num = t.device_num AND d.unregistered_at IS NULL
       LEFT JOIN cursors c ON c.device_num = t.device_num ${memberships}
         AND l.push_id >= ${after} AND l.push_id > COALESCE(c.push_id, 0)
       JOIN pushes p ON p.id = l.push_id
     WHERE t.device_num IN (${devices}) AND t.state = ${ACTIVE} AND l.expires_at > ?
       AND (l.platform = ${ANY_PLATFORM} OR l.platform = d.platform)
       AND ${IS_WANTED} AND ${hasNoWake('l.push_id', 't.device_num')}`;
  const values = [dueAt, Math.max(1, spreadMs), now, now];
  const ofEveryone = await tx.run(
    select(`JOIN topics o ON o.app_num = t.app_num AND o.tag = ''
      JOIN timeline l ON l.topic_num = o.num AND l.push_id > d.since_id`),
    values,
  );
  const ofTags = await tx.run(
    select(`JOIN device_tags m ON m.device_num = t.device_num
      JOIN timeline l ON l.topic_num = m.topic_num AND l.push_id > m.since_id
        AND (m.until_id IS NULL OR l.push_id <= m.until_id)`),
    values,
  );
  return ofEveryone + ofTags;
}

/** Finds the first topic push behind the cursor of the device that is furthest behind; undefined: there is none. */
async function firstUnread(tx: Transaction, devices: string): Promise<number | undefined> {
  const [behind] = await tx.all(
    `SELECT MIN(CASE WHEN c.push_id > d.since_id THEN c.push_id ELSE d.since_id END) AS through
     FROM device_tokens t JOIN devices d ON d.num = t.device_num AND d.unregistered_at IS NULL
       LEFT JOIN cursors c ON c.device_num = t.device_num
     WHERE t.device_num IN (${devices}) AND t.state = ${ACTIVE}`,
    [],
  );
  if (behind === undefined || behind.through === null) return undefined;
  const [first] = await tx.all('SELECT MIN(push_id) AS id FROM timeline WHERE push_id > ?', [Number(behind.through)]);
  return first === undefined || first.id === null ? undefined : Number(first.id);
}

/** One for each number, if no device of its user has received the push: that of the first device is the row's. */
function planSms(
  { insertIgnore }: SqlDriver,
  tx: Transaction,
  { dueAt, now }: Times,
  pushId: number,
  range: string,
  channel: number,
): Promise<number> {
  return tx.run(
    `${insertIgnore} INTO ${COLUMNS}
     SELECT i.push_id, MIN(d.num), ${channel}, i.app_num, ${DUE}, ?, ?
     FROM inbox i JOIN pushes p ON p.id = i.push_id AND p.sms = 1 JOIN devices d ON d.num = i.device_num
     WHERE ${range} AND i.expires_at > ? AND d.mobile IS NOT NULL AND d.mobile <> ''
       AND d.alias NOT IN (SELECT o.alias FROM receipts r JOIN devices o ON o.num = r.device_num
         WHERE r.push_id = ? AND r.ending IN (${RECEIVED}))
       AND d.mobile NOT IN (SELECT o.mobile FROM wakes k JOIN devices o ON o.num = k.device_num
         WHERE k.push_id = ? AND k.channel >= ${FIRST_SMS} AND o.mobile IS NOT NULL)
     GROUP BY i.push_id, i.app_num, d.mobile`,
    [dueAt, now, now, pushId, pushId],
  );
}

/** Of apps that have a credential. */
async function recover(driver: SqlDriver, tx: Transaction, recovery: WakeRecovery): Promise<WakesRecovered> {
  const { after, limit, walkAfter, now, dueAt } = recovery;
  const [last] = await tx.all(
    'SELECT MAX(id) AS id, COUNT(*) AS count FROM (SELECT id FROM inbox WHERE id > ? ORDER BY id LIMIT ?) AS page',
    [after, limit],
  );
  const count = Number(last?.count ?? 0);
  const through = Number(last?.id ?? after);
  const hasCredential = 'i.app_num IN (SELECT app_num FROM channels)';
  const page = 'i.id > ? AND i.id <= ?';
  const [credential] = await tx.all('SELECT 1 AS found FROM channels LIMIT 1', []);
  if (credential === undefined) return { planned: 0, through: undefined, smsPushes: [] };
  if (after === 0) await walkAgain(driver, tx, walkAfter, dueAt, now);
  if (count === 0) return { planned: 0, through: undefined, smsPushes: [] };
  const planned = await planDirected(driver, tx, recovery, `${page} AND ${hasCredential}`, [after, through]);
  const sms = await tx.all(
    `SELECT DISTINCT p.id, p.app_num, p.created_at FROM inbox i JOIN pushes p ON p.id = i.push_id AND p.sms = 1
     WHERE ${page} AND ${hasCredential}`,
    [after, through],
  );
  return {
    planned,
    through: count < limit ? undefined : through,
    smsPushes: sms.map((row) => ({
      pushId: Number(row.id),
      appNum: Number(row.app_num),
      createdAt: Number(row.created_at),
    })),
  };
}

/** Walks topic pushes again: a session that ended with the core may not have been sent them. */
async function walkAgain(
  driver: SqlDriver,
  tx: Transaction,
  walkAfter: number,
  dueAt: number,
  now: number,
): Promise<void> {
  await tx.enqueue('DELETE FROM wake_walks WHERE push_id > ?', [walkAfter]);
  await tx.enqueue(
    `${driver.insertIgnore} INTO wake_walks (push_id, app_num, due_at, expires_at)
     SELECT DISTINCT p.id, p.app_num, ?, p.expires_at FROM timeline l JOIN pushes p ON p.id = l.push_id
       JOIN channels i ON i.app_num = p.app_num
     WHERE l.push_id > ? AND p.expires_at > ? AND p.wake <> ${NEVER}`,
    [dueAt, walkAfter, now],
  );
}
