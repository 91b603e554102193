import type { Audience } from '../../core/domain/audience.js';
import { laneOf } from '../../core/store/sql/lanes.js';
import type { Store } from '../../core/store/store.js';
import { changeRows, insertMany } from '../support/rows.js';
import { nextNumber } from './samples.js';

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

const DAY = 86_400_000;
const TAGS = 50;

/** The number of pushes that are cleared where they are read. */
const READ = 400;

/** The numbers of two devices that were sent them. */
function readersOf(thousands: number): [number, number] {
  const first = 1 + ((READ * 10 + 1) % (thousands * 1000));
  return [first, first + 1];
}

const SPEC = JSON.stringify({
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

const TAGGED: Audience = { kind: 'tags', tags: ['1', '2'], match: 'all' };
const NAMED: Audience = { kind: 'anyOf', audiences: [{ kind: 'aliases', aliases: ['1', '17'] }, TAGGED] };
const TREE: Audience = { kind: 'not', audience: TAGGED };

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

/** All that a store is asked and told, a little of each: by name. */
export function questions(store: Store, filling: Filling): Record<string, () => Promise<unknown>> {
  const { appNum, appId, topicNum, now, firstPush, thousands } = filling;
  const some = [17, 400, 500 * thousands].map((n) => ({ n, ...idsOf(filling, n) }));
  const devices = some.map(({ n }) => n);
  const ids = devices.map((n) => String(n));
  const [one = { n: 0, waiting: 0, ended: 0, topical: 0 }, two = one] = some;
  const last = Number.MAX_SAFE_INTEGER;
  const lane = laneOf(appNum, { channel: 'FCM' });
  const end = firstPush + 64_000 * (thousands + 1);
  const topics = [0, 1, 2].map((step) => ({ topicNum: topicNum + step, after: end - 128_000 }));
  const registration = (n: number) => ({
    appId,
    appNum,
    alias: String(n),
    platform: 'IOS' as const,
    nativeToken: `fresh${n}`,
    mobile: null,
    tags: ['1', '2'],
    newId: `fresh${n}`.padStart(32, '0'),
    sinceId: end,
    now,
  });
  const everyone = { deviceIds: ids, ofUser: true };
  const latest = { pushId: last, deviceNum: 0 };
  const listing = (id: number, state?: 'pending' | 'delivered') => () =>
    store.listDeliveries({ id, appNum, state }, { pushId: 0, deviceNum: 0 }, 100);
  const newPush = (collapseKey: string) => ({
    id: end + nextNumber(),
    appId,
    appNum,
    tenantCode: '',
    platform: 'ALL' as const,
    msgType: 'MSG' as const,
    needConfirm: true,
    createdAt: now,
    expiresAt: now + DAY,
    content: { alert: 'x' },
    collapseKey,
  });
  const empty = { pushes: [], delivered: [], lateDelivered: [], confirmed: [], cursors: [], published: [], now };
  return {
    findApps: () => store.findApps([appId]),
    findDevicesByAlias: () => store.findDevicesByAlias(devices.map((n) => ({ appNum, alias: String(n) }))),
    findDevicesById: () => store.findDevicesById(ids),
    findSubscribers: () => store.findSubscribers(ids),
    findTopics: () => store.findTopics([{ appNum, tag: '1' }]),
    'findAudience of a tree': () => store.findAudience({ appNum, audience: TREE, platform: 'ALL' }, 0, 50),
    'findAudience of tags': () => store.findAudience({ appNum, audience: TAGGED, platform: 'ALL' }, 0, 50),
    'findAudience of names': () => store.findAudience({ appNum, audience: NAMED, platform: 'ALL' }, 0, 50),
    findCursors: () => store.findCursors(devices),
    readInbox: () =>
      store.readInbox(
        devices.map((deviceNum) => ({ deviceNum, after: 0 })),
        last,
        now,
        100,
      ),
    'readInbox, on': () =>
      store.readInbox(
        devices.map((deviceNum) => ({ deviceNum, after: firstPush })),
        last,
        now,
        100,
      ),
    readTimelines: () => store.readTimelines(topics, last, now, 100),
    readConfirmable: () => store.readConfirmable(topics, last, now, 100),
    findConfirmed: () =>
      store.findConfirmed(
        some.map(({ ended }) => ended),
        devices,
      ),
    findPushes: () => store.findPushes(some.map(({ waiting }) => waiting)),
    findContentSizes: () => store.findContentSizes(some.map(({ waiting }) => waiting)),
    findIdempotent: () =>
      store.findIdempotent(
        devices.map((n) => String(n)),
        now,
      ),
    countInbox: () => store.countInbox(devices),
    'commitDeliveries that clear': () => {
      const [deviceNum] = readersOf(thousands);
      const { waiting, ended } = idsOf(filling, READ);
      const confirmed = [waiting, ended].map((pushId) => ({ deviceNum, pushId }));
      return store.commitDeliveries({ ...empty, confirmed });
    },
    findDueJobs: () => store.findDueJobs(now, 256, 1024),
    'commitWakePlans of deliveries': () =>
      store.commitWakePlans([
        { scope: { kind: 'deliveries', ids: some.map(({ waiting }) => waiting) }, dueAt: now, spreadMs: 0, now },
      ]),
    'commitWakePlans of a push': () =>
      store.commitWakePlans([{ scope: { kind: 'push', pushId: one.waiting }, dueAt: now, spreadMs: 0, now }]),
    'commitWakePlans of devices': () =>
      store.commitWakePlans([{ scope: { kind: 'devices', deviceNums: devices }, dueAt: now, spreadMs: 0, now }]),
    'findWakeLanes that are known': () => store.findWakeLanes([lane, lane + 1]),
    'findWakeLanes that are not': () => store.findWakeLanes([]),
    findDueWakes: () => store.findDueWakes(now, [lane, lane + 1], 20),
    countDueWakes: () => store.countDueWakes(lane, now, 100),
    findTokenLanes: () => store.findTokenLanes(appNum),
    findSentSms: () => store.findSentSms(appNum, now - DAY, 100),
    findBackgroundWakes: () => store.findBackgroundWakes(devices, now - 1000),
    findDueWalks: () => store.findDueWalks(now + 5, 16, [lane + 1]),
    findWalkPage: () =>
      store.findWalkPage(
        { pushId: one.topical, appNum, lane, lanes: 1, after: 0, expiresAt: now + DAY, wake: 'OFFLINE' },
        50,
      ),
    'commitWakeRecovery of walks': () =>
      store.commitWakeRecovery({
        part: 'walks',
        appNums: [appNum],
        after: one.topical,
        limit: 50,
        dueAt: now,
        spreadMs: 0,
        now,
      }),
    'commitWakeRecovery of inboxes': () =>
      store.commitWakeRecovery({
        part: 'inboxes',
        appNums: [appNum],
        after: deliveryOf(filling, 17),
        limit: 50,
        dueAt: now,
        spreadMs: 0,
        now,
      }),
    commitWakes: () =>
      store.commitWakes({
        claims: [{ pushId: one.topical, deviceNum: 17, channel: 'FCM' }],
        until: now + 60_000,
        settled: [],
        postponed: devices.map((deviceNum) => {
          return { pushId: two.topical, deviceNum, channel: 'FCM', dueAt: now, reason: 'busy', doubts: 0 };
        }),
        dropped: [],
        refusedTokens: [],
        moved: [],
        now,
      }),
    findOpenJob: () => store.findOpenJob(firstPush + 3),
    mayBeSwept: () => store.mayBeSwept({ now, eraseFrom: now - 1000, removeBefore: now - 7 * DAY }),
    checkSums: () => store.checkSums({ after: one.waiting, pushes: 100, deliveries: 500 }),
    sumDeliveries: () => store.sumDeliveries(one.waiting, 50),
    loadHighestIds: () => store.loadHighestIds(),
    'findPushReport of one that waits': () => store.findPushReport(one.waiting, appNum),
    'findPushReport of one that has ended': () => store.findPushReport(one.ended, appNum),
    'findPushReport of a job': () => store.findPushReport(firstPush + 400, appNum),
    'listDeliveries that wait': listing(one.waiting),
    'listDeliveries that wait alone': listing(one.waiting, 'pending'),
    'listDeliveries that ended': listing(one.ended, 'delivered'),
    'listDeliveries of a job': listing(firstPush + 400),
    readTimeline: () => store.readTimeline(everyone, latest, 100),
    readReceipts: () => store.readReceipts({ seq: firstPush + 100, pushId: 0, deviceNum: 0 }, 100),
    lastReceipt: () => store.lastReceipt(),
    'listDevices of an alias': () => store.listDevices({ kind: 'alias', appNum, alias: '17' }, 0, 100),
    'listDevices of a tag': () => store.listDevices({ kind: 'topic', topicNum: topicNum + 3 }, 0, 100),
    findQuietHours: () => store.findQuietHours([{ appNum, alias: '17', deviceId: '18' }]),
    listQuietHours: () => store.listQuietHours(appNum, ['17'], ['18']),
    commitQuietHours: () =>
      store.commitQuietHours([{ appNum, subject: { kind: 'user', alias: '17' }, hours: undefined }]),
    'commitRegistrations with tokens': () =>
      store.commitRegistrations([
        { ...registration(3), push: { channel: 'FCM', token: 'f' } },
        { ...registration(4), push: { channel: 'FCM', token: 'g', implied: true } },
      ]),
    commitRegistrations: () => store.commitRegistrations([registration(1), registration(2)]),
    'commitRegistrations, again': () => store.commitRegistrations([{ ...registration(1), tags: ['3'], alias: 'x' }]),
    commitUpdates: () =>
      store.commitUpdates([
        {
          id: registration(2).newId,
          appNum,
          addTags: ['9'],
          removeTags: ['1'],
          alias: 'another',
          mobile: '1',
          sinceId: end,
          now,
        },
      ]),
    commitUnregistrations: () => store.commitUnregistrations([ids[1] ?? ''], now),
    'commitDeliveries that end': () =>
      store.commitDeliveries({
        ...empty,
        delivered: [deliveryOf(filling, 700)],
        lateDelivered: [{ deviceNum: 702, deliveryId: deliveryOf(filling, 702) }],
        confirmed: [
          { deviceNum: 1 + (7011 % (thousands * 1000)), pushId: idsOf(filling, 701).waiting },
          { deviceNum: 700, pushId: idsOf(filling, 700).topical },
        ],
        cursors: [{ deviceNum: 3, pushId: one.topical }],
        published: [{ pushId: one.topical, sessions: 3 }],
      }),
    'commitDeliveries that begin': () =>
      store.commitDeliveries({
        ...empty,
        pushes: [
          {
            push: newPush('a'),
            target: {
              kind: 'directed',
              deliveries: devices.map((deviceNum) => ({ id: end * 2 + nextNumber(), deviceNum })),
            },
          },
          { push: newPush('b'), target: { kind: 'topics', topicNums: [topicNum + 1, topicNum + 2] } },
        ],
      }),
    commitRecalls: () => store.commitRecalls([one.topical, two.waiting].map((pushId) => ({ pushId, appNum, now }))),
    commitCancellations: () => store.commitCancellations([{ id: firstPush + 400, appNum, now }]),
    findUnseen: () => store.findUnseen({ after: 0, limit: 100 }, now),
    'findUnseen of few': () => store.findUnseen({ after: 5, limit: 100 }, 1),
    findUnusedTopics: () => store.findUnusedTopics({ after: 0, limit: 100 }),
    findLooseCursors: () => store.findLooseCursors({ after: 0, limit: 100 }),
    findEndedKeys: () => store.findEndedKeys({ after: 0, limit: 100 }, now),
    'findSelected of all': () =>
      store.findSelected(
        {
          appNum,
          platform: 'IOS',
          registeredFrom: 1,
          registeredBefore: now + 1,
          unseenSince: now,
          withoutSession: true,
        },
        { after: 0, limit: 100 },
      ),
    'findSelected of a user': () => store.findSelected({ appNum, alias: '17' }, { after: 0, limit: 100 }),
    'findSelected of a tag': () => store.findSelected({ appNum, topicNum: topicNum + 3 }, { after: 0, limit: 30 }),
    commitSeen: () => store.commitSeen(devices, now),
    commitDeviceRemovals: () => store.commitDeviceRemovals({ deviceNums: [950, 951], seenBefore: now, now }),
    commitTopicRemovals: () => store.commitTopicRemovals([topicNum + 4, topicNum + 5]),
    commitCursorRemovals: () => store.commitCursorRemovals([960, 961]),
    commitKeyRemovals: () => store.commitKeyRemovals([1, 2], now),
    listPushes: () =>
      store.listPushes(
        { appNum, state: undefined, reach: undefined, from: undefined, until: undefined },
        last,
        100,
        now,
      ),
    'listPushes of few': () =>
      store.listPushes({ appNum, state: 'failed', reach: 'topics', from: now - DAY, until: now + DAY }, end, 100, now),
    listApps: () => store.listApps(0, 100),
    findDevicesOfApp: () => store.findDevicesOfApp(appNum, 100),
    listAuditLog: () => store.listAuditLog({ appId: 'app' }, now, 10),
    findOldEntries: () => store.findOldEntries(now, 10),
    commitEvictions: () => store.commitEvictions([{ deviceNum: 900, keep: 2, now }]),
    commitSweep: () => store.commitSweep({ now: now + 20, eraseFrom: now - 1000, removeBefore: now - DAY + 5 }),
    'commitSweep of what has expired': () =>
      store.commitSweep({ now: now + DAY + 5, eraseFrom: now + 1000, removeBefore: now - DAY + 5 }),
  };
}
