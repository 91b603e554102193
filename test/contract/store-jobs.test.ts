import { expect, it } from 'vitest';
import type { App } from '../../core/domain/app.js';
import type { Reach } from '../../core/domain/audience.js';
import type { JobStep } from '../../core/domain/job.js';
import { toPushReport } from '../../core/rpc/wire/query.js';
import { StoreFault } from '../../core/store/sql/driver.js';
import type { NewJob } from '../../core/store/store.js';
import { GetPushResponse_State } from '../../gen/onepush/v1/query_pb.js';
import { eachStore, must } from './each-store.js';
import { batch, directed, NOW, newApp, newDevices, nextNumber, nextPushId } from './samples.js';

const DAY = 86_400_000;
const REACH: Reach = { kind: 'tree', audience: { kind: 'not', audience: { kind: 'everyone' } }, platform: 'IOS' };

/** A job that is due now; say what matters. */
function job(app: App, given: Partial<NewJob> = {}): NewJob {
  const header = {
    appId: app.id,
    appNum: app.num,
    tenantCode: 'tenant',
    platform: 'IOS',
    msgType: 'CMD',
    needConfirm: true,
    collapseKey: 'key',
  } as const;
  return {
    id: nextPushId(),
    appNum: app.num,
    dueAt: NOW,
    createdAt: NOW,
    expiresAt: NOW + DAY,
    spec: { header, work: { content: { alert: 'later', extra: '12345678901234567890' }, reach: REACH } },
    ...given,
  };
}

eachStore('jobs', (opened) => {
  /** A part of a job as a commit: to no device, since what counts is the job. */
  function part(app: App, step: JobStep) {
    const { made, id } = directed(app, []);
    return { id, commit: () => opened.store.commitDeliveries(batch({ pushes: [{ ...made, job: step }] })) };
  }

  it('are refused where an app has as many open ones as it may, but for those whose key is known', async () => {
    const { store } = opened;
    const [app, other] = [await newApp(store), await newApp(store)];
    const limited = (of: App, key?: string) => ({ ...job(of), maxOpen: 2, ...(key !== undefined && keyed(key)) });
    const keyed = (key: string) => ({ idempotency: { key, digest: 'd', expiresAt: NOW + 1000 } });
    const [first, second, third, elsewhere] = [limited(app, 'first'), limited(app), limited(app), limited(other)];
    expect(await store.commitJobs([first, second, third, elsewhere])).toEqual([
      first.id,
      second.id,
      'full',
      elsewhere.id,
    ]);
    expect(await store.commitJobs([limited(app, 'first'), limited(app)])).toEqual([first.id, 'full']);
    expect(await store.countOpenJobs(app.num)).toBe(2);
    await store.commitCancellations([{ id: second.id, appNum: app.num, now: NOW }]);
    const fourth = limited(app);
    expect(await store.commitJobs([fourth])).toEqual([fourth.id]);
  });

  it('are kept whole until they are done', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const made = job(app);
    expect(await store.commitJobs([made])).toEqual([made.id]);
    expect((await store.loadHighestIds()).push).toBe(made.id);
    await opened.reopen();
    expect(await opened.store.findOpenJob(made.id)).toEqual({
      id: made.id,
      appNum: app.num,
      expiresAt: made.expiresAt,
      after: 0,
      header: made.spec.header,
      ...made.spec.work,
    });
  });

  it('that fail say why, have nothing left to push, and no further part', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const [made, other] = [job(app), job(app)];
    await store.commitJobs([made, other]);
    const first = part(app, { id: made.id, from: 0, after: 7, done: false });
    await first.commit();
    await store.commitFailures([{ id: made.id, reason: 'too slow' }]);
    expect(await store.findOpenJob(made.id)).toBeUndefined();
    const report = must(await store.findPushReport(made.id, app.num));
    expect(report.job).toMatchObject({ state: 'failed', failure: 'too slow' });
    expect(report.messageIds).toEqual([first.id]);
    expect(toPushReport(report, NOW)).toMatchObject({ state: GetPushResponse_State.FAILED, failure: 'too slow' });
    expect(toPushReport(report, NOW + 2 * DAY)).toMatchObject({ state: GetPushResponse_State.FAILED });
    const next = part(app, { id: made.id, from: 7, after: 8, done: true });
    await expect(next.commit()).rejects.toThrow(StoreFault);
    expect(must(await store.findPushReport(other.id, app.num)).job).toMatchObject({
      state: 'open',
      failure: undefined,
    });
    // One that is done, or cancelled, stays what it was.
    await store.commitCancellations([{ id: other.id, appNum: app.num, now: NOW }]);
    await store.commitFailures([{ id: other.id, reason: 'too slow' }]);
    expect(must(await store.findPushReport(other.id, app.num)).job).toMatchObject({ state: 'cancelled' });
  });

  it('are made once for an idempotency key', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const idempotency = { key: `key-${nextNumber()}`, digest: 'a push', expiresAt: NOW + DAY };
    const [first, again, other] = [job(app, { idempotency }), job(app, { idempotency }), job(app)];
    expect(await store.commitJobs([first])).toEqual([first.id]);
    expect(await store.commitJobs([again, other])).toEqual([first.id, other.id]);
    const another = job(app, { idempotency: { ...idempotency, digest: 'another push' } });
    expect(await store.commitJobs([another])).toEqual(['conflict']);
    expect(await store.findOpenJob(again.id)).toBeUndefined();
    expect(await store.findOpenJob(another.id)).toBeUndefined();
    const found = await store.findIdempotent([idempotency.key], NOW);
    expect(found.get(idempotency.key)).toEqual({ digest: 'a push', pushId: first.id });
    const late = job(app, { createdAt: NOW + DAY, idempotency: { ...idempotency, expiresAt: NOW + 2 * DAY } });
    expect(await store.commitJobs([late])).toEqual([late.id]);
  });

  it('go on from part to part, each once', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const made = job(app);
    const { id } = made;
    await store.commitJobs([made]);
    const first = part(app, { id, from: 0, after: 7, done: false });
    await first.commit();
    expect((await store.findOpenJob(id))?.after).toBe(7);
    for (const from of [0, 6, 8]) {
      const refused = part(app, { id, from, after: 9, done: false });
      await expect(refused.commit()).rejects.toThrow('not the next');
      expect(await opened.hasPush(refused.id)).toBe(false);
    }
    const last = part(app, { id, from: 7, after: 9, done: true });
    await last.commit();
    expect(await store.findOpenJob(id)).toBeUndefined();
    await expect(part(app, { id, from: 9, after: 9, done: true }).commit()).rejects.toThrow('not the next');
    expect(await store.findPushReport(id, app.num)).toMatchObject({
      messageIds: [first.id, last.id],
      job: { state: 'done' },
    });
    const [row] = await opened.rows('SELECT spec FROM jobs WHERE id = ?', [id]);
    expect(String(row?.spec)).not.toContain('later');
  });

  it('are due from their time on, the first of each app before the second of any', async () => {
    const { store } = opened;
    const time = NOW + 100 * DAY;
    const [one, two] = [await newApp(store), await newApp(store)];
    const at = { dueAt: time, expiresAt: time + DAY };
    const ofOne = [job(one, at), job(one, at), job(one, at)];
    const ofTwo = [job(two, at), job(two, { dueAt: time + 5, expiresAt: time + DAY })];
    await store.commitJobs([...ofOne, ...ofTwo]);
    const [a, b, c, d, e] = [...ofOne, ...ofTwo].map(({ id }) => id);
    expect(await store.findDueJobs(time - 1, 9, 9)).toEqual({ ids: [], next: time });
    expect(await store.findDueJobs(time, 9, 9)).toEqual({ ids: [a, d, b, c], next: time + 5 });
    expect((await store.findDueJobs(time, 2, 9)).ids).toEqual([a, d, b]);
    expect((await store.findDueJobs(time, 9, 1)).ids).toEqual([a]);
    expect(await store.findDueJobs(time + 5, 1, 9)).toEqual({ ids: [a, d], next: undefined });
    await store.commitAppStates([{ id: one.id, change: 'disable', now: NOW }]);
    expect((await store.findDueJobs(time + 5, 9, 9)).ids).toEqual([d, e]);
    expect((await store.findDueJobs(time + DAY, 9, 9)).ids).toEqual([]);
  });

  it('are cancelled by their own app: no part of them comes any more', async () => {
    const { store } = opened;
    const [app, other] = [await newApp(store), await newApp(store)];
    const made = job(app);
    const { id } = made;
    await store.commitJobs([made]);
    const first = part(app, { id, from: 0, after: 7, done: false });
    await first.commit();
    const cancel = (appNum: number) => store.commitCancellations([{ id, appNum, now: NOW + 1 }]);
    expect(await cancel(other.num)).toEqual([undefined]);
    expect((await store.findOpenJob(id))?.after).toBe(7);
    expect(await cancel(app.num)).toEqual([[first.id]]);
    expect(await cancel(app.num)).toEqual([[first.id]]);
    expect(await store.findOpenJob(id)).toBeUndefined();
    await expect(part(app, { id, from: 7, after: 9, done: true }).commit()).rejects.toThrow('not the next');
    expect(await store.commitCancellations([{ id: nextPushId(), appNum: app.num, now: NOW }])).toEqual([undefined]);
  });

  it('tell what they are before a part of them is made, and after they are cancelled without one', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const made = job(app, { dueAt: NOW + 5, expiresAt: NOW + 9 });
    await store.commitJobs([made]);
    const expected = {
      id: made.id,
      tenantCode: 'tenant',
      platform: 'IOS',
      msgType: 'CMD',
      needConfirm: true,
      collapseKey: 'key',
      priority: 'NORMAL',
      recalled: false,
      createdAt: NOW,
      messageIds: [],
      topic: false,
    };
    expect(await store.findPushReport(made.id, app.num)).toMatchObject({
      ...expected,
      expiresAt: NOW + 9,
      content: { alert: 'later', extra: '12345678901234567890' },
      job: { state: 'open', dueAt: NOW + 5 },
    });
    expect(await store.findPushReport(made.id, app.num + 1)).toBeUndefined();
    const deliveriesOf = (appNum: number) =>
      store.listDeliveries({ id: made.id, appNum, state: undefined }, { pushId: 0, deviceNum: 0 }, 9);
    expect(await deliveriesOf(app.num)).toEqual({ entries: [], next: undefined });
    expect(await deliveriesOf(app.num + 1)).toBeUndefined();
    await store.commitCancellations([{ id: made.id, appNum: app.num, now: NOW + 1 }]);
    const report = await store.findPushReport(made.id, app.num);
    expect(report).toMatchObject({ ...expected, recalled: true, expiresAt: NOW + 1, job: { state: 'cancelled' } });
    expect(report?.content).toBeUndefined();
  });

  it('are not recalled when they had expired before', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const made = job(app, { dueAt: NOW + 5, expiresAt: NOW + 9 });
    await store.commitJobs([made]);
    await store.commitCancellations([{ id: made.id, appNum: app.num, now: NOW + 9 }]);
    const report = await store.findPushReport(made.id, app.num);
    expect(report).toMatchObject({ recalled: false, expiresAt: NOW + 9, job: { state: 'done' } });
  });

  it('sum over their parts', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const [one, two] = (await newDevices(store, app, 2)).map(({ device }) => device.num);
    const made = job(app);
    const { id } = made;
    await store.commitJobs([made]);
    const parts = [directed(app, [must(one)]), directed(app, [must(two)])];
    for (const [index, { made: push }] of parts.entries()) {
      const step = { id, from: index, after: index + 1, done: index === 1 };
      await store.commitDeliveries(batch({ pushes: [{ ...push, job: step }] }));
    }
    await store.commitDeliveries(batch({ delivered: [must(parts[0]?.deliveries[0])] }));
    expect(await store.findPushReport(id, app.num)).toMatchObject({
      messageIds: parts.map((each) => each.id),
      content: { alert: 'hello' },
      counts: { pending: 1, delivered: 1 },
    });
  });

  it('end when their time is over, and are removed after their retention', async () => {
    const { store } = opened;
    const time = NOW + 200 * DAY;
    const app = await newApp(store);
    const [late, open, cancelled] = [
      job(app, { dueAt: time - 9, expiresAt: time }),
      job(app, { dueAt: time, expiresAt: time + 1 }),
      job(app, { dueAt: time, expiresAt: time + DAY }),
    ];
    await store.commitJobs([late, open, cancelled]);
    await store.commitCancellations([{ id: cancelled.id, appNum: app.num, now: time }]);
    const sweep = async (removeBefore: number) => {
      for (let step = { erasedThrough: 0, more: true }; step.more; )
        step = await store.commitSweep({ now: time, eraseFrom: step.erasedThrough, removeBefore });
      const states = await opened.rows('SELECT id, state FROM jobs WHERE app_num = ? ORDER BY id', [app.num]);
      return states.map((row) => [Number(row.id), Number(row.state)]);
    };
    expect(await sweep(time - 1)).toEqual([
      [late.id, 2],
      [open.id, 1],
      [cancelled.id, 3],
    ]);
    const [row] = await opened.rows('SELECT spec FROM jobs WHERE id = ?', [late.id]);
    expect(String(row?.spec)).not.toContain('later');
    expect(await sweep(time)).toEqual([[open.id, 1]]);
    // Whatever the clock says: what is not ended is not removed.
    expect(await sweep(time + DAY)).toEqual([[open.id, 1]]);
  });
});
