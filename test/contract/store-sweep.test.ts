import { expect, it } from 'vitest';
import { eachStore, must, type OpenStore } from './each-store.js';
import { batch, directed, newApp, register, registration, topical } from './samples.js';
import { createSweeps } from './sweeps.js';

const [DELIVERED, EXPIRED, EVICTED] = [1, 3, 4];
const DAY = 86_400_000;
const MINUTE = 60_000;

eachStore('what ends without the device', (opened) => {
  const { freshTime, sweep, sweepAll, devicesOf, withContent } = createSweeps(opened);

  it('ends deliveries that have expired, and no others', async () => {
    const { store } = opened;
    const at = await freshTime();
    const { app, nums } = await devicesOf(2);
    const [due, later, ended] = [at, at + 1, at].map((expiresAt) => directed(app, nums, { expiresAt }));
    await store.commitDeliveries(batch({ pushes: [due, later, ended].map((one) => must(one).made) }));
    await store.commitDeliveries(batch({ delivered: must(ended).deliveries, now: at - 1 }));
    expect(await sweep({ now: at })).toEqual({ expired: 2, erasedThrough: at, more: false });
    expect(await sweep({ now: at })).toMatchObject({ expired: 0 });
    expect(await receipts(opened, must(due).id)).toEqual(nums.map((num) => [num, EXPIRED, at]));
    expect(await receipts(opened, must(ended).id)).toEqual(nums.map((num) => [num, DELIVERED, at - 1]));
    expect(await receipts(opened, must(later).id)).toEqual([]);
    expect(await withContent([due, later, ended].map((one) => must(one).id))).toEqual([must(later).id]);
  });

  it('works in small sets, and erases content only after the deliveries of its push have ended', async () => {
    const { store } = opened;
    const at = await freshTime();
    const { app, nums } = await devicesOf(1500);
    const { made, id } = directed(app, nums, { expiresAt: at });
    await store.commitDeliveries(batch({ pushes: [made] }));
    expect(await sweep({ now: at, eraseFrom: 7 })).toEqual({ expired: 1000, erasedThrough: at - 1, more: true });
    expect(await withContent([id])).toEqual([id]);
    expect(await sweep({ now: at, eraseFrom: at - 1 })).toEqual({ expired: 500, erasedThrough: at, more: false });
    expect(await withContent([id])).toEqual([]);
    expect(await receipts(opened, id)).toHaveLength(1500);
    expect(await store.countInbox(nums)).toEqual(new Map());
  });

  it('ends the deliveries of many pushes, some of which have none, in the order of their expiry', async () => {
    const { store } = opened;
    const at = await freshTime();
    const { app, nums, everyone } = await devicesOf(3);
    // 1200 deliveries of 400 pushes, a topic push and one to nobody among them.
    const pushes = Array.from({ length: 400 }, (_, index) => directed(app, nums, { expiresAt: at - 400 + index }));
    const others = [topical(app, [everyone], { expiresAt: at - 350 }), directed(app, [], { expiresAt: at - 349 })];
    await store.commitDeliveries(batch({ pushes: [...others, ...pushes].map(({ made }) => made) }));
    const first = await sweep({ now: at });
    expect(first).toEqual({ expired: 1000, erasedThrough: at - 401, more: true });
    expect(await withContent([...others, ...pushes].map(({ id }) => id))).toHaveLength(402);
    const second = await sweep({ now: at, eraseFrom: first.erasedThrough });
    expect(second).toEqual({ expired: 200, erasedThrough: at, more: false });
    expect(await withContent([...others, ...pushes].map(({ id }) => id))).toEqual([]);
    expect(await store.countInbox(nums)).toEqual(new Map());
  });

  it('goes through what was swept before in sets too', async () => {
    const { store } = opened;
    const at = await freshTime();
    const { app } = await devicesOf(1);
    const old = Array.from({ length: 2000 }, (_, index) => topical(app, [], { expiresAt: at - 2000 + index }));
    await store.commitDeliveries(batch({ pushes: old.map(({ made }) => made) }));
    await sweepAll({ now: at });
    const late = topical(app, [], { expiresAt: at });
    await store.commitDeliveries(batch({ pushes: [late.made] }));
    const answers = await sweepAll({ now: at });
    expect(answers.map(({ erasedThrough }) => erasedThrough)).toEqual([at - 1102, at - 203, at]);
    expect(await withContent([late.id])).toEqual([]);
  });

  it('removes no push of which something is pending, however old it is', async () => {
    const { store } = opened;
    const at = await freshTime();
    const { app, nums } = await devicesOf(1);
    const passed = directed(app, nums, { expiresAt: at - 10 });
    await store.commitDeliveries(batch({ pushes: [passed.made] }));
    await sweepAll({ now: at, eraseFrom: at - 5, removeBefore: at });
    expect(await opened.hasPush(passed.id)).toBe(true);
    await sweepAll({ now: at, removeBefore: at });
    expect(await opened.hasPush(passed.id)).toBe(false);
    expect(await store.countInbox(nums)).toEqual(new Map());
  });

  it('takes expired pushes off the timelines', async () => {
    const { store } = opened;
    const at = await freshTime();
    const { app, everyone } = await devicesOf(1);
    const [due, later] = [at, at + 1].map((expiresAt) => topical(app, [everyone], { expiresAt, needConfirm: true }));
    await store.commitDeliveries(batch({ pushes: [must(due).made, must(later).made] }));
    await sweep({ now: at });
    const rows = await opened.rows('SELECT push_id FROM timeline WHERE topic_num = ?', [everyone]);
    expect(rows.map((row) => Number(row.push_id))).toEqual([must(later).id]);
    expect(await withContent([must(due).id, must(later).id])).toEqual([must(later).id]);
  });

  it('erases all that expired, however many did so in one millisecond', async () => {
    const { store } = opened;
    const at = await freshTime();
    const { app } = await devicesOf(1);
    const many = (count: number, expiresAt: number) =>
      Array.from({ length: count }, () => topical(app, [], { expiresAt }));
    const pushes = [...many(100, at - 50), ...many(1200, at - 20), ...many(3, at), ...many(2, at + 1)];
    await store.commitDeliveries(batch({ pushes: pushes.map(({ made }) => made) }));
    const answers = await sweepAll({ now: at });
    // 900 a set; a set that ends within a millisecond does not claim all of it.
    expect(answers.map(({ erasedThrough }) => erasedThrough)).toEqual([at - 21, at - 20, at]);
    expect(answers.map(({ more }) => more)).toEqual([true, true, false]);
    expect(await withContent(pushes.map(({ id }) => id))).toEqual(pushes.slice(-2).map(({ id }) => id));
  });

  it('does not look at what has been erased before', async () => {
    const { store } = opened;
    const at = await freshTime();
    const { app } = await devicesOf(1);
    const [before, after] = [at - 10, at - 9].map((expiresAt) => topical(app, [], { expiresAt }));
    await store.commitDeliveries(batch({ pushes: [must(before).made, must(after).made] }));
    await sweep({ now: at, eraseFrom: at - 10 });
    expect(await withContent([must(before).id, must(after).id])).toEqual([must(before).id]);
    await sweep({ now: at, eraseFrom: at - 11 });
    expect(await withContent([must(before).id])).toEqual([]);
  });

  it('removes pushes past their retention with their receipts, in small sets', async () => {
    const { store } = opened;
    const at = await freshTime();
    const { app, nums } = await devicesOf(1);
    const old = Array.from({ length: 450 }, () => directed(app, nums, { expiresAt: at - DAY }));
    const recent = directed(app, nums, { expiresAt: at - DAY + 1 });
    await store.commitDeliveries(batch({ pushes: [...old, recent].map(({ made }) => made) }));
    const answers = await sweepAll({ now: at, removeBefore: at - DAY });
    expect(answers.length).toBeGreaterThanOrEqual(3);
    expect(await opened.hasPush(must(old[0]).id)).toBe(false);
    expect(await store.sumDeliveries(0, 1000)).toEqual([{ pushId: recent.id, targeted: 1, ended: 1, pending: 0 }]);
    const rows = await opened.rows('SELECT COUNT(*) AS count FROM receipts WHERE device_num = ?', [must(nums[0])]);
    expect(Number(rows[0]?.count)).toBe(1);
  });

  it('removes a push with many receipts in several sets, and itself last', async () => {
    const { store } = opened;
    const at = await freshTime();
    const { app, nums, everyone } = await devicesOf(6000);
    const big = topical(app, [everyone], { needConfirm: true, expiresAt: at });
    await store.commitDeliveries(batch({ pushes: [big.made] }));
    const confirmed = nums.map((deviceNum) => ({ deviceNum, pushId: big.id }));
    await store.commitDeliveries(batch({ confirmed, now: at }));
    expect(await sweep({ now: at, removeBefore: at })).toMatchObject({ more: true });
    expect(await opened.hasPush(big.id)).toBe(true);
    expect((await receipts(opened, big.id)).length).toBeLessThan(6000);
    await sweepAll({ now: at, removeBefore: at });
    expect(await opened.hasPush(big.id)).toBe(false);
    expect(await receipts(opened, big.id)).toEqual([]);
  });

  it('evicts the oldest deliveries of an inbox, and keeps the newest', async () => {
    const { store } = opened;
    const at = await freshTime();
    const { app, nums } = await devicesOf(3);
    const pushes = [1, 2, 3, 4, 5].map(() => directed(app, nums, { expiresAt: at + DAY }));
    await store.commitDeliveries(batch({ pushes: pushes.map(({ made }) => made) }));
    const evictions = [
      { deviceNum: must(nums[1]), keep: 2, now: at },
      { deviceNum: must(nums[0]), keep: 5, now: at },
      { deviceNum: 2 ** 31 - 1, keep: 1, now: at },
    ];
    expect(await store.commitEvictions(evictions)).toEqual([
      pushes
        .slice(0, 3)
        .map(({ id }) => id)
        .reverse(),
      [],
      [],
    ]);
    expect(await store.commitEvictions(evictions)).toEqual([[], [], []]);
    const from = nums.map((deviceNum) => ({ deviceNum, after: 0 }));
    const rows = await store.readInbox(from, Number.MAX_SAFE_INTEGER, at, 100);
    const of = (num: number | undefined) => rows.filter((row) => row.deviceNum === num).map((row) => row.pushId);
    expect(of(nums[0])).toHaveLength(5);
    expect(of(nums[1])).toEqual(pushes.slice(3).map(({ id }) => id));
    expect(of(nums[2])).toHaveLength(5);
    expect(await receipts(opened, must(pushes[0]).id)).toEqual([[nums[1], EVICTED, at]]);
    expect(await receipts(opened, must(pushes[4]).id)).toEqual([]);
    expect((await store.sumDeliveries(0, 100)).map(({ pending }) => pending)).toEqual([2, 2, 2, 3, 3]);
  });

  it('removes what devices once had as tags as soon as no push of it is left', async () => {
    const { store, rows } = opened;
    const at = await freshTime();
    const app = await newApp(store);
    const wanted = registration(app, { tags: ['a', 'b'], sinceId: 10 });
    const { device, topics } = await register(store, wanted);
    const { made } = topical(app, [must(topics[1])], { id: 25, expiresAt: at + MINUTE + 1 });
    await store.commitDeliveries(batch({ pushes: [made] }));
    await register(store, { ...wanted, tags: ['b'], sinceId: 20 });
    await register(store, { ...wanted, tags: ['c'], sinceId: 30 });
    const ends = async () => {
      const kept = await rows('SELECT until_id FROM device_tags WHERE device_num = ? ORDER BY until_id', [device.num]);
      return kept.map(({ until_id }) => until_id);
    };
    expect(await ends()).toEqual([null, 20, 30]);
    await sweepAll({ now: at + MINUTE });
    expect(await ends()).toEqual([null, 30]);
    await sweepAll({ now: at + 2 * MINUTE });
    expect(await ends()).toEqual([null]);
  });

  it('says whether there may be something to sweep', async () => {
    const { store } = opened;
    const at = await freshTime();
    const { app, nums } = await devicesOf(1);
    const may = (now: number, eraseFrom: number, removeBefore = 0) =>
      store.mayBeSwept({ now, eraseFrom, removeBefore });
    expect(await may(at, at)).toBe(false);
    const { made } = directed(app, nums, { expiresAt: at + 10 });
    const idempotency = { key: `swept-${at}`, digest: 'd', expiresAt: at + 30 };
    await store.commitDeliveries(batch({ pushes: [{ ...made, idempotency }] }));
    expect(await may(at + 9, at)).toBe(false);
    expect(await may(at + 10, at)).toBe(true);
    await sweepAll({ now: at + 20, eraseFrom: at });
    expect(await may(at + 20, at + 20)).toBe(false);
    expect(await may(at + 30, at + 20)).toBe(true);
    await sweepAll({ now: at + 30, eraseFrom: at + 20 });
    expect(await may(at + 30, at + 30)).toBe(false);
    expect(await may(at + 30, at + 30, at + 10)).toBe(true);
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
