import { expect, it } from 'vitest';
import type { App } from '../../core/domain/app.js';
import type { Wake, WakeChanges } from '../../core/store/store.js';
import { eachStore, must } from './each-store.js';
import { batch, directed, NOW, newApp, newDevices, nextPushId, register, registration, topical } from './samples.js';
import { apnsLane, UNTIL, wakeSamples } from './wake-samples.js';

const SMS_WEBHOOK = 20;
const [DUE, SENDING, ACCEPTED, CANCELLED] = [0, 1, 2, 5];

eachStore('wakes', (opened) => {
  const { giveToken, wakeable, plan, change } = wakeSamples(opened);

  async function dueOf(app: App, now = NOW) {
    const lanes = (await opened.store.findWakeLanes([])).map(({ lane }) => lane);
    return (await opened.store.findDueWakes(now, lanes, 1000)).filter(({ appNum }) => appNum === app.num);
  }

  async function rowsOf(app: App) {
    const rows = await opened.rows('SELECT * FROM wakes WHERE app_num = ? ORDER BY push_id, device_num, channel', [
      app.num,
    ]);
    return rows.map((row) => ({ state: Number(row.state), attempt: Number(row.attempt), doubts: Number(row.doubts) }));
  }

  const apns = (pushId: number, deviceNum: number): Wake => ({ pushId, deviceNum, channel: 'APNS' });

  it('plans once for what is pending and has an active token', async () => {
    const app = await newApp(opened.store);
    const [one = 0, two = 0, dead = 0] = await wakeable(app, 3);
    const [without] = await newDevices(opened.store, app, 1);
    await opened.change('UPDATE device_tokens SET state = 1 WHERE device_num = ?', [dead]);
    const { made, id, deliveries } = directed(app, [one, two, dead, must(without).device.num]);
    await opened.store.commitDeliveries(batch({ pushes: [made] }));
    expect(await plan({ kind: 'deliveries', ids: deliveries.slice(0, 1) })).toBe(1);
    expect(await plan({ kind: 'push', pushId: id })).toBe(1);
    expect(await plan({ kind: 'devices', deviceNums: [one, two, dead] })).toBe(0);
    const due = await dueOf(app);
    expect(due.map(({ deviceNum }) => deviceNum).sort()).toEqual([one, two].sort());
    expect(due[0]).toMatchObject({ channel: 'APNS', attempt: 0, doubts: 0, needed: true, push: { msgType: 'MSG' } });
    expect(due[0]?.token).toMatchObject({ channel: 'APNS', environment: 'PRODUCTION', registeredAt: NOW });
  });

  it('plans nothing for what has ended, has expired, or wakes nobody', async () => {
    const app = await newApp(opened.store);
    const [device = 0] = await wakeable(app, 1);
    const [delivered, expired, never] = [directed(app, [device]), directed(app, [device]), directed(app, [device])];
    await opened.store.commitDeliveries(batch({ pushes: [delivered.made, expired.made, never.made] }));
    await opened.store.commitDeliveries(batch({ delivered: delivered.deliveries }));
    await opened.change('UPDATE inbox SET expires_at = ? WHERE push_id = ?', [NOW, expired.id]);
    await opened.change('UPDATE pushes SET wake = 1 WHERE id = ?', [never.id]);
    expect(await plan({ kind: 'devices', deviceNums: [device] })).toBe(0);
  });

  it('never plans a push that only acts for a browser, which would have to show it', async () => {
    const app = await newApp(opened.store);
    const { device } = await register(opened.store, registration(app));
    await giveToken(app, device.num, { channel: 'WEB_PUSH' });
    const [silent, shown] = [directed(app, [device.num], { msgType: 'CMD' }), directed(app, [device.num])];
    await opened.store.commitDeliveries(batch({ pushes: [silent.made, shown.made] }));
    await plan({ kind: 'devices', deviceNums: [device.num] });
    expect((await dueOf(app)).map(({ pushId }) => pushId)).toEqual([shown.id]);
  });

  it('spreads by device what is due after a grace', async () => {
    const app = await newApp(opened.store);
    const nums = await wakeable(app, 10);
    await opened.store.commitDeliveries(batch({ pushes: [directed(app, nums).made] }));
    await plan({ kind: 'devices', deviceNums: nums }, { dueAt: NOW + 15_000, spreadMs: 15_000 });
    const rows = await opened.rows('SELECT due_at FROM wakes WHERE app_num = ?', [app.num]);
    const times = rows.map((row) => Number(row.due_at) - NOW);
    expect(Math.min(...times)).toBeGreaterThanOrEqual(15_000);
    expect(Math.max(...times)).toBeLessThan(30_000);
    expect(new Set(times).size).toBeGreaterThan(5);
    expect(await dueOf(app)).toEqual([]);
    const lane = (await opened.store.findWakeLanes([])).find((each) => each.lane === apnsLane(app));
    expect(must(lane).dueAt).toBe(NOW + Math.min(...times));
  });

  it('claims what is still needed, and cancels what has ended since', async () => {
    const app = await newApp(opened.store);
    const [one = 0, two = 0] = await wakeable(app, 2);
    const { made, id, deliveries } = directed(app, [one, two]);
    await opened.store.commitDeliveries(batch({ pushes: [made] }));
    await plan({ kind: 'push', pushId: id });
    await opened.store.commitDeliveries(batch({ delivered: deliveries.slice(1) }));
    expect(await change({ claims: [apns(id, one), apns(id, two)] })).toEqual([apns(id, one)]);
    expect(await rowsOf(app)).toEqual([
      { state: SENDING, attempt: 1, doubts: 0 },
      { state: CANCELLED, attempt: 0, doubts: 0 },
    ]);
    expect(await dueOf(app)).toEqual([]);
  });

  it('finds what was under way too long again, as an attempt of unknown outcome', async () => {
    const app = await newApp(opened.store);
    const [device = 0] = await wakeable(app, 1);
    const { made, id } = directed(app, [device], { expiresAt: UNTIL * 2 });
    await opened.store.commitDeliveries(batch({ pushes: [made] }));
    await plan({ kind: 'push', pushId: id });
    await change({ claims: [apns(id, device)] });
    expect(await dueOf(app, UNTIL - 1)).toEqual([]);
    expect(await dueOf(app, UNTIL)).toMatchObject([{ attempt: 1, doubts: 1 }]);
    await change({ claims: [apns(id, device)], until: UNTIL + 1 });
    expect(await rowsOf(app)).toEqual([{ state: SENDING, attempt: 2, doubts: 1 }]);
    await change({ settled: [{ ...apns(id, device), state: 'unknown', reason: 'NO_ANSWER' }] });
    expect(await dueOf(app, UNTIL * 2)).toEqual([]);
  });

  it('keeps outcomes: a final one stays, a postponed one is due again, a dropped one is planned again', async () => {
    const app = await newApp(opened.store);
    const [device = 0] = await wakeable(app, 1);
    const [done, later, dropped] = [directed(app, [device]), directed(app, [device]), directed(app, [device])];
    await opened.store.commitDeliveries(batch({ pushes: [done.made, later.made, dropped.made] }));
    await plan({ kind: 'devices', deviceNums: [device] });
    const claims = [done, later, dropped].map(({ id }) => apns(id, device));
    await change({ claims });
    const changes: Partial<WakeChanges> = {
      settled: [{ ...apns(done.id, device), state: 'accepted', reason: undefined }],
      postponed: [{ ...apns(later.id, device), dueAt: NOW + 10, reason: 'TooManyRequests', doubts: 1 }],
      dropped: [apns(dropped.id, device)],
    };
    await change(changes);
    // A commit whose answer was lost is made again.
    await change({ settled: [{ ...apns(done.id, device), state: 'failed', reason: 'late' }] });
    expect(await rowsOf(app)).toEqual([
      { state: ACCEPTED, attempt: 1, doubts: 0 },
      { state: DUE, attempt: 1, doubts: 1 },
    ]);
    expect(await plan({ kind: 'devices', deviceNums: [device] })).toBe(1);
  });

  it('plans one short message for a number, and none once a device of the user has the push', async () => {
    const app = await newApp(opened.store);
    const alice = { alias: 'alice', mobile: '+8613800000001' };
    const phone = await register(opened.store, registration(app, alice));
    const tablet = await register(opened.store, registration(app, alice));
    const bob = await register(opened.store, registration(app, { alias: 'bob', mobile: '+8613800000002' }));
    const other = await register(opened.store, registration(app, { alias: 'bob', mobile: null }));
    const nums = [phone, tablet, bob, other].map(({ device }) => device.num);
    const { made, id, deliveries } = directed(app, nums, { content: { alert: 'a', smsMessage: 'b' } });
    await opened.store.commitDeliveries(batch({ pushes: [made] }));
    await opened.change('UPDATE pushes SET sms = 1 WHERE id = ?', [id]);
    await opened.store.commitDeliveries(batch({ delivered: [must(deliveries[3])] }));
    expect(await plan({ kind: 'push', pushId: id }, { sms: 'SMS_WEBHOOK' })).toBe(1);
    expect(await plan({ kind: 'push', pushId: id }, { sms: 'SMS_WEBHOOK' })).toBe(0);
    const [due] = await dueOf(app);
    expect(due).toMatchObject({ channel: 'SMS_WEBHOOK', needed: true, device: { mobile: alice.mobile } });
    await opened.store.commitDeliveries(batch({ delivered: [must(deliveries[1])] }));
    expect(await dueOf(app)).toMatchObject([{ needed: false }]);
    expect(SMS_WEBHOOK).toBe(
      Number((await opened.rows('SELECT channel FROM wakes WHERE push_id = ?', [id]))[0]?.channel),
    );
  });

  async function topicOf(app: App, tag: string): Promise<number> {
    return must((await opened.store.findTopics([{ appNum: app.num, tag }]))[0]).num;
  }

  it('walks the devices of a topic push that have not read it, page by page', async () => {
    const app = await newApp(opened.store);
    const nums = await wakeable(app, 5);
    const { made, id } = topical(app, [await topicOf(app, '')], { expiresAt: NOW * 2 });
    await opened.store.commitDeliveries(batch({ pushes: [{ ...made, wakeAt: NOW }] }));
    await opened.store.commitDeliveries(batch({ cursors: [{ deviceNum: must(nums[1]), pushId: id }] }));
    const undivided = must((await opened.store.findDueWalks(NOW, 100)).walks.find(({ pushId }) => pushId === id));
    expect(undivided.lane).toBeUndefined();
    await opened.store.commitWalkLanes(undivided, await opened.store.findTokenLanes(app.num));
    const others = await opened.store.findDueWalks(NOW, 100, [apnsLane(app)]);
    expect(others.walks.filter(({ appNum }) => appNum === app.num)).toEqual([]);
    const found: number[] = [];
    for (let pages = 0; pages < 100; pages++) {
      const { walks } = await opened.store.findDueWalks(NOW, 100);
      const walk = walks.find(({ pushId }) => pushId === id);
      if (walk === undefined) break;
      const page = await opened.store.findWalkPage(walk, 2);
      found.push(...page.devices.map(({ deviceNum }) => deviceNum));
      await opened.store.commitWalk({ ...walk, ...page, nextAt: NOW, dueAt: NOW, now: NOW });
    }
    expect(found).toEqual(nums.filter((num) => num !== nums[1]));
    expect((await dueOf(app)).map(({ needed }) => needed)).toEqual([true, true, true, true]);
    await opened.store.commitRecalls([{ pushId: id, appNum: app.num, now: NOW }]);
    expect((await dueOf(app)).map(({ needed }) => needed)).toEqual([false, false, false, false]);
  });

  it('walks only who has the tag, on the platform, and ends a walk whose push is recalled', async () => {
    const app = await newApp(opened.store);
    const [ios = 0] = await wakeable(app, 1, { tags: ['a'], platform: 'IOS' });
    await wakeable(app, 1, { tags: ['a'] });
    await wakeable(app, 1, { tags: ['b'], platform: 'IOS' });
    const [late = 0] = await wakeable(app, 1, { tags: ['a'], platform: 'IOS', sinceId: Number.MAX_SAFE_INTEGER });
    const { made, id } = topical(app, [await topicOf(app, 'a')], { platform: 'IOS', expiresAt: NOW * 2 });
    await opened.store.commitDeliveries(batch({ pushes: [{ ...made, wakeAt: NOW }] }));
    const walk = must((await opened.store.findDueWalks(NOW, 100)).walks.find(({ pushId }) => pushId === id));
    const lane = apnsLane(app);
    const page = await opened.store.findWalkPage({ ...walk, lane }, 100);
    expect(page).toEqual({ devices: [{ deviceNum: ios, channel: 'APNS' }], through: undefined });
    expect(late).toBeGreaterThan(ios);
    await opened.store.commitRecalls([{ pushId: id, appNum: app.num, now: NOW }]);
    expect(await opened.store.findWalkPage({ ...walk, lane }, 1)).toEqual({ devices: [], through: undefined });
  });

  it('plans the unread topic pushes of a device whose session has ended', async () => {
    const app = await newApp(opened.store);
    const [device = 0] = await wakeable(app, 1, { tags: ['a'] });
    const topics = [await topicOf(app, ''), await topicOf(app, 'a')];
    const [read, both] = [topical(app, topics), topical(app, topics)];
    await opened.store.commitDeliveries(batch({ pushes: [read.made, both.made] }));
    await opened.store.commitDeliveries(batch({ cursors: [{ deviceNum: device, pushId: read.id }] }));
    expect(await plan({ kind: 'devices', deviceNums: [device] })).toBe(1);
    expect((await dueOf(app)).map(({ pushId }) => pushId)).toEqual([both.id]);
  });

  it('finds after a crash what was not planned, of apps with a credential', async () => {
    const [app, without] = [await newApp(opened.store), await newApp(opened.store)];
    await opened.change(
      `INSERT INTO channels (app_num, name, channel, settings, key_id, created_at, updated_at)
       VALUES (?, 'apns', 1, '{}', '', ?, ?)`,
      [app.num, NOW, NOW],
    );
    const [device = 0] = await wakeable(app, 1);
    const [foreign = 0] = await wakeable(without, 1);
    const texts = { content: { alert: 'a', smsMessage: 'b' } };
    const [own, others] = [directed(app, [device], texts), directed(without, [foreign])];
    const topic = topical(app, [await topicOf(app, '')]);
    await opened.store.commitDeliveries(batch({ pushes: [own.made, others.made, topic.made] }));
    await opened.change('UPDATE pushes SET sms = 1 WHERE id = ?', [own.id]);
    const found = { planned: 0, sms: [] as number[] };
    for (const [part, first] of [
      ['walks', own.id],
      ['inboxes', 0],
    ] as const) {
      for (let after: number | undefined = first; after !== undefined; ) {
        const recovery = { part, appNums: [app.num], after, limit: 10, dueAt: NOW, spreadMs: 0, now: NOW };
        const page = await opened.store.commitWakeRecovery(recovery);
        found.sms.push(...page.smsPushes.map(({ pushId }) => pushId));
        after = page.through;
      }
    }
    expect((await dueOf(app)).map(({ pushId }) => pushId)).toEqual([own.id]);
    expect(await dueOf(without)).toEqual([]);
    expect(found.sms).toContain(own.id);
    expect((await opened.store.findDueWalks(NOW, 1000)).walks.map(({ pushId }) => pushId)).toContain(topic.id);
  });

  it('tells when a device had its last background push', async () => {
    const app = await newApp(opened.store);
    const [device = 0, other = 0] = await wakeable(app, 2);
    const { made, id } = directed(app, [device, other], { msgType: 'CMD' });
    await opened.store.commitDeliveries(batch({ pushes: [made] }));
    await plan({ kind: 'push', pushId: id });
    await change({ claims: [apns(id, device)] });
    expect(await opened.store.findBackgroundWakes([device, other], NOW - 1)).toEqual(new Map([[device, NOW]]));
  });

  it('tells of wakes in the counts of a push, in timelines, and among receipts in the order of their commits', async () => {
    const app = await newApp(opened.store);
    const [one = 0, two = 0] = await wakeable(app, 2);
    const { made, id, deliveries } = directed(app, [one, two]);
    const start = await opened.store.lastReceipt();
    await opened.store.commitDeliveries(batch({ pushes: [made] }));
    await plan({ kind: 'push', pushId: id });
    await change({ claims: [apns(id, one)] });
    await change({ settled: [{ ...apns(id, one), state: 'accepted', reason: undefined }] });
    await opened.store.commitDeliveries(batch({ delivered: deliveries }));
    await change({ claims: [apns(id, two)] });
    const report = must(await opened.store.findPushReport(id, app.num));
    expect(report.wakes).toEqual({ due: 0, sending: 0, accepted: 1, failed: 0, unknown: 0, cancelled: 1 });
    const stream = await opened.store.readReceipts(start, 100);
    const told = stream.map((entry) => ('wake' in entry ? entry.wake.state : entry.state));
    expect(told).toEqual(['accepted', 'delivered', 'delivered', 'cancelled']);
    expect(stream[0]).toMatchObject({
      appNum: app.num,
      requestId: id,
      wake: { channel: 'APNS', attempts: 1, at: NOW },
    });
    const third = must(stream[2]).position;
    expect(await opened.store.readReceipts(third, 1)).toEqual(stream.slice(3));
    expect(await opened.store.lastReceipt()).toEqual(must(stream[3]).position);
    const [device] = await opened.rows('SELECT id FROM devices WHERE num = ?', [one]);
    const filter = { deviceIds: [String(must(device).id)], ofUser: false };
    const page = await opened.store.readTimeline(filter, { pushId: Number.MAX_SAFE_INTEGER, deviceNum: 0 }, 10);
    expect(page.entries).toMatchObject([
      { pushId: id, wakes: [{ channel: 'APNS', state: 'accepted', reason: undefined }] },
    ]);
  });

  it('removes wakes and walks with their push', async () => {
    const app = await newApp(opened.store);
    const [device = 0] = await wakeable(app, 1);
    const { made, id } = directed(app, [device]);
    const topic = topical(app, [await topicOf(app, '')]);
    await opened.store.commitDeliveries(batch({ pushes: [made, { ...topic.made, wakeAt: NOW }] }));
    await plan({ kind: 'push', pushId: id });
    const end = NOW + 1_000_000;
    for (let more = true, eraseFrom = 0; more; ) {
      const swept = await opened.store.commitSweep({ now: end, eraseFrom, removeBefore: end });
      ({ more } = swept);
      eraseFrom = swept.erasedThrough;
    }
    expect(await rowsOf(app)).toEqual([]);
    expect(await opened.rows('SELECT push_id FROM wake_walks WHERE app_num = ?', [app.num])).toEqual([]);
    expect(nextPushId()).toBeGreaterThan(id);
  });
});
