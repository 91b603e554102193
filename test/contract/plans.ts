import type { Audience } from '../../core/domain/audience.js';
import { laneOf } from '../../core/store/sql/lanes.js';
import type { Store } from '../../core/store/store.js';
import { DAY, deliveryOf, type Filling, idsOf, READ, readersOf } from './plan-filling.js';
import { nextNumber } from './samples.js';

const TAGGED: Audience = { kind: 'tags', tags: ['1', '2'], match: 'all' };
const NAMED: Audience = { kind: 'anyOf', audiences: [{ kind: 'aliases', aliases: ['1', '17'] }, TAGGED] };
const TREE: Audience = { kind: 'not', audience: TAGGED };

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
        { appNum, state: undefined, reach: undefined, tenantCode: undefined, from: undefined, until: undefined },
        last,
        100,
        now,
      ),
    'listPushes of a later page': () =>
      store.listPushes(
        { appNum, state: undefined, reach: undefined, tenantCode: undefined, from: undefined, until: undefined },
        idsOf({ firstPush }, 600).waiting,
        100,
        now,
      ),
    'listPushes of few': () =>
      store.listPushes(
        { appNum, state: 'failed', reach: 'topics', tenantCode: 't', from: now - DAY, until: now + DAY },
        end,
        100,
        now,
      ),
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
