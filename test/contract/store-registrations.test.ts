import { expect, it } from 'vitest';
import { currentTopics } from '../../core/domain/device.js';
import type { NewRegistration } from '../../core/store/store.js';
import { eachStore, must } from './each-store.js';
import { NOW, newApp, newDevices, register, registerAll, registration } from './samples.js';

eachStore('the devices of a store', (opened) => {
  it('registers a new device', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const wanted = registration(app, { platform: 'IOS', alias: 'u1', tags: ['a', 'b'], mobile: '+86 1 🚀' });
    const registered = await register(store, wanted);
    const topics = await store.findTopics(['', 'a', 'b', 'c'].map((tag) => ({ appNum: app.num, tag })));
    expect(registered).toEqual({
      device: {
        num: expect.any(Number),
        id: wanted.newId,
        appNum: app.num,
        platform: 'IOS',
        registered: true,
        generation: 1,
      },
      alias: 'u1',
      previousAlias: undefined,
      startedAfresh: true,
      unchanged: false,
      topics: expect.any(Array),
    });
    expect([...registered.topics].sort()).toEqual(topics.map((topic) => topic.num).sort());
    expect(topics.map((topic) => topic.tag).sort()).toEqual(['', 'a', 'b']);
    expect(await store.findDevicesById([wanted.newId])).toEqual([registered.device]);
    expect(await store.findDevicesByAlias([{ appNum: app.num, alias: 'u1' }])).toEqual([
      { ...registered.device, alias: 'u1' },
    ]);
  });

  it('updates a device whose token is known, whatever id it is offered', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const wanted = registration(app, { alias: 'u1', sinceId: 10 });
    const first = await register(store, wanted);
    const again = await register(store, { ...wanted, platform: 'WEB', newId: 'x', mobile: '1', sinceId: 20 });
    expect(again).toEqual({
      device: { ...first.device, platform: 'WEB' },
      alias: 'u1',
      previousAlias: 'u1',
      startedAfresh: false,
      unchanged: false,
      topics: first.topics,
    });
    const [subscriber] = await store.findSubscribers([first.device.id]);
    expect(must(subscriber).memberships).toEqual([{ topicNum: first.topics[0], since: 10, until: null }]);
  });

  it('says that a registration changes nothing of who finds the device, whatever else it changes', async () => {
    const { store } = opened;
    const wanted = registration(await newApp(store), { alias: 'u1', tags: ['a'], platform: 'IOS' });
    const unchanged = async (change: Partial<NewRegistration>): Promise<boolean> =>
      (await register(store, { ...wanted, ...change })).unchanged;
    expect(await unchanged({})).toBe(false);
    expect(await unchanged({})).toBe(true);
    expect(await unchanged({ tags: ['b'], mobile: '1', sinceId: 20 })).toBe(true);
    expect(await unchanged({ platform: 'WEB' })).toBe(false);
    expect(await unchanged({ platform: 'WEB', alias: 'u2' })).toBe(false);
    await store.commitUnregistrations([wanted.newId], NOW);
    expect(await unchanged({ platform: 'WEB', alias: 'u2' })).toBe(false);
  });

  it('starts afresh with another alias', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const wanted = registration(app, { alias: 'u1', tags: ['a'], sinceId: 10 });
    const first = await register(store, wanted);
    const again = await register(store, { ...wanted, alias: 'u2', tags: ['a', 'b'], sinceId: 20 });
    const device = { ...first.device, generation: 2 };
    expect(again).toMatchObject({ device, alias: 'u2', previousAlias: 'u1', startedAfresh: true });
    expect(await store.findDevicesByAlias([{ appNum: app.num, alias: 'u1' }])).toEqual([]);
    const subscriber = must((await store.findSubscribers([first.device.id]))[0]);
    expect(subscriber.memberships.map(({ since, until }) => [since, until])).toEqual([
      [20, null],
      [20, null],
      [20, null],
    ]);
    expect(currentTopics(subscriber.memberships).sort()).toEqual([...again.topics].sort());
  });

  it('starts afresh after unregistering, also with the same alias', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const wanted = registration(app, { alias: 'u1', tags: ['a'], sinceId: 10 });
    const first = await register(store, wanted);
    expect(await store.commitUnregistrations([first.device.id], NOW + 5)).toEqual([
      { ...first.device, registered: false, generation: 2, alias: 'u1' },
    ]);
    expect(await store.findDevicesByAlias([{ appNum: app.num, alias: 'u1' }])).toEqual([]);
    expect(await store.findDevicesById([first.device.id])).toEqual([
      { ...first.device, registered: false, generation: 2 },
    ]);
    const again = await register(store, { ...wanted, sinceId: 30 });
    expect(again).toMatchObject({
      device: { ...first.device, generation: 3 },
      previousAlias: undefined,
      startedAfresh: true,
    });
    const [subscriber] = await store.findSubscribers([first.device.id]);
    expect(must(subscriber).memberships.map(({ since }) => since)).toEqual([30, 30]);
  });

  it('unregisters once, and answers what has unregistered before all the same', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const [a, b] = (await newDevices(store, app, 2)).map(({ device }) => device);
    const ended = (device = must(a)) => ({ id: device.id, registered: false, generation: 2 });
    const ids = [must(a).id, 'nobody', must(a).id];
    expect(await store.commitUnregistrations(ids, NOW)).toMatchObject([ended()]);
    const both = await store.commitUnregistrations([must(a).id, must(b).id], NOW + 1);
    expect(both.toSorted((one, other) => one.num - other.num)).toMatchObject([ended(), ended(b)]);
    expect(await store.commitUnregistrations(ids, NOW + 2)).toMatchObject([ended()]);
    expect(await store.findDevicesById([must(a).id])).toMatchObject([ended()]);
    const [row] = await opened.rows('SELECT unregistered_at FROM devices WHERE num = ?', [must(a).num]);
    expect(Number(row?.unregistered_at)).toBe(NOW);
    expect(await store.commitUnregistrations([], NOW)).toEqual([]);
  });

  it('counts the registrations of a device: of another alias, its end and its return are each one more', async () => {
    const { store } = opened;
    const wanted = registration(await newApp(store), { alias: 'u1' });
    const steps: [() => Promise<unknown>, number][] = [
      [() => register(store, wanted), 1],
      [() => register(store, { ...wanted, tags: ['t'], platform: 'WEB' }), 1],
      [() => register(store, { ...wanted, alias: 'u2' }), 2],
      [() => store.commitUnregistrations([wanted.newId], NOW), 3],
      [() => store.commitUnregistrations([wanted.newId], NOW), 3],
      [() => register(store, { ...wanted, alias: 'u2' }), 4],
      [() => register(store, { ...wanted, alias: 'u2' }), 4],
    ];
    for (const [index, [step, generation]] of steps.entries()) {
      const answer = [await step()].flat();
      const of = { id: wanted.newId, generation };
      expect(answer, `step ${index}`).toMatchObject([index === 3 || index === 4 ? of : { device: of }]);
      expect(await store.findDevicesById([wanted.newId]), `step ${index}`).toMatchObject([of]);
      expect(await store.findSubscribers([wanted.newId]), `step ${index}`).toMatchObject([of]);
    }
  });

  it('answers in the order of the call, new devices among known ones', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const known = Array.from({ length: 3 }, () => registration(app));
    const before = await registerAll(store, known);
    const mixed = [2, 0, 1].flatMap((index) => [registration(app), { ...must(known[index]), newId: 'x' }]);
    const after = await registerAll(store, mixed);
    expect(after.map((entry) => entry.alias)).toEqual(mixed.map((entry) => entry.alias));
    expect([after[1], after[3], after[5]].map((entry) => entry?.device)).toEqual(
      [before[2], before[0], before[1]].map((entry) => entry?.device),
    );
    expect(await registerAll(store, [])).toEqual([]);
  });

  it('keeps devices of one token apart by app', async () => {
    const { store } = opened;
    const apps = [await newApp(store), await newApp(store)];
    const wanted = apps.map((app) => registration(app, { nativeToken: 'shared', alias: 'u', tags: ['t'] }));
    const [a, b] = await registerAll(store, wanted);
    expect(must(a).device.num).not.toBe(must(b).device.num);
    expect(must(a).topics.filter((topic) => must(b).topics.includes(topic))).toEqual([]);
    const again = await registerAll(store, wanted.toReversed());
    expect(again.map((entry) => entry.device)).toEqual([must(b).device, must(a).device]);
  });
});
