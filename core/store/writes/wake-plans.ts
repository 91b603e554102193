import { channelCodes, endingCodes, tokenStateCodes, wakePolicyCodes } from '../sql/codes.js';
import { chunks, KEYS_PER_STATEMENT, places, type SqlDriver, type SqlValue, type Transaction } from '../sql/driver.js';
import { firstLane, smsLane } from '../sql/lanes.js';
import { DUE, FIRST_SMS, hasNoWake, IS_WANTED, spreadBy } from '../sql/wake-sql.js';
import type { PlannedWakes, WakePlan, WakeRecovery, WakesRecovered, WakeWriter } from '../store.js';
import { planUnread } from './wake-unread.js';

const ACTIVE = tokenStateCodes.toCode('active');
const NEVER = wakePolicyCodes.toCode('NEVER');
const RECEIVED = `${endingCodes.toCode('delivered')}, ${endingCodes.toCode('confirmed')}`;
const COLUMNS = 'wakes (push_id, device_num, channel, app_num, lane, state, due_at, changed_at)';

/** Makes the rows of wakes, by statements over sets of deliveries. */
export function createWakePlanCommits(driver: SqlDriver): Pick<WakeWriter, 'commitWakePlans' | 'commitWakeRecovery'> {
  return {
    commitWakePlans: (plans) =>
      driver.transaction(async (tx) => {
        const planned: PlannedWakes[] = [];
        for (const plan of plans) planned.push(await commitPlan(driver, tx, plan));
        return planned;
      }),
    commitWakeRecovery: (recovery) => driver.transaction((tx) => recover(driver, tx, recovery)),
  };
}

async function commitPlan(driver: SqlDriver, tx: Transaction, plan: WakePlan): Promise<PlannedWakes> {
  const { scope, sms } = plan;
  let planned = 0;
  switch (scope.kind) {
    case 'push': {
      const range = await rangeOf(tx, scope.pushId);
      if (range === undefined) break;
      planned +=
        sms === undefined
          ? await planDirected(driver, tx, plan, range, [])
          : await planSms(driver, tx, plan, scope.pushId, range, channelCodes.toCode(sms));
      break;
    }
    case 'deliveries':
      for (const chunk of chunks(scope.ids, KEYS_PER_STATEMENT)) {
        // Nothing but numbers: written out.
        planned += await planDirected(driver, tx, plan, `i.id IN (${chunk.join(', ')})`, []);
      }
      break;
    case 'devices': {
      // Their inboxes are bounded; their topics come in pages.
      for (const chunk of scope.after === undefined ? chunks(scope.deviceNums, KEYS_PER_STATEMENT) : []) {
        planned += await planDirected(driver, tx, plan, `i.device_num IN (${chunk.join(', ')})`, []);
      }
      const unread = await planUnread(driver, tx, plan, scope.deviceNums, scope.after ?? 0);
      return { planned: planned + unread.planned, through: unread.through };
    }
  }
  return { planned, through: undefined };
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
     SELECT i.push_id, i.device_num, t.channel, i.app_num, t.lane, ${DUE}, ${spreadBy('i.device_num')}, ?
     FROM inbox i JOIN device_tokens t ON t.device_num = i.device_num AND t.state = ${ACTIVE}
       JOIN pushes p ON p.id = i.push_id
     WHERE ${scope} AND i.expires_at > ? AND ${IS_WANTED} AND ${hasNoWake('i.push_id', 'i.device_num')}`,
    [dueAt, Math.max(1, spreadMs), now, ...values, now],
  );
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
     SELECT i.push_id, MIN(d.num), ${channel}, i.app_num, ${smsLane('i.app_num')}, ${DUE}, ?, ?
     FROM inbox i JOIN pushes p ON p.id = i.push_id AND p.sms = 1 JOIN devices d ON d.num = i.device_num
     WHERE ${range} AND i.expires_at > ? AND d.mobile IS NOT NULL AND d.mobile <> ''
       AND d.alias NOT IN (SELECT o.alias FROM receipts r JOIN devices o ON o.num = r.device_num
         WHERE r.push_id = ? AND r.ending IN (${RECEIVED}))
       AND d.mobile NOT IN (SELECT o.mobile FROM wakes k JOIN devices o ON o.num = k.device_num
         WHERE k.push_id = ? AND k.channel >= ${FIRST_SMS} AND o.mobile IS NOT NULL)
       AND NOT EXISTS (SELECT 1 FROM wakes k
         WHERE k.push_id = i.push_id AND k.device_num = d.num AND k.channel >= ${FIRST_SMS})
     GROUP BY i.push_id, i.app_num, d.mobile`,
    [dueAt, now, now, pushId, pushId],
  );
}

async function recover(driver: SqlDriver, tx: Transaction, recovery: WakeRecovery): Promise<WakesRecovered> {
  const { part, after, limit } = recovery;
  // Of each push as often as it has topics.
  const source =
    part === 'walks' ? 'SELECT DISTINCT push_id AS id FROM timeline WHERE push_id' : 'SELECT id FROM inbox WHERE id';
  const [last] = await tx.all(
    `SELECT MAX(id) AS id, COUNT(*) AS count FROM (${source} > ? ORDER BY id LIMIT ?) AS page`,
    [after, limit],
  );
  const count = Number(last?.count ?? 0);
  if (count === 0) return { planned: 0, through: undefined, smsPushes: [] };
  const through = Number(last?.id);
  const more = count < limit ? undefined : through;
  if (part === 'walks') {
    await walkAgain(driver, tx, recovery, through);
    return { planned: 0, through: more, smsPushes: [] };
  }
  const page = `i.id > ? AND i.id <= ? AND ${ofApps('i', recovery)}`;
  const values = [after, through, ...(recovery.appNums ?? [])];
  const planned = await planDirected(driver, tx, recovery, page, values);
  const sms = await tx.all(
    `SELECT DISTINCT p.id, p.app_num, p.created_at FROM inbox i JOIN pushes p ON p.id = i.push_id AND p.sms = 1
     WHERE ${page}`,
    values,
  );
  return {
    planned,
    through: more,
    smsPushes: sms.map((row) => ({
      pushId: Number(row.id),
      appNum: Number(row.app_num),
      createdAt: Number(row.created_at),
    })),
  };
}

/** Holds for rows of the apps that are looked at. Their numbers are its values. */
function ofApps(row: 'i' | 'p', { appNums }: WakeRecovery): string {
  return appNums === undefined ? 'TRUE' : `${row}.app_num IN ${places(appNums.length)}`;
}

/** Walks topic pushes again: a session that ended with the core may not have been sent them. */
async function walkAgain(
  { insertIgnore }: SqlDriver,
  tx: Transaction,
  recovery: WakeRecovery,
  through: number,
): Promise<void> {
  const { after, dueAt, now, appNums = [] } = recovery;
  await tx.enqueue('DELETE FROM wake_walks WHERE push_id > ? AND push_id <= ?', [after, through]);
  await tx.run(
    `${insertIgnore} INTO wake_walks (push_id, lane, app_num, due_at, expires_at)
     SELECT DISTINCT p.id, ${firstLane('p.app_num')}, p.app_num, ?, p.expires_at
     FROM timeline l JOIN pushes p ON p.id = l.push_id
     WHERE l.push_id > ? AND l.push_id <= ? AND p.expires_at > ? AND p.wake <> ${NEVER} AND ${ofApps('p', recovery)}`,
    [dueAt, after, through, now, ...appNums],
  );
}
