import { expect, it } from 'vitest';
import { eachStore, must, type OpenStore } from './each-store.js';
import {
  batch,
  directed,
  NOW,
  newApp,
  newDevices,
  nextNumber,
  nextPushId,
  push,
  register,
  registerAll,
  registration,
  topical,
} from './samples.js';

const FAR = Number.MAX_SAFE_INTEGER;
const DELIVERED = 1;
const CONFIRMED = 2;
const DISCARDED = 5;

eachStore('the deliveries of a store', (opened) => {
  /** The push ids that wait for a device. */
  async function waiting(deviceNum: number): Promise<number[]> {
    const rows = await opened.store.readInbox([{ deviceNum, after: 0 }], FAR, NOW, 10_000);
    return rows.map((row) => row.pushId);
  }

  it('keeps what waits until it is delivered, exactly once', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const nums = (await newDevices(store, app, 2)).map(({ device }) => device.num);
    const { made, id, deliveries } = directed(app, nums);
    await store.commitDeliveries(batch({ pushes: [made] }));
    expect(await waiting(must(nums[0]))).toEqual([id]);
    const one = [must(deliveries[0]), must(deliveries[0])];
    await store.commitDeliveries(batch({ delivered: one, now: NOW + 7 }));
    await store.commitDeliveries(batch({ delivered: [...one, nextPushId()], now: NOW + 8 }));
    expect(await waiting(must(nums[0]))).toEqual([]);
    expect(await waiting(must(nums[1]))).toEqual([id]);
    expect(await receipts(opened, id)).toEqual([[nums[0], DELIVERED, NOW + 7]]);
  });

  it("ends what is reported late only if it is the device's", async () => {
    const { store } = opened;
    const app = await newApp(store);
    const nums = (await newDevices(store, app, 2)).map(({ device }) => device.num);
    const { made, id, deliveries } = directed(app, nums);
    await store.commitDeliveries(batch({ pushes: [made] }));
    const [deviceNum, other] = [must(nums[0]), must(nums[1])];
    const late = deliveries.map((deliveryId) => ({ deviceNum, deliveryId }));
    // More than one statement names.
    const strange = Array.from({ length: 300 }, () => ({ deviceNum, deliveryId: nextPushId() }));
    await store.commitDeliveries(batch({ lateDelivered: [...strange, ...late, ...late], now: NOW + 7 }));
    expect(await waiting(deviceNum)).toEqual([]);
    expect(await waiting(other)).toEqual([id]);
    expect(await receipts(opened, id)).toEqual([[deviceNum, DELIVERED, NOW + 7]]);
  });

  it('ends a delivery with its first ending', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const nums = (await newDevices(store, app, 2)).map(({ device }) => device.num);
    const { made, id, deliveries } = directed(app, nums, { needConfirm: true });
    await store.commitDeliveries(batch({ pushes: [made] }));
    const confirmed = nums.map((deviceNum) => ({ deviceNum, pushId: id }));
    await store.commitDeliveries(batch({ confirmed: [must(confirmed[0]), must(confirmed[0])] }));
    await store.commitDeliveries(batch({ delivered: deliveries, confirmed, now: NOW + 1 }));
    await store.commitDeliveries(batch({ delivered: deliveries, confirmed, now: NOW + 2 }));
    expect(await receipts(opened, id)).toEqual([
      [nums[0], CONFIRMED, NOW],
      [nums[1], DELIVERED, NOW + 1],
    ]);
  });

  it('skips confirmations of what was not for the device or needs none', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const [mine, other] = (await newDevices(store, app, 2)).map(({ device }) => device.num);
    const asked = directed(app, [must(mine)], { needConfirm: true });
    const plain = directed(app, [must(mine)]);
    await store.commitDeliveries(batch({ pushes: [asked.made, plain.made] }));
    const confirmed = [
      { deviceNum: must(other), pushId: asked.id },
      { deviceNum: must(mine), pushId: plain.id },
      { deviceNum: must(mine), pushId: nextPushId() },
      { deviceNum: 2 ** 31 - 1, pushId: asked.id },
    ];
    await store.commitDeliveries(batch({ confirmed }));
    expect(await waiting(must(mine))).toEqual([asked.id, plain.id]);
    expect(await receipts(opened, asked.id)).toEqual([]);
    expect(await receipts(opened, plain.id)).toEqual([]);
  });

  it('counts a confirmation of a topic push for its members only', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const foreign = await newApp(store);
    const since = nextPushId();
    const [member, former, late, ios, stranger, gone] = [
      registration(app, { tags: ['t'], sinceId: since }),
      registration(app, { tags: ['t'], sinceId: since }),
      registration(app, { sinceId: since }),
      registration(app, { tags: ['t'], sinceId: since, platform: 'IOS' }),
      registration(foreign, { tags: ['t'], sinceId: since }),
      registration(app, { tags: ['t'], sinceId: since }),
    ] as const;
    const all = [member, former, late, ios, stranger, gone];
    const nums = (await registerAll(store, all)).map(({ device }) => device.num);
    const topic = must((await store.findTopics([{ appNum: app.num, tag: 't' }]))[0]).num;
    const everyone = must((await store.findTopics([{ appNum: app.num, tag: '' }]))[0]).num;
    await register(store, { ...former, tags: [], sinceId: nextPushId() });
    const tagged = topical(app, [topic], { needConfirm: true });
    const broadcast = topical(app, [everyone], { needConfirm: true, platform: 'ANDROID' });
    const plain = topical(app, [everyone]);
    await register(store, { ...late, tags: ['t'], sinceId: nextPushId() });
    await store.commitUnregistrations([gone.newId], NOW);
    await store.commitDeliveries(batch({ pushes: [tagged.made, broadcast.made, plain.made] }));
    const confirmed = [tagged, broadcast, plain].flatMap(({ id }) =>
      nums.map((deviceNum) => ({ deviceNum, pushId: id })),
    );
    await store.commitDeliveries(batch({ confirmed: [...confirmed, ...confirmed] }));
    await store.commitDeliveries(batch({ confirmed, now: NOW + 9 }));
    const pair = (device: number) => [nums[device], CONFIRMED, NOW];
    expect(await receipts(opened, tagged.id)).toEqual([pair(0), pair(3)]);
    expect(await receipts(opened, broadcast.id)).toEqual([pair(0), pair(1), pair(2)]);
    expect(await receipts(opened, plain.id)).toEqual([]);
    const found = await store.findConfirmed([tagged.id, broadcast.id, plain.id], nums.slice(0, 3));
    expect(found).toEqual(
      new Map([
        [tagged.id, new Set([nums[0]])],
        [broadcast.id, new Set([nums[0], nums[1], nums[2]])],
      ]),
    );
  });

  it('finds only confirmations, and only those of the pairs', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const nums = (await newDevices(store, app, 3)).map(({ device }) => device.num);
    const { made, id, deliveries } = directed(app, nums, { needConfirm: true });
    await store.commitDeliveries(batch({ pushes: [made] }));
    const confirmed = [{ deviceNum: must(nums[1]), pushId: id }];
    await store.commitDeliveries(batch({ delivered: [must(deliveries[0])], confirmed }));
    expect(await store.findConfirmed([id], nums)).toEqual(new Map([[id, new Set([nums[1]])]]));
    expect(await store.findConfirmed([id], [must(nums[2])])).toEqual(new Map());
    expect(await store.findConfirmed([], nums)).toEqual(new Map());
    expect(await store.findConfirmed([id], [])).toEqual(new Map());
    const many = Array.from({ length: 2000 }, (_, index) => index + 1);
    expect(await store.findConfirmed([...many, id], nums)).toEqual(new Map([[id, new Set([nums[1]])]]));
    expect(await store.findConfirmed([id], [...many.map((num) => num + 1e9), must(nums[1])])).toHaveProperty('size', 1);
  });

  it.each(['unregistered', 'of another alias'])('discards what waited for a device that is %s', async (how) => {
    const { store } = opened;
    const app = await newApp(store);
    const wanted = registration(app);
    const { device } = await register(store, wanted);
    const { made, id, deliveries } = directed(app, [device.num], { needConfirm: true });
    const cursors = [{ deviceNum: device.num, pushId: id }];
    await store.commitDeliveries(batch({ pushes: [made], cursors }));
    if (how === 'unregistered') await store.commitUnregistrations([device.id], NOW + 3);
    else await register(store, { ...wanted, alias: 'another', now: NOW + 3 });
    expect(await waiting(device.num)).toEqual([]);
    expect(await store.findCursors([device.num])).toEqual(new Map());
    const confirmed = [{ deviceNum: device.num, pushId: id }];
    await store.commitDeliveries(batch({ delivered: deliveries, confirmed, now: NOW + 4 }));
    expect(await receipts(opened, id)).toEqual([[device.num, DISCARDED, NOW + 3]]);
  });

  it('leaves nothing of a batch that fails', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const { device } = must((await newDevices(store, app, 1))[0]);
    const earlier = directed(app, [device.num]);
    await store.commitDeliveries(batch({ pushes: [earlier.made] }));
    const good = directed(app, [device.num]);
    const everyone = must((await store.findTopics([{ appNum: app.num, tag: '' }]))[0]).num;
    const again = topical(app, [everyone], { id: earlier.id });
    const cursors = [{ deviceNum: device.num, pushId: good.id }];
    const failed = batch({ pushes: [good.made, again.made], delivered: earlier.deliveries, cursors });
    await expect(store.commitDeliveries(failed)).rejects.toThrow();
    expect(await waiting(device.num)).toEqual([earlier.id]);
    expect(await receipts(opened, earlier.id)).toEqual([]);
    expect((await store.findPushes([good.id, earlier.id])).map(({ id }) => id)).toEqual([earlier.id]);
    expect(await store.readTimelines([{ topicNum: everyone, after: 0 }], FAR, NOW, 10)).toEqual([]);
    expect(await store.findCursors([device.num])).toEqual(new Map());
    // The same without what was refused.
    await store.commitDeliveries({ ...failed, pushes: [good.made] });
    expect(await waiting(device.num)).toEqual([good.id]);
  });

  it('refuses a push whose device has two rows of it, and keeps none', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const { device } = must((await newDevices(store, app, 1))[0]);
    const { made, id } = directed(app, [device.num, device.num]);
    await expect(store.commitDeliveries(batch({ pushes: [made] }))).rejects.toThrow();
    expect(await waiting(device.num)).toEqual([]);
    expect(await store.findPushes([id])).toEqual([]);
  });

  it('lets cursors only grow', async () => {
    const { store } = opened;
    const { device } = must((await newDevices(store, await newApp(store), 1))[0]);
    const cursor = (pushId: number) => ({ deviceNum: device.num, pushId });
    await store.commitDeliveries(batch({ cursors: [cursor(50), cursor(60), cursor(55)] }));
    await store.commitDeliveries(batch({ cursors: [cursor(40)] }));
    expect(await store.findCursors([device.num, 999_999])).toEqual(new Map([[device.num, 60]]));
    await store.commitDeliveries(batch({ cursors: [cursor(2 ** 53 - 1), cursor(61)] }));
    expect(await store.findCursors([device.num])).toEqual(new Map([[device.num, 2 ** 53 - 1]]));
    expect(await store.findCursors([device.num + 1])).toEqual(new Map());
    expect(await store.findCursors([])).toEqual(new Map());
  });

  it('takes large batches', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const nums = (await newDevices(store, app, 1000)).map(({ device }) => device.num);
    const asked = [1, 2, 3].map(() => directed(app, nums, { needConfirm: true }));
    const plain = [1, 2].map(() => directed(app, nums));
    const everyone = must((await store.findTopics([{ appNum: app.num, tag: '' }]))[0]).num;
    const broadcast = topical(app, [everyone], { needConfirm: true });
    await store.commitDeliveries(batch({ pushes: [...asked, ...plain, broadcast].map(({ made }) => made) }));
    const delivered = [...plain, must(asked[2])].flatMap(({ deliveries }) => deliveries);
    expect(delivered).toHaveLength(3000);
    const confirmed = [must(asked[0]), broadcast].flatMap(({ id }) =>
      nums.map((deviceNum) => ({ deviceNum, pushId: id })),
    );
    const cursors = nums.map((deviceNum) => ({ deviceNum, pushId: broadcast.id }));
    await store.commitDeliveries(batch({ delivered, confirmed, cursors }));
    const rows = await store.readInbox(
      nums.map((deviceNum) => ({ deviceNum, after: 0 })),
      FAR,
      NOW,
      10_000,
    );
    expect(rows.map(({ deviceNum, pushId }) => [deviceNum, pushId])).toEqual(
      nums.toSorted((a, b) => a - b).map((deviceNum) => [deviceNum, must(asked[1]).id]),
    );
    expect((await store.findConfirmed([must(asked[0]).id, broadcast.id], nums)).get(broadcast.id)?.size).toBe(1000);
    expect((await store.findCursors(nums)).size).toBe(1000);
  });

  it('takes 40,000 confirmations and deliveries at once', async () => {
    const { store } = opened;
    const confirmed = Array.from({ length: 40_000 }, (_, index) => ({
      deviceNum: index + 1e9,
      pushId: index,
    }));
    const delivered = confirmed.map(({ deviceNum }) => deviceNum);
    await store.commitDeliveries(batch({ confirmed, delivered }));
  });

  it('takes a batch of more text than the server takes in one statement', async () => {
    const { store } = opened;
    const app = await newApp(store);
    // Escaped twice: as JSON and as SQL.
    const alert = '"\\'.repeat(32_000);
    const made = Array.from({ length: 30 }, () => push(app, { content: { alert, extra: JSON.stringify(alert) } }));
    await store.commitDeliveries(
      batch({ pushes: made.map((one) => ({ push: one, target: { kind: 'topics', topicNums: [] } })) }),
    );
    expect(await store.findPushes(made.map(({ id }) => id).slice(-1))).toEqual(made.slice(-1));
  });

  it('takes an empty batch', async () => {
    await opened.store.commitDeliveries(batch({}));
  });

  it('knows the highest ids, also after it was opened again', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const { device } = must((await newDevices(store, app, 1))[0]);
    const { made, id, deliveries } = directed(app, [device.num]);
    await store.commitDeliveries(batch({ pushes: [made] }));
    expect(await store.loadHighestIds()).toEqual({ push: id, delivery: deliveries[0] });
    await opened.reopen();
    expect(await opened.store.loadHighestIds()).toEqual({ push: id, delivery: deliveries[0] });
    expect(await opened.store.findPushes([id])).toEqual([made.push]);
    expect(await opened.store.findApps([app.id])).toEqual([app]);
  });
});

eachStore('an empty store', (opened) => {
  it('has no ids and can be reached', async () => {
    expect(await opened.store.loadHighestIds()).toEqual({ push: 0, delivery: 0 });
    await opened.store.commitNothing();
    expect(nextNumber()).toBeGreaterThan(0);
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
