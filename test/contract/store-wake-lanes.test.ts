import { expect, it } from 'vitest';
import { laneOf, smsLaneOf } from '../../core/store/sql/lanes.js';
import type { RefusedToken, Wake } from '../../core/store/store.js';
import { eachStore, must } from './each-store.js';
import { batch, directed, NOW, newApp, newDevices, register, registration, topical } from './samples.js';
import { apnsLane, UNTIL, wakeSamples } from './wake-samples.js';

eachStore('lanes of wakes', (opened) => {
  const { giveToken, wakeable, plan, change } = wakeSamples(opened);
  const apns = (pushId: number, deviceNum: number): Wake => ({ pushId, deviceNum, channel: 'APNS' });

  it('are found with their first times, whether they are known or not, and are read each by itself', async () => {
    const [app, other] = [await newApp(opened.store), await newApp(opened.store)];
    const [one = 0, two = 0] = await wakeable(app, 2);
    const [sandbox] = await newDevices(opened.store, app, 1);
    await giveToken(app, must(sandbox).device.num, { environment: 'SANDBOX' });
    const [foreign = 0] = await wakeable(other, 1);
    const pushes = [directed(app, [one, two, must(sandbox).device.num]), directed(other, [foreign])];
    await opened.store.commitDeliveries(batch({ pushes: pushes.map(({ made }) => made) }));
    for (const { id } of pushes) await plan({ kind: 'push', pushId: id });
    await change({ claims: [apns(must(pushes[0]).id, one)] });
    const lanes = [
      { lane: apnsLane(app), dueAt: NOW },
      { lane: laneOf(app.num, { channel: 'APNS', environment: 'SANDBOX' }), dueAt: NOW },
      { lane: apnsLane(other), dueAt: NOW },
    ];
    const all = lanes.map(({ lane }) => lane);
    for (const known of [[], all, all.slice(1, 2), [1, ...all, Number.MAX_SAFE_INTEGER]]) {
      expect(await opened.store.findWakeLanes(known)).toEqual(lanes);
    }
    const found = async (lane: number, now = NOW) =>
      (await opened.store.findDueWakes(now, [lane], 10)).map(({ deviceNum }) => deviceNum);
    expect(await found(must(all[0]))).toEqual([two]);
    expect((await found(must(all[0]), UNTIL)).sort()).toEqual([one, two].sort());
    expect(await found(must(all[1]))).toEqual([must(sandbox).device.num]);
    expect(await opened.store.countDueWakes(must(all[0]), NOW, 10)).toBe(1);
    expect((await opened.store.findTokenLanes(app.num)).sort()).toEqual(all.slice(0, 2).sort());
  });

  it('are those of the tokens that devices are registered with', async () => {
    const app = await newApp(opened.store);
    const token = { channel: 'APNS', token: 'ab', environment: 'SANDBOX', bundle: 'com.example.one' } as const;
    await register(opened.store, registration(app, { push: token }));
    expect(await opened.store.findTokenLanes(app.num)).toEqual([laneOf(app.num, token)]);
    expect(laneOf(app.num, token)).not.toBe(laneOf(app.num, { ...token, bundle: 'com.example.two' }));
    expect(laneOf(app.num, token)).not.toBe(laneOf(app.num, { ...token, environment: 'PRODUCTION' }));
  });

  const used = { hash: 'hash', registeredAt: NOW };
  it.each<[string, { rotated?: boolean; registeredAt?: number; at?: number | undefined }, 'dead' | 'stays']>([
    ['is the one that was used', {}, 'dead'],
    ['is another one, of the same millisecond', { rotated: true }, 'stays'],
    ['is another one, and the clock was set back', { rotated: true, registeredAt: NOW - 5 }, 'stays'],
    ['was registered again', { registeredAt: NOW + 5 }, 'stays'],
    ['was registered again by a clock that was set back', { registeredAt: NOW - 5 }, 'stays'],
    ['was registered again, after the vendor says that it died', { registeredAt: NOW + 5, at: NOW + 4 }, 'stays'],
    ['was registered again, before the vendor says that it died', { registeredAt: NOW + 5, at: NOW + 6 }, 'dead'],
    ['is another one, before the vendor says that it died', { rotated: true, at: NOW + 6 }, 'stays'],
  ])('drop a refused token, if it %s: %o', async (_, { rotated, registeredAt = NOW, at }, expected) => {
    const app = await newApp(opened.store);
    const { device } = must((await newDevices(opened.store, app, 1))[0]);
    const hash = await giveToken(app, device.num);
    const { made, id } = directed(app, [device.num]);
    await opened.store.commitDeliveries(batch({ pushes: [made] }));
    await plan({ kind: 'push', pushId: id });
    await change({ claims: [apns(id, device.num)] });
    await opened.change('UPDATE device_tokens SET registered_at = ?, token_hash = ? WHERE device_num = ?', [
      registeredAt,
      rotated ? `${hash}-new` : hash,
      device.num,
    ]);
    const refused: RefusedToken = { ...used, hash, at, state: 'dead', reason: 'Unregistered' };
    await change({ refusedTokens: [{ ...apns(id, device.num), ...refused }], now: NOW + 9 });
    const [token] = await opened.rows('SELECT state, reason FROM device_tokens WHERE device_num = ?', [device.num]);
    const due = await opened.store.findDueWakes(NOW + 9, [apnsLane(app)], 10);
    const stays = { state: Number(token?.state), reason: token?.reason, due: due.length };
    expect(stays).toEqual(
      expected === 'stays' ? { state: 0, reason: null, due: 1 } : { state: 1, reason: 'Unregistered', due: 0 },
    );
  });

  it('set the times of many wakes by one statement, each its own', async () => {
    const app = await newApp(opened.store);
    const nums = await wakeable(app, 120);
    const { made, id } = directed(app, nums, { expiresAt: NOW * 2 });
    await opened.store.commitDeliveries(batch({ pushes: [made] }));
    await plan({ kind: 'push', pushId: id });
    const reason = (index: number): string => (index % 3 === 0 ? 'busy' : 'down');
    await change({
      postponed: nums.map((num, index) => {
        return { ...apns(id, num), dueAt: NOW + 10 + index, reason: reason(index), doubts: 1 - (index % 2) };
      }),
    });
    const rows = await opened.rows(
      'SELECT device_num, due_at, doubts, reason FROM wakes WHERE push_id = ? ORDER BY device_num',
      [id],
    );
    expect(rows.map((row) => [Number(row.device_num), Number(row.due_at), Number(row.doubts), row.reason])).toEqual(
      nums.map((num, index) => [num, NOW + 10 + index, 1 - (index % 2), reason(index)]),
    );
  });

  it('have all short messages of an app, which go by the vendor that it has when they are sent', async () => {
    const app = await newApp(opened.store);
    const { device } = await register(opened.store, registration(app, { mobile: '+8613800000001' }));
    const { made, id } = directed(app, [device.num], { content: { alert: 'a', smsMessage: 'b' } });
    await opened.store.commitDeliveries(batch({ pushes: [made] }));
    await opened.change('UPDATE pushes SET sms = 1 WHERE id = ?', [id]);
    await plan({ kind: 'push', pushId: id }, { sms: 'SMS_TWILIO' });
    const before = { pushId: id, deviceNum: device.num, channel: 'SMS_TWILIO' as const };
    const after = { ...before, channel: 'SMS_ALIYUN' as const };
    expect(await change({ moved: [{ ...before, to: 'SMS_ALIYUN' }], claims: [after] })).toEqual([after]);
    expect(await opened.store.findDueWakes(UNTIL, [smsLaneOf(app.num)], 10)).toMatchObject([after]);
    expect(await plan({ kind: 'push', pushId: id }, { sms: 'SMS_TWILIO' })).toBe(0);
    const sent = [{ mobile: '+8613800000001', at: NOW }];
    expect(await opened.store.findSentSms(app.num, NOW - 1, 10)).toEqual(sent);
    expect(await opened.store.findSentSms(app.num, UNTIL, 10)).toEqual([]);
  });

  it('get the topic pushes that a device has not read in pages, all of them, each once', async () => {
    const app = await newApp(opened.store);
    const [one = 0, two = 0] = await wakeable(app, 2, { tags: ['a'] });
    const topicNums = await Promise.all(
      ['', 'a'].map(async (tag) => must((await opened.store.findTopics([{ appNum: app.num, tag }]))[0]).num),
    );
    const pushes = Array.from({ length: 250 }, (_, index) =>
      topical(app, index % 2 === 0 ? topicNums : [must(topicNums[0])]),
    );
    await opened.store.commitDeliveries(batch({ pushes: pushes.map(({ made }) => made) }));
    await opened.store.commitDeliveries(batch({ cursors: [{ deviceNum: two, pushId: must(pushes[199]).id }] }));
    let pages = 0;
    let planned = 0;
    for (let after: number | undefined, isFirst = true; isFirst || after !== undefined; isFirst = false) {
      const scope = { kind: 'devices' as const, deviceNums: [one, two], after };
      const [page] = await opened.store.commitWakePlans([{ scope, dueAt: NOW, spreadMs: 0, now: NOW }]);
      pages++;
      planned += must(page).planned;
      after = must(page).through;
    }
    expect(planned).toBe(250 + 50);
    expect(pages).toBeGreaterThan(1);
    const rows = await opened.rows('SELECT device_num FROM wakes WHERE app_num = ?', [app.num]);
    expect(rows.filter((row) => Number(row.device_num) === one)).toHaveLength(250);
    expect(rows).toHaveLength(300);
  });
});
