import { laneOf } from '../../core/store/sql/lanes.js';
import { changeRows, insertMany } from '../support/rows.js';

/** How many rows a database is filled with, in thousands of devices and of pushes. */
export interface Filling {
  url: string;
  appNum: number;
  appId: string;
  /** The number of everyone's topic; those of 50 tags follow. */
  topicNum: number;
  thousands: number;
  /** The time of all of it, in milliseconds, and the first push id. */
  now: number;
  firstPush: number;
}

export const DAY = 86_400_000;
const TAGS = 50;

/** The number of pushes that are cleared where they are read. */
export const READ = 400;

/** The numbers of two devices that were sent them. */
export function readersOf(thousands: number): [number, number] {
  const first = 1 + ((READ * 10 + 1) % (thousands * 1000));
  return [first, first + 1];
}

export const SPEC = JSON.stringify({
  header: { appId: 'a', appNum: 1, tenantCode: '', platform: 'ALL', msgType: 'MSG', needConfirm: false },
  work: { content: { alert: 'x' }, reach: { kind: 'tree', audience: { kind: 'everyone' }, platform: 'ALL' } },
});

/** Ids of the pushes with this number: directed and waiting, directed and ended, to topics. */
export function idsOf(
  { firstPush }: Pick<Filling, 'firstPush'>,
  n: number,
): { waiting: number; ended: number; topical: number } {
  return { waiting: firstPush + n * 64, ended: firstPush + n * 64 + 1, topical: firstPush + n * 64 + 2 };
}

/** The first of the ten deliveries of a waiting push. */
export function deliveryOf({ firstPush }: Filling, n: number): number {
  return firstPush + 1e7 + n * 10 + 1;
}

/** Fills tables with devices, and of each kind with as many pushes: ten deliveries each that wait, or have ended. */
export async function fill({ url, appNum, topicNum, thousands, now, firstPush }: Filling): Promise<void> {
  const count = thousands * 1000;
  await changeRows(url, 'CREATE TABLE numbers (n INTEGER PRIMARY KEY)');
  await insertMany(
    url,
    'numbers (n)',
    Array.from({ length: count }, (_, index) => [index + 1]),
  );
  // In the words of both dialects: names are numbers. `deep` is one of ten, `step` one of three.
  const tens = `(SELECT n AS deep FROM numbers WHERE n <= 10) AS tens`;
  const steps = `(SELECT n AS step FROM numbers WHERE n <= 3) AS steps`;
  const [waiting, ended, topical] = [0, 1, 2].map((kind) => `${firstPush + kind} + n * 64`);
  const push = 'id, app_num, tenant_code, platform, msg_type, need_confirm, created_at, content_bytes, expires_at';
  const device = `1 + (n * 10 + deep) % ${count}`;
  const alive = `${now + DAY} + n`;
  const job = `CASE WHEN n % 10 = 0 THEN ${firstPush} + n END`;
  const lane = laneOf(appNum, { channel: 'FCM' });
  const delivery = (kind: number): string => `${firstPush + 1e7 + kind * 1e8} + n * 10`;
  const statements: [into: string, select: string][] = [
    ['topics (num, app_num, tag)', `${topicNum} + n, ${appNum}, n FROM numbers WHERE n <= ${TAGS}`],
    [
      'devices (num, id, app_num, alias, platform, native_token, token_hash, since_id, registered_at, last_seen_at)',
      `n, n, ${appNum}, n, 1, n, n, 0, ${now}, 0 FROM numbers`,
    ],
    [
      'device_tokens (device_num, app_num, channel, token, token_hash, lane, registered_at)',
      `n, ${appNum}, 2, n, n, ${lane} + n % 2, ${now} FROM numbers`,
    ],
    [
      'quiet_hours (app_num, scope, subject, time_zone, from_minute, until_minute)',
      `${appNum}, 1, n, 'UTC', 0, 60 FROM numbers`,
    ],
    [
      'device_tags (device_num, topic_num, since_id, until_id)',
      `n, ${topicNum} + 1 + (n * step) % ${TAGS}, step, CASE WHEN step = 3 THEN ${firstPush} END FROM numbers, ${steps}`,
    ],
    [
      `pushes (${push}, content, targeted, first_delivery, last_delivery, job_id)`,
      `${waiting}, ${appNum}, '', 0, 1, 1, ${now}, 13, ${alive}, '{"alert":"x"}', 10, ${delivery(0)} + 1, ${delivery(0)} + 10, ${job}
       FROM numbers`,
    ],
    [
      `pushes (${push}, targeted, first_delivery, last_delivery, job_id)`,
      `${ended}, ${appNum}, '', 0, 1, 1, ${now}, 13, ${now - DAY} + n, 10, ${delivery(1)} + 1, ${delivery(1)} + 10, ${job}
       FROM numbers`,
    ],
    [
      `pushes (${push}, content)`,
      `${topical}, ${appNum}, '', 0, 1, 1, ${now}, 13, ${alive}, '{"alert":"x"}' FROM numbers`,
    ],
    [
      'inbox (id, device_num, push_id, app_num, expires_at)',
      `${delivery(0)} + deep, ${device}, ${waiting}, ${appNum}, ${alive} FROM numbers, ${tens}`,
    ],
    [
      'receipts (push_id, device_num, ending, ended_at, app_num, seq)',
      `${ended}, ${device}, 1, ${now}, ${appNum}, ${firstPush} + n FROM numbers, ${tens}`,
    ],
    [
      'timeline (topic_num, push_id, platform, need_confirm, expires_at)',
      `${topicNum} + (n + step) % ${TAGS}, ${topical}, 0, 1, ${alive} FROM numbers, ${steps}`,
    ],
    ['cursors (device_num, push_id)', `n, ${firstPush} FROM numbers`],
    ['idempotency_keys (key_hash, digest, push_id, expires_at)', `n, 'digest', ${waiting}, ${now} + n FROM numbers`],
    // Of two lanes, of which one has very many, and of other apps; some are under way, most are done.
    [
      'wakes (push_id, device_num, channel, app_num, lane, state, due_at, changed_at)',
      `${topical}, ${device}, 2, ${appNum}, ${lane} + CASE WHEN n % 50 = 0 THEN 1 ELSE 0 END,
       CASE WHEN deep < 4 THEN 0 WHEN deep < 5 THEN 1 ELSE 2 END, ${now - 500} + n, ${now} FROM numbers, ${tens}`,
    ],
    [
      'wake_walks (push_id, lane, app_num, due_at, expires_at)',
      `${topical}, ${lane}, ${appNum}, ${now} + n, ${alive} FROM numbers`,
    ],
    // Few are due, some are scheduled, most are done.
    [
      'jobs (id, app_num, state, due_at, created_at, expires_at, spec)',
      `${firstPush} + n, ${appNum}, CASE WHEN n % 3 = 0 THEN 1 ELSE 2 END, ${now - 20} + n, ${now}, ${alive}, '${SPEC}' FROM numbers`,
    ],
  ];
  for (const [into, select] of statements) await changeRows(url, `INSERT INTO ${into} SELECT ${select}`);
  // Two devices of one user that were sent one push, which is cleared where it is read.
  const [reader, other] = readersOf(thousands);
  await changeRows(url, 'UPDATE devices SET alias = ? WHERE num = ?', [String(reader), other]);
  const { waiting: unread, ended: read } = idsOf({ firstPush }, READ);
  await changeRows(url, `UPDATE pushes SET clear_on_read = 1 WHERE id IN (${unread}, ${read})`);
  for (const table of TABLES) await analyze(url, table);
}

/** Those that grow with use. */
export const TABLES = [
  'device_tokens',
  'quiet_hours',
  'topics',
  'app_keys',
  'audit_log',
  'wakes',
  'devices',
  'device_tags',
  'pushes',
  'inbox',
  'receipts',
  'timeline',
  'cursors',
  'idempotency_keys',
  'jobs',
  'wakes',
  'wake_walks',
] as const;

function analyze(url: string, table: string): Promise<void> {
  // What nobody asks SQLite for in use.
  return url.startsWith('sqlite:') ? Promise.resolve() : changeRows(url, `ANALYZE TABLE ${table}`);
}
