import { expect, it } from 'vitest';
import { firstIdAt } from '../../core/domain/id-clock.js';
import type { PushFilter } from '../../core/domain/push-list.js';
import { eachStore, must } from './each-store.js';
import { batch, directed, NOW, newApp, newDevices, nextNumber, topical } from './samples.js';

const LATEST = Number.MAX_SAFE_INTEGER;
/** An id as the core gives it out then: ids tell the time. */
const idAt = (time: number): number => firstIdAt(time) + nextNumber();
const ANY = { state: undefined, reach: undefined, tenantCode: undefined, from: undefined, until: undefined };

eachStore('the list of pushes', (opened) => {
  it('has what callers sent, the newest first, with its state, kind and beginning, and finds by each of them', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const registered = await newDevices(store, app, 2, { tags: ['a'] });
    const nums = registered.map(({ device }) => device.num);
    const old = directed(app, nums, { id: idAt(NOW - 10), createdAt: NOW - 10, expiresAt: NOW });
    const sent = directed(app, nums, {
      id: idAt(NOW),
      content: { alert: `${'x'.repeat(199)}\u{1F600}` },
      priority: 'HIGH',
    });
    const tagged = topical(app, must(registered[0]).topics, { id: idAt(NOW), tenantCode: 't' });
    await store.commitDeliveries(batch({ pushes: [old.made, sent.made, tagged.made] }));
    const header = { appId: app.id, appNum: app.num, tenantCode: '', platform: 'IOS', msgType: 'CMD' } as const;
    const reach = { kind: 'topics', tags: [], platform: 'ALL' } as const;
    const job = {
      id: idAt(NOW),
      appNum: app.num,
      dueAt: NOW + 500,
      createdAt: NOW,
      expiresAt: NOW + 1000,
      spec: { header: { ...header, needConfirm: true }, work: { content: { alert: 'later' }, reach } },
      idempotency: undefined,
    };
    await store.commitJobs([job]);
    const part = directed(app, nums);
    const step = { id: job.id, from: 0, after: must(nums[1]), done: false };
    await store.commitDeliveries(batch({ pushes: [{ ...part.made, job: step }] }));
    await store.commitDeliveries(batch({ pushes: [directed(await newApp(store), nums).made] }));

    const list = async (filter: Partial<PushFilter> = {}, before = LATEST, limit = 10) =>
      store.listPushes({ ...ANY, appNum: app.num, ...filter }, before, limit, NOW + 1);
    const { pushes, next } = await list();
    expect(next).toBeUndefined();
    expect(pushes).toMatchObject([
      {
        id: job.id,
        state: 'scheduled',
        reach: 'topics',
        platform: 'IOS',
        sendAt: NOW + 500,
        devices: 0,
        alert: 'later',
      },
      { id: tagged.id, state: 'sent', reach: 'topics', tenantCode: 't', devices: 0, alert: 'hello', sendAt: undefined },
      { id: sent.id, state: 'sent', reach: 'devices', priority: 'HIGH', devices: 2, expiresAt: NOW + 1000 },
      { id: old.id, state: 'expired', createdAt: NOW - 10, alert: 'hello' },
    ]);
    // No half of a character.
    expect(pushes[2]?.alert).toBe(`${'x'.repeat(199)}\uFFFD`);
    const ids = async (filter: Partial<PushFilter>) => (await list(filter)).pushes.map(({ id }) => id);
    expect(await ids({ state: 'expired' })).toEqual([old.id]);
    expect(await ids({ state: 'recalled' })).toEqual([]);
    expect(await ids({ reach: 'devices' })).toEqual([sent.id, old.id]);
    expect(await ids({ tenantCode: 't' })).toEqual([tagged.id]);
    expect(await ids({ tenantCode: '', state: 'scheduled' })).toEqual([job.id]);
    expect(await ids({ until: NOW })).toEqual([old.id]);
    expect(await ids({ from: NOW, state: 'sent' })).toEqual([tagged.id, sent.id]);
    const first = await list({}, LATEST, 2);
    expect(first.next).toBe(tagged.id);
    expect((await list({}, must(first.next), 2)).pushes.map(({ id }) => id)).toEqual([sent.id, old.id]);

    await store.commitRecalls([{ pushId: sent.id, appNum: app.num, now: NOW }]);
    await store.commitCancellations([{ id: job.id, appNum: app.num, now: NOW }]);
    expect((await list({ state: 'recalled' })).pushes).toMatchObject([
      { id: job.id, alert: undefined, reach: 'unknown' },
      { id: sent.id, alert: undefined },
    ]);
  });

  it('begins with the last push before a time, however many came after it', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const [device] = await newDevices(store, app, 1);
    const nums = [must(device).device.num];
    const made = (createdAt: number) => directed(app, nums, { id: idAt(createdAt), createdAt }).made;
    const [before, ...after] = [NOW - 1, ...Array.from({ length: 450 }, () => NOW)].map(made);
    await store.commitDeliveries(batch({ pushes: [must(before), ...after] }));
    const filter = { ...ANY, appNum: app.num, until: NOW };
    const { pushes, next } = await store.listPushes(filter, LATEST, 10, NOW);
    expect(pushes.map(({ id }) => id)).toEqual([must(before).push.id]);
    expect(next).toBeUndefined();
  });

  it('has each push in one of the times that follow each other, where the clock stepped back, too', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const [device] = await newDevices(store, app, 1);
    const nums = [must(device).device.num];
    const hour = 3_600_000;
    // Ids go on where they were.
    const times = [
      [0, 0],
      [0, -15],
      [0, -hour],
      [500, 499],
      [500, 500],
    ] as const;
    const pushes = times.map(
      ([id, created]) => directed(app, nums, { id: idAt(NOW + id), createdAt: NOW + created }).made,
    );
    await store.commitDeliveries(batch({ pushes }));
    const list = async (from: number | undefined, until: number | undefined) => {
      const page = await store.listPushes({ ...ANY, appNum: app.num, from, until }, LATEST, 10, NOW);
      return page.pushes.map(({ id }) => times[pushes.findIndex(({ push }) => push.id === id)]);
    };
    expect(await list(NOW + 500, undefined)).toEqual([times[4]]);
    expect(await list(NOW, NOW + 500)).toEqual([times[3], times[0]]);
    expect(await list(NOW - 1000, NOW)).toEqual([times[2], times[1]]);
    expect(await list(undefined, NOW - 1000)).toEqual([]);
  });

  it('goes on behind pushes that it has looked at in vain', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const [device] = await newDevices(store, app, 1);
    const nums = [must(device).device.num];
    const oldest = directed(app, nums, { expiresAt: NOW });
    await store.commitDeliveries(batch({ pushes: [oldest.made] }));
    await store.commitDeliveries(batch({ pushes: Array.from({ length: 450 }, () => directed(app, nums).made) }));
    const filter = { ...ANY, appNum: app.num, state: 'expired' as const };
    const vain = await store.listPushes(filter, LATEST, 10, NOW);
    expect(vain.pushes).toEqual([]);
    const { pushes, next } = await store.listPushes(filter, must(vain.next), 10, NOW);
    expect(pushes.map(({ id }) => id)).toEqual([oldest.id]);
    expect(next).toBeUndefined();
  });

  it('reads no more of jobs with large audiences than some, and goes on behind them', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const header = { appId: app.id, appNum: app.num, tenantCode: '', platform: 'ALL', msgType: 'MSG' } as const;
    const reach = { kind: 'topics', tags: ['t'.repeat(100_000)], platform: 'ALL' } as const;
    const work = { content: { alert: 'later' }, reach };
    const jobs = Array.from({ length: 20 }, () => ({
      id: nextNumber(),
      appNum: app.num,
      dueAt: NOW + 500,
      createdAt: NOW,
      expiresAt: NOW + 1000,
      spec: { header: { ...header, needConfirm: false }, work },
      idempotency: undefined,
    }));
    await store.commitJobs(jobs);
    const newest = jobs.map(({ id }) => id).toReversed();
    const filter = { ...ANY, appNum: app.num, state: 'scheduled' as const };
    const first = await store.listPushes(filter, LATEST, 1000, NOW);
    expect(first.pushes.length).toBeLessThan(20);
    const found = first.pushes.map(({ id }) => id);
    for (let { next } = first; next !== undefined; ) {
      const page = await store.listPushes(filter, next, 1000, NOW);
      found.push(...page.pushes.map(({ id }) => id));
      next = page.next;
    }
    expect(found).toEqual(newest);
  });

  it('finds at once what only jobs can be, however many pushes there are', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const [device] = await newDevices(store, app, 1);
    const nums = [must(device).device.num];
    await store.commitDeliveries(batch({ pushes: Array.from({ length: 401 }, () => directed(app, nums).made) }));
    const filter = { ...ANY, appNum: app.num, state: 'failed' as const };
    expect(await store.listPushes(filter, LATEST, 10, NOW)).toEqual({ pushes: [], next: undefined });
  });
});
