import { expect, it } from 'vitest';
import { eachStore, must, type OpenStore } from './each-store.js';
import { batch, directed, newApp, nextPushId, topical } from './samples.js';
import { createSweeps } from './sweeps.js';

const [DELIVERED, RECALLED] = [1, 6];
const DAY = 86_400_000;

eachStore('a recall', (opened) => {
  const { freshTime, devicesOf, withContent } = createSweeps(opened);

  it('recalls what is pending, once, and says how much it was', async () => {
    const { store } = opened;
    const at = await freshTime();
    const { app, nums } = await devicesOf(3);
    const other = await newApp(store);
    const [mine, untouched] = [
      directed(app, nums, { expiresAt: at + DAY }),
      directed(app, nums, { expiresAt: at + DAY }),
    ];
    await store.commitDeliveries(batch({ pushes: [mine.made, untouched.made] }));
    await store.commitDeliveries(batch({ delivered: [must(mine.deliveries[0])], now: at }));
    const recall = { pushId: mine.id, appNum: app.num, now: at + 1 };
    const answers = await store.commitRecalls([
      { ...recall, appNum: other.num },
      recall,
      { ...recall, pushId: nextPushId() },
    ]);
    expect(answers).toEqual([undefined, { deliveries: 2 }, undefined]);
    expect(await store.commitRecalls([{ ...recall, now: at + 2 }])).toEqual([{ deliveries: 0 }]);
    expect(await receipts(opened, mine.id)).toEqual([
      [nums[0], DELIVERED, at],
      [nums[1], RECALLED, at + 1],
      [nums[2], RECALLED, at + 1],
    ]);
    expect(await withContent([mine.id, untouched.id])).toEqual([untouched.id]);
    expect(await store.countInbox(nums)).toEqual(new Map(nums.map((num) => [num, 1])));
  });

  it('recalls a push of topics from their timelines, after which it cannot be confirmed', async () => {
    const { store } = opened;
    const at = await freshTime();
    const { app, nums, everyone } = await devicesOf(1);
    const [mine, other] = [1, 2].map(() => topical(app, [everyone], { needConfirm: true, expiresAt: at + DAY }));
    await store.commitDeliveries(batch({ pushes: [must(mine).made, must(other).made] }));
    const pushId = must(mine).id;
    expect(await store.commitRecalls([{ pushId, appNum: app.num, now: at }])).toEqual([{ deliveries: 0 }]);
    const rows = await store.readTimelines([{ topicNum: everyone, after: 0 }], Number.MAX_SAFE_INTEGER, at, 10);
    expect(rows.map((row) => row.pushId)).toEqual([must(other).id]);
    await store.commitDeliveries(batch({ confirmed: [{ deviceNum: must(nums[0]), pushId }] }));
    expect(await receipts(opened, pushId)).toEqual([]);
    expect(await withContent([pushId, must(other).id])).toEqual([must(other).id]);
  });

  it('lets a recalled push be removed as early as one that expired then, and no expired push later', async () => {
    const { store } = opened;
    const at = await freshTime();
    const { app, nums } = await devicesOf(1);
    const [long, short] = [directed(app, nums, { expiresAt: at + DAY }), directed(app, nums, { expiresAt: at - 5 })];
    await store.commitDeliveries(batch({ pushes: [long.made, short.made] }));
    await store.commitRecalls([long, short].map(({ id }) => ({ pushId: id, appNum: app.num, now: at })));
    const rows = await opened.rows('SELECT expires_at FROM pushes WHERE id IN (?, ?) ORDER BY id', [long.id, short.id]);
    expect(rows.map((row) => Number(row.expires_at))).toEqual([at, at - 5]);
  });
});

/** The receipts of a push, by device: its number, how it ended and when. */
async function receipts(opened: OpenStore, pushId: number): Promise<number[][]> {
  const rows = await opened.rows(
    'SELECT device_num, ending, ended_at FROM receipts WHERE push_id = ? ORDER BY device_num',
    [pushId],
  );
  return rows.map((row) => [Number(row.device_num), Number(row.ending), Number(row.ended_at)]);
}
