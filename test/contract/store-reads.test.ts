import { expect, it } from 'vitest';
import type { PushContent } from '../../core/domain/push.js';
import { eachStore, must } from './each-store.js';
import { batch, directed, NOW, newApp, newDevices, nextPushId, push, topical } from './samples.js';

const FAR = Number.MAX_SAFE_INTEGER;

eachStore('what waits in a store', (opened) => {
  it('comes by device and push, up to a limit that may cut a device', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const nums = (await newDevices(store, app, 3)).map(({ device }) => device.num).sort((a, b) => a - b);
    const made = [1, 2, 3, 4].map(() => directed(app, nums));
    await store.commitDeliveries(batch({ pushes: made.toReversed().map((one) => one.made) }));
    const from = (after = 0) => nums.toReversed().map((deviceNum) => ({ deviceNum, after }));
    const expected = nums.flatMap((deviceNum, index) =>
      made.map(({ id, deliveries }) => ({ id: must(deliveries[index]), deviceNum, pushId: id })),
    );
    expect(await store.readInbox(from(), FAR, NOW, 100)).toEqual(expected);
    expect(await store.readInbox(from(), FAR, NOW, 6)).toEqual(expected.slice(0, 6));
    expect(await store.readInbox(from(), FAR, NOW, 0)).toEqual([]);
    // After the second push, through the third.
    const through = must(made[2]).id;
    const after = must(made[1]).id;
    const third = expected.filter((row) => row.pushId === through);
    expect(await store.readInbox(from(after), through, NOW, 100)).toEqual(third);
    expect(await store.readInbox(from(through), through, NOW, 100)).toEqual([]);
    const mixed = [
      { deviceNum: must(nums[0]), after: 0 },
      { deviceNum: must(nums[2]), after },
    ];
    expect((await store.readInbox(mixed, through, NOW, 100)).map((row) => row.deviceNum)).toEqual([
      ...Array(3).fill(nums[0]),
      nums[2],
    ]);
    expect(await store.readInbox([], FAR, NOW, 100)).toEqual([]);
  });

  it('is gone for readers once it has expired', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const { device, topics } = must((await newDevices(store, app, 1))[0]);
    const topicNum = must(topics[0]);
    const short = directed(app, [device.num], { expiresAt: NOW + 10 });
    const long = directed(app, [device.num], { expiresAt: NOW + 20 });
    const shortTopic = topical(app, [topicNum], { expiresAt: NOW + 10, needConfirm: true });
    const longTopic = topical(app, [topicNum], { expiresAt: NOW + 20, needConfirm: true });
    await store.commitDeliveries(batch({ pushes: [short, long, shortTopic, longTopic].map(({ made }) => made) }));
    const inbox = async (now: number) =>
      (await store.readInbox([{ deviceNum: device.num, after: 0 }], FAR, now, 10)).map((row) => row.pushId);
    expect(await inbox(NOW + 9)).toEqual([short.id, long.id]);
    expect(await inbox(NOW + 10)).toEqual([long.id]);
    expect(await inbox(NOW + 20)).toEqual([]);
    for (const read of [store.readTimelines, store.readConfirmable]) {
      const ids = async (now: number) => (await read([{ topicNum, after: 0 }], FAR, now, 10)).map((row) => row.pushId);
      expect(await ids(NOW + 9)).toEqual([shortTopic.id, longTopic.id]);
      expect(await ids(NOW + 10)).toEqual([longTopic.id]);
      expect(await ids(NOW + 20)).toEqual([]);
    }
  });

  it('comes from several timelines by push', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const tags = ['a', 'b', 'c'];
    await newDevices(store, app, 1, { tags });
    const found = await store.findTopics(tags.map((tag) => ({ appNum: app.num, tag })));
    const [a, b, c] = tags.map((tag) => must(found.find((topic) => topic.tag === tag)).num) as [number, number, number];
    const p1 = topical(app, [b]);
    const p2 = topical(app, [a, c], { needConfirm: true, platform: 'WEB' });
    const p3 = topical(app, [b], { needConfirm: true, platform: 'PC' });
    const p4 = topical(app, [a]);
    await store.commitDeliveries(batch({ pushes: [p4, p2, p3, p1].map(({ made }) => made) }));
    const row = (topicNum: number, { made: { push: one } }: typeof p1) => ({
      topicNum,
      pushId: one.id,
      platform: one.platform,
      needConfirm: one.needConfirm,
    });
    const from = [a, b, c].map((topicNum) => ({ topicNum, after: 0 }));
    const all = await store.readTimelines(from, FAR, NOW, 100);
    expect(all.map(({ pushId }) => pushId)).toEqual([p1.id, p2.id, p2.id, p3.id, p4.id]);
    expect(all).toEqual(expect.arrayContaining([row(b, p1), row(a, p2), row(c, p2), row(b, p3), row(a, p4)]));
    expect(await store.readTimelines(from, FAR, NOW, 1)).toEqual([row(b, p1)]);
    expect(await store.readTimelines([{ topicNum: b, after: p1.id }], FAR, NOW, 9)).toEqual([row(b, p3)]);
    const ranges = [
      { topicNum: b, after: p1.id },
      { topicNum: a, after: p2.id },
    ];
    expect(await store.readTimelines(ranges, p3.id, NOW, 9)).toEqual([row(b, p3)]);
    expect(await store.readConfirmable([{ topicNum: a, after: 0 }, ...ranges], p4.id, NOW, 9)).toEqual([
      row(a, p2),
      row(b, p3),
    ]);
    expect(await store.readConfirmable(from, FAR, NOW, 1)).toHaveLength(1);
    expect(await store.readTimelines([], FAR, NOW, 9)).toEqual([]);
    expect(await store.readConfirmable([], FAR, NOW, 9)).toEqual([]);
  });

  it('comes from 2,500 timelines and 2,500 inboxes in the same order', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const tags = Array.from({ length: 2500 }, (_, index) => `t${index}`);
    const devices = await newDevices(store, app, 2500);
    await newDevices(store, app, 1, { tags });
    const found = await store.findTopics(tags.map((tag) => ({ appNum: app.num, tag })));
    expect(found).toHaveLength(2500);
    const nums = found.map(({ num }) => num);
    // The pushes run against the order of the topics, so that no slice of the topics is a slice of the answer.
    const topicPushes = nums
      .toSorted((x, y) => y - x)
      .map((num) => topical(app, [num], { needConfirm: num % 2 === 0 }));
    const deviceNums = devices.map(({ device }) => device.num).sort((x, y) => x - y);
    const inboxPush = directed(app, deviceNums);
    await store.commitDeliveries(batch({ pushes: [...topicPushes, inboxPush].map(({ made }) => made) }));
    const ranges = nums.map((topicNum) => ({ topicNum, after: 0 }));
    const ids = (rows: { pushId: number }[]) => rows.map(({ pushId }) => pushId);
    const expected = topicPushes.map(({ id }) => id);
    expect(ids(await store.readTimelines(ranges, FAR, NOW, 5000))).toEqual(expected);
    expect(ids(await store.readTimelines(ranges, FAR, NOW, 100))).toEqual(expected.slice(0, 100));
    const asked = topicPushes.filter(({ made }) => made.push.needConfirm).map(({ id }) => id);
    expect(ids(await store.readConfirmable(ranges, FAR, NOW, 2000))).toEqual(asked);
    for (const after of [0, 1]) {
      const from = deviceNums.toReversed().map((deviceNum) => ({ deviceNum, after }));
      const rows = await store.readInbox(from, FAR, NOW, 2000);
      expect(rows.map(({ deviceNum }) => deviceNum)).toEqual(deviceNums.slice(0, 2000));
    }
  });

  it('comes with its content as it was sent', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const contents: PushContent[] = [
      { alert: '' },
      { alert: "quotes ' \" ` \\ \\' % _ ; -- \u0000 \u2028 \r\n 🚀 中" },
      {
        alert: 'all',
        extra: '{ "id": 9223372036854775807, "f": 1.10, "e": 1E400, "a":[ -0, 0.1e-7 ] }',
        sound: '🔔',
        badge: 0,
        sender: ' s ',
        sendDevice: '设备',
        smsMessage: 'sms',
        title: '标题',
        interruption: 'CRITICAL',
        wakeOverrides: '{"APNS":{"n":12345678901234567890}}',
        wakesPerSecond: 5,
      },
      { alert: 'scalar', extra: '12345678901234567890' },
      { alert: 'x'.repeat(65_536), extra: JSON.stringify('中'.repeat(20_000)), badge: -1.5 },
    ];
    const pushes = contents.map((content, index) =>
      push(app, { content, tenantCode: index === 0 ? '' : `租户 ${index} `, msgType: index % 2 ? 'CMD' : 'MSG' }),
    );
    const platforms = ['ALL', 'ANDROID', 'IOS', 'PC', 'WEB'] as const;
    const wakes = ['OFFLINE', 'NEVER', 'ALWAYS'] as const;
    const made = pushes.map((one, index) => ({
      ...one,
      platform: must(platforms[index]),
      needConfirm: index > 2,
      wake: must(wakes[index % 3]),
    }));
    await store.commitDeliveries(
      batch({ pushes: made.map((one) => ({ push: one, target: { kind: 'topics', topicNums: [] } })) }),
    );
    const found = await store.findPushes([...made.map(({ id }) => id), nextPushId()]);
    // Whom it wakes is decided by its commit, and by its row.
    expect(found.sort((a, b) => a.id - b.id)).toEqual(made.map((one) => ({ ...one, wake: undefined })));
    expect(await store.findPushes([])).toEqual([]);
  });

  it('is found by 2,000 ids', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const made = Array.from({ length: 2000 }, () => topical(app, []));
    await store.commitDeliveries(batch({ pushes: made.map((one) => one.made) }));
    const ids = made.map(({ id }) => id);
    expect(await store.findPushes([...ids, ...ids])).toHaveLength(2000);
    expect((await store.findCursors(ids.map((_, index) => index))).size).toBe(0);
  });
});
