import { expect, it } from 'vitest';
import type { DeliveryPlace, TimelineFilter } from '../../core/domain/queries.js';
import type { Store } from '../../core/store/store.js';
import { eachStore, must } from './each-store.js';
import { batch, directed, NOW, newApp, newDevices, push, register, registration, topical } from './samples.js';

const FIRST: DeliveryPlace = { pushId: 0, deviceNum: 0 };
const NEWEST: DeliveryPlace = { pushId: Number.MAX_SAFE_INTEGER, deviceNum: 0 };

/** All pages, joined: with as many entries a page as asked for at the most. */
async function wholeTimeline(store: Store, filter: TimelineFilter, limit: number) {
  const entries = [];
  let at: DeliveryPlace | undefined = NEWEST;
  for (let pages = 0; at !== undefined && pages < 1000; pages++) {
    const page = await store.readTimeline(filter, at, limit);
    expect(page.entries.length).toBeLessThanOrEqual(limit);
    entries.push(...page.entries);
    at = page.next;
  }
  expect(at).toBeUndefined();
  return entries;
}

eachStore('deliveries of a push', (opened) => {
  it('are listed by device, page by page, each once though it ends meanwhile', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const devices = (await newDevices(store, app, 5)).map(({ device }) => device);
    const sent = directed(
      app,
      devices.map(({ num }) => num),
    );
    await store.commitDeliveries(batch({ pushes: [sent.made], delivered: [] }));
    await store.commitDeliveries(batch({ delivered: [must(sent.deliveries[0])] }));
    const filter = { id: sent.id, appNum: app.num, state: undefined };
    const first = must(await store.listDeliveries(filter, FIRST, 2));
    expect(first.entries).toMatchObject([
      { pushId: sent.id, deviceId: must(devices[0]).id, state: 'delivered', endedAt: NOW },
      { deviceId: must(devices[1]).id, state: undefined, endedAt: undefined },
    ]);
    await store.commitDeliveries(batch({ delivered: sent.deliveries.slice(1, 3) }));
    const second = must(await store.listDeliveries(filter, must(first.next), 100));
    expect(second.entries.map(({ deviceId }) => deviceId)).toEqual(devices.slice(2).map(({ id }) => id));
    expect(second.entries.map(({ state }) => state)).toEqual(['delivered', undefined, undefined]);
    expect(second.next).toBeUndefined();
  });

  it('are listed by state, and for their own app only', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const devices = (await newDevices(store, app, 3)).map(({ device }) => device);
    const sent = directed(
      app,
      devices.map(({ num }) => num),
    );
    await store.commitDeliveries(batch({ pushes: [sent.made] }));
    await store.commitDeliveries(batch({ delivered: [must(sent.deliveries[1])] }));
    const idsIn = async (state: 'pending' | 'delivered' | 'expired') => {
      const page = await store.listDeliveries({ id: sent.id, appNum: app.num, state }, FIRST, 10);
      return must(page).entries.map(({ deviceId }) => deviceId);
    };
    expect(await idsIn('pending')).toEqual([must(devices[0]).id, must(devices[2]).id]);
    expect(await idsIn('delivered')).toEqual([must(devices[1]).id]);
    expect(await idsIn('expired')).toEqual([]);
    const others = { id: sent.id, appNum: app.num + 1, state: undefined };
    expect(await store.listDeliveries(others, FIRST, 10)).toBeUndefined();
  });

  it('of a push made in many parts are those of all parts, found by the id of the whole', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const device = must((await newDevices(store, app, 1))[0]).device;
    const parts = Array.from({ length: 12 }, () => directed(app, [device.num]));
    await store.commitDeliveries(batch({ pushes: parts.map(({ made }) => made) }));
    const ids = parts.map(({ id }) => id);
    const job = must(ids[0]) - 1_000_000;
    await opened.change(`UPDATE pushes SET job_id = ? WHERE id IN (${ids.map(() => '?').join(', ')})`, [job, ...ids]);
    const filter = { id: job, appNum: app.num, state: undefined };
    const first = must(await store.listDeliveries(filter, FIRST, 100));
    const rest = must(await store.listDeliveries(filter, must(first.next), 100));
    expect([...first.entries, ...rest.entries].map(({ pushId }) => pushId)).toEqual(ids);
    expect(rest.next).toBeUndefined();
    expect(await store.listDeliveries({ ...filter, id: must(ids[0]) }, FIRST, 1)).toBeUndefined();
  });

  it('of a push to topics are those that were confirmed', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const [one] = await newDevices(store, app, 2);
    const { device, topics } = must(one);
    const sent = topical(app, topics, { needConfirm: true });
    await store.commitDeliveries(batch({ pushes: [sent.made] }));
    const confirmed = [{ deviceNum: device.num, pushId: sent.id }];
    await store.commitDeliveries(batch({ confirmed }));
    for (const state of [undefined, 'confirmed'] as const) {
      const page = await store.listDeliveries({ id: sent.id, appNum: app.num, state }, FIRST, 10);
      expect(page?.entries).toMatchObject([{ deviceId: device.id, state: 'confirmed' }]);
    }
    const pending = await store.listDeliveries({ id: sent.id, appNum: app.num, state: 'pending' }, FIRST, 10);
    expect(pending).toEqual({ entries: [], next: undefined });
  });
});

eachStore('timelines of devices', (opened) => {
  it('merge what waits, what has ended and the pushes to topics, newest first', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const { device, topics } = await register(store, registration(app, { tags: ['t'] }));
    const [waits, ended] = [directed(app, [device.num]), directed(app, [device.num])];
    const passed = topical(app, topics);
    const confirmed = topical(app, [must(topics[0])], { needConfirm: true });
    const newest = topical(app, [must(topics[1])], { needConfirm: true });
    await store.commitDeliveries(batch({ pushes: [waits, ended, passed, confirmed, newest].map(({ made }) => made) }));
    await store.commitDeliveries(
      batch({
        delivered: ended.deliveries,
        confirmed: [{ deviceNum: device.num, pushId: confirmed.id }],
        cursors: [{ deviceNum: device.num, pushId: confirmed.id }],
      }),
    );
    const filter = { deviceIds: [device.id], ofUser: false };
    const all = await wholeTimeline(store, filter, 100);
    expect(all).toMatchObject([
      { requestId: newest.id, topic: true, read: false, state: undefined, needConfirm: true },
      { requestId: confirmed.id, topic: true, state: 'confirmed', endedAt: NOW },
      { requestId: passed.id, topic: true, read: true, state: undefined, endedAt: undefined },
      { requestId: ended.id, topic: false, state: 'delivered', createdAt: NOW, expiresAt: NOW + 1000 },
      { requestId: waits.id, topic: false, state: undefined },
    ]);
    for (const limit of [1, 2, 3]) expect(await wholeTimeline(store, filter, limit)).toEqual(all);
  });

  it('of several devices have each push once for each, whatever the size of the page', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const made = await newDevices(store, app, 3, { tags: ['a', 'b'] });
    const nums = made.map(({ device }) => device.num);
    const topics = must(made[0]).topics;
    const pushes = Array.from({ length: 9 }, (_, index) =>
      index % 3 === 0 ? topical(app, topics) : directed(app, nums),
    );
    await store.commitDeliveries(batch({ pushes: pushes.map((each) => each.made) }));
    const expected = pushes
      .flatMap(({ id }) => nums.map((num) => `${id}:${num}`))
      .toSorted()
      .toReversed();
    const filter = { deviceIds: made.map(({ device }) => device.id), ofUser: true };
    for (const limit of [1, 4, 1000]) {
      const entries = await wholeTimeline(store, filter, limit);
      expect(entries.map(({ pushId, deviceNum }) => `${pushId}:${deviceNum}`)).toEqual(expected);
    }
  });

  it('have of topics what was pushed to them while the device had them, and for its platform', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const given = registration(app, { tags: ['t'], platform: 'IOS' });
    const { topics } = await register(store, given);
    const topic = must(topics[1]);
    const had = topical(app, [topic]);
    const lost = push(app);
    await register(store, { ...given, tags: [], sinceId: lost.id });
    const [after, elsewhere] = [topical(app, [topic]), topical(app, [must(topics[0])], { platform: 'WEB' })];
    await store.commitDeliveries(batch({ pushes: [had.made, after.made, elsewhere.made] }));
    const entries = await wholeTimeline(store, { deviceIds: [given.newId], ofUser: false }, 10);
    expect(entries.map(({ pushId }) => pushId)).toEqual([had.id]);
  });

  it('of a user leave out what the device got before it was theirs, that of the device does not', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const given = registration(app);
    const { device } = await register(store, given);
    const before = directed(app, [device.num]);
    await store.commitDeliveries(batch({ pushes: [before.made] }));
    await register(store, { ...given, alias: 'another user', sinceId: before.id });
    const since = directed(app, [device.num]);
    await store.commitDeliveries(batch({ pushes: [since.made] }));
    const idsOf = async (ofUser: boolean) =>
      (await wholeTimeline(store, { deviceIds: [device.id], ofUser }, 10)).map(({ pushId, state }) => [pushId, state]);
    expect(await idsOf(true)).toEqual([[since.id, undefined]]);
    expect(await idsOf(false)).toEqual([
      [since.id, undefined],
      [before.id, 'discarded'],
    ]);
  });

  it('of a device that has unregistered have what ended, and no topics', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const { device, topics } = await register(store, registration(app));
    const [waits, topic] = [directed(app, [device.num]), topical(app, topics)];
    await store.commitDeliveries(batch({ pushes: [waits.made, topic.made] }));
    await store.commitUnregistrations([device.id], NOW);
    const entries = await wholeTimeline(store, { deviceIds: [device.id], ofUser: false }, 10);
    expect(entries).toMatchObject([{ requestId: waits.id, state: 'discarded' }]);
  });

  it('read no more than a page bounds, of devices with a great deal', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const made = await newDevices(store, app, 60);
    const nums = made.map(({ device }) => device.num);
    const pushes = Array.from({ length: 60 }, () => directed(app, nums));
    await store.commitDeliveries(batch({ pushes: pushes.map((each) => each.made) }));
    const filter = { deviceIds: made.map(({ device }) => device.id), ofUser: true };
    const page = await store.readTimeline(filter, NEWEST, 1000);
    expect(page.entries).toHaveLength(1000);
    expect((await wholeTimeline(store, filter, 1000)).length).toBe(60 * 60);
  });
});
