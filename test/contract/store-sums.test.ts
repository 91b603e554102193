import { expect, it } from 'vitest';
import { StoreFault } from '../../core/store/sql/driver.js';
import type { Store } from '../../core/store/store.js';
import { eachStore, must, rejectionOf } from './each-store.js';
import {
  batch,
  directed,
  NOW,
  newApp,
  newDevices,
  nextNumber,
  nextPushId,
  register,
  registerAll,
  registration,
  topical,
} from './samples.js';

const balanced = ({ targeted, ended, pending }: { targeted: number; ended: number; pending: number }) =>
  targeted === ended + pending;

eachStore('the sums of a store', (opened) => {
  async function sumsAfter(after: number) {
    return opened.store.sumDeliveries(after, 100);
  }

  /** Devices of an app of their own. */
  async function devices(store: Store, count: number) {
    const app = await newApp(store);
    return { app, nums: (await newDevices(store, app, count)).map(({ device }) => device.num) };
  }

  it('are checked in steps that are bounded in pushes and in deliveries, whatever the pushes are for', async () => {
    const { store } = opened;
    const start = nextPushId();
    const { app, nums } = await devices(store, 3);
    const first = directed(app, nums);
    const everyone = topical(app, []);
    const last = directed(app, nums);
    await store.commitDeliveries(batch({ pushes: [first.made, everyone.made, last.made] }));
    const check = async (after: number, pushes: number, deliveries: number) => {
      const { sums, through } = await store.checkSums({ after, pushes, deliveries });
      return { ids: sums.map(({ pushId }) => pushId), through };
    };
    expect(await check(start, 100, 100)).toEqual({ ids: [first.id, last.id], through: last.id });
    expect(await check(start, 2, 100)).toEqual({ ids: [first.id], through: everyone.id });
    expect(await check(start, 100, 2)).toEqual({ ids: [first.id], through: first.id });
    expect(await check(last.id, 100, 100)).toEqual({ ids: [], through: undefined });
  });

  it('hold whatever becomes of a push', async () => {
    const { store } = opened;
    const start = nextPushId();
    const app = await newApp(store);
    const given = Array.from({ length: 7 }, () => registration(app));
    const nums = (await registerAll(store, given)).map(({ device }) => device.num);
    const { made, id, deliveries } = directed(app, nums, { needConfirm: true, expiresAt: NOW + 50 });
    const nobody = directed(app, []);
    await store.commitDeliveries(batch({ pushes: [made, nobody.made] }));
    expect(await sumsAfter(start)).toEqual([
      { pushId: id, targeted: 7, ended: 0, pending: 7 },
      { pushId: nobody.id, targeted: 0, ended: 0, pending: 0 },
    ]);
    const pairs = nums.map((deviceNum) => ({ deviceNum, pushId: id }));
    const steps: (() => Promise<unknown>)[] = [
      () => store.commitDeliveries(batch({ delivered: [must(deliveries[0])] })),
      () => store.commitDeliveries(batch({ confirmed: [must(pairs[1])] })),
      () => store.commitUnregistrations([must(given[2]).newId], NOW),
      () => register(store, { ...must(given[3]), alias: 'another' }),
      () => store.commitEvictions([{ deviceNum: must(nums[4]), keep: 0, now: NOW }]),
      () => store.commitSweep({ now: NOW + 50, eraseFrom: NOW, removeBefore: 0 }),
      () => store.commitRecalls([{ pushId: id, appNum: app.num, now: NOW }]),
      () => store.commitDeliveries(batch({ delivered: deliveries, confirmed: pairs })),
    ];
    const ended: number[] = [];
    for (const step of steps) {
      await step();
      const [sum] = await sumsAfter(start);
      expect(must(sum)).toSatisfy(balanced);
      ended.push(must(sum).ended);
    }
    expect(ended).toEqual([1, 2, 3, 4, 5, 7, 7, 7]);
  });

  it('come by push, page by page, without pushes to topics', async () => {
    const { store } = opened;
    const start = nextPushId();
    const { app, nums } = await devices(store, 1);
    const made = [directed(app, nums), topical(app, []), directed(app, nums), directed(app, nums)];
    await store.commitDeliveries(batch({ pushes: made.map((one) => one.made) }));
    const ids = [0, 2, 3].map((index) => must(made[index]).id);
    const page = async (after: number) => (await store.sumDeliveries(after, 2)).map(({ pushId }) => pushId);
    expect(await page(start)).toEqual(ids.slice(0, 2));
    expect(await page(must(ids[1]))).toEqual(ids.slice(2));
    expect(await page(must(ids[2]))).toEqual([]);
  });

  it.each([
    ['a receipt is gone', 'DELETE FROM receipts WHERE push_id = ?'],
    ['a delivery is gone from its inbox', 'DELETE FROM inbox WHERE push_id = ?'],
    [
      'a delivery has ended and waits',
      'INSERT INTO receipts (push_id, device_num, ending, ended_at) SELECT push_id, device_num, 1, 1 FROM inbox WHERE push_id = ?',
    ],
  ])('show that %s', async (_, statement) => {
    const { store } = opened;
    const start = nextPushId();
    const { app, nums } = await devices(store, 2);
    const { made, id, deliveries } = directed(app, nums);
    await store.commitDeliveries(batch({ pushes: [made] }));
    await store.commitDeliveries(batch({ delivered: [must(deliveries[0])] }));
    expect(must((await sumsAfter(start))[0])).toSatisfy(balanced);
    await opened.change(statement, [id]);
    expect(must((await sumsAfter(start))[0])).not.toSatisfy(balanced);
  });

  it('count inboxes, however many are asked for', async () => {
    const { store } = opened;
    const { app, nums } = await devices(store, 3);
    const pushes = [directed(app, nums.slice(0, 2)), directed(app, nums.slice(0, 1))];
    await store.commitDeliveries(batch({ pushes: pushes.map(({ made }) => made) }));
    const many = [...nums, ...nums, ...Array.from({ length: 2500 }, (_, index) => 1e9 + index)];
    expect(await store.countInbox(many)).toEqual(
      new Map([
        [nums[0], 2],
        [nums[1], 1],
      ]),
    );
    expect(await store.countInbox([])).toEqual(new Map());
  });

  it('know whether there is a push', async () => {
    const { store } = opened;
    const { app } = await devices(store, 1);
    const { made, id } = topical(app, []);
    expect(await opened.hasPush(id)).toBe(false);
    await store.commitDeliveries(batch({ pushes: [made] }));
    expect(await opened.hasPush(id)).toBe(true);
  });

  it('never go below a delivery that has ended when the store says where its ids go on', async () => {
    const { store } = opened;
    const { app, nums } = await devices(store, 2);
    const { made, id, deliveries } = directed(app, nums);
    const topic = topical(app, []);
    await store.commitDeliveries(batch({ pushes: [made, topic.made] }));
    await store.commitDeliveries(batch({ delivered: deliveries }));
    expect(id).toBeLessThan(topic.id);
    expect(await store.loadHighestIds()).toEqual({ push: topic.id, delivery: deliveries[1] });
  });
});

eachStore('the idempotency keys of a store', (opened) => {
  /** A push with a key that is remembered until a time. */
  async function keyed(expiresAt: number, key = `key-${nextNumber()}`) {
    const app = await newApp(opened.store);
    const { made, id } = topical(app, []);
    const idempotency = { key, digest: `digest of ${id}`, expiresAt };
    return { id, key, made: { ...made, idempotency }, known: { digest: idempotency.digest, pushId: id } };
  }

  it('are kept with their push, until they expire', async () => {
    const { store } = opened;
    const [one, two] = [await keyed(NOW + 10), await keyed(NOW + 20)];
    await store.commitDeliveries(batch({ pushes: [one.made, two.made] }));
    const keys = [one.key, two.key, 'unknown'];
    expect(await store.findIdempotent(keys, NOW + 9)).toEqual(
      new Map([
        [one.key, one.known],
        [two.key, two.known],
      ]),
    );
    expect(await store.findIdempotent(keys, NOW + 10)).toEqual(new Map([[two.key, two.known]]));
    expect(await store.findIdempotent([], NOW)).toEqual(new Map());
    const many = [...Array.from({ length: 2000 }, (_, index) => `none-${index}`), two.key];
    expect(await store.findIdempotent(many, NOW)).toHaveProperty('size', 1);
  });

  it('tell capital from small letters', async () => {
    const { store } = opened;
    const upper = await keyed(NOW + 10, 'K'.repeat(43));
    await store.commitDeliveries(batch({ pushes: [upper.made] }));
    expect(await store.findIdempotent(['k'.repeat(43)], NOW)).toEqual(new Map());
  });

  it('begin anew once they have expired, swept or not', async () => {
    const { store } = opened;
    const first = await keyed(NOW + 10);
    await store.commitDeliveries(batch({ pushes: [first.made] }));
    const second = await keyed(NOW + 30, first.key);
    await store.commitDeliveries(batch({ pushes: [second.made], now: NOW + 10 }));
    expect(await store.findIdempotent([first.key], NOW + 10)).toEqual(new Map([[first.key, second.known]]));
  });

  it('stay with their first push: a commit that has one anew is refused, and nothing of it is there', async () => {
    const { store } = opened;
    const first = await keyed(NOW + 10);
    await store.commitDeliveries(batch({ pushes: [first.made] }));
    const [second, fresh] = [await keyed(NOW + 30, first.key), await keyed(NOW + 30)];
    const commit = store.commitDeliveries(batch({ pushes: [fresh.made, second.made], now: NOW + 9 }));
    expect(await rejectionOf(commit)).toBeInstanceOf(StoreFault);
    expect(await store.findIdempotent([first.key, fresh.key], NOW + 9)).toEqual(new Map([[first.key, first.known]]));
    expect([await opened.hasPush(second.id), await opened.hasPush(fresh.id)]).toEqual([false, false]);
  });

  it('go when they have expired, in small sets', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const until = (expiresAt: number) => ({
      ...topical(app, []).made,
      idempotency: { key: `k${nextNumber()}`, digest: '', expiresAt },
    });
    const [old, later] = [Array.from({ length: 1100 }, () => until(NOW + 100)), until(NOW + 101)];
    await store.commitDeliveries(batch({ pushes: [...old, later] }));
    let sets = 1;
    for (; (await store.commitSweep({ now: NOW + 100, eraseFrom: NOW + 100, removeBefore: 0 })).more; ) sets++;
    expect(sets).toBe(3);
    const rows = await opened.rows('SELECT key_hash FROM idempotency_keys WHERE expires_at <= ?', [NOW + 101]);
    expect(rows.map((row) => String(row.key_hash))).toEqual([later.idempotency.key]);
  });

  it('are not kept when the batch of their push fails', async () => {
    const { store } = opened;
    const one = await keyed(NOW + 10);
    await rejectionOf(store.commitDeliveries(batch({ pushes: [one.made, one.made] })));
    expect(await store.findIdempotent([one.key], NOW)).toEqual(new Map());
    expect(await opened.hasPush(one.id)).toBe(false);
  });
});
