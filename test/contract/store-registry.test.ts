import { expect, it } from 'vitest';
import { LIMITS } from '../../common/contract/fields.js';
import { currentTopics } from '../../core/domain/device.js';
import type { NewRegistration } from '../../core/store/store.js';
import { insertMany } from '../support/rows.js';
import { eachStore, must } from './each-store.js';
import {
  batch,
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

eachStore('the registry of a store', (opened) => {
  it('keeps an app with its key', async () => {
    const id = `app-${nextNumber()}`;
    await opened.store.commitApps([{ id, name: '名前 🚀 ', keyHash: 'k1', now: NOW }]);
    expect(await opened.store.findApps([id, 'nobody', 'é', '日本語'])).toMatchObject([
      { num: expect.any(Number), id, name: '名前 🚀 ', keys: [{ hash: 'k1', expiresAt: null }], disabled: false },
    ]);
  });

  it('leaves an app as it is that exists already', async () => {
    const id = `app-${nextNumber()}`;
    const other = `app-${nextNumber()}`;
    await opened.store.commitApps([{ id, name: 'first', keyHash: 'k1', now: NOW }]);
    await opened.store.commitApps([
      { id, name: 'second', keyHash: 'k2', now: NOW },
      { id: other, name: 'other', keyHash: 'k3', now: NOW },
      { id: other, name: 'other again', keyHash: 'k4', now: NOW },
    ]);
    const found = await opened.store.findApps([id, other]);
    expect(found.map(({ name, keys }) => [name, keys.map(({ hash }) => hash)]).sort()).toEqual([
      ['first', ['k1']],
      ['other', ['k3']],
    ]);
    await opened.store.commitApps([]);
  });

  it('tells apart app ids and device ids that differ in case or in a blank', async () => {
    const { store } = opened;
    const id = `App-${nextNumber()}`;
    await store.commitApps([{ id, name: '', keyHash: 'k', now: NOW }]);
    expect(await store.findApps([id.toLowerCase(), `${id} `])).toEqual([]);
    const { device } = await register(store, registration(await newApp(store), { newId: `abc${nextNumber()}` }));
    const others = [device.id.toUpperCase(), `${device.id} `, 'é', '日本'];
    expect(await store.findDevicesById(others)).toEqual([]);
    expect(await store.commitUnregistrations(others, NOW)).toEqual([]);
    expect(await store.findDevicesById([...others, device.id])).toEqual([device]);
  });

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

  it('adds, ends and brings back tags', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const wanted = registration(app, { tags: ['a', 'b'], sinceId: 10 });
    const { device } = await register(store, wanted);
    const topics = await store.findTopics(['a', 'b', 'c'].map((tag) => ({ appNum: app.num, tag })));
    const tagOf = new Map(topics.map(({ num, tag }) => [num, tag]));
    const history = async () => {
      const { memberships } = must((await store.findSubscribers([device.id]))[0]);
      const named = memberships.map(({ topicNum, since, until }) => [tagOf.get(topicNum) ?? '?', since, until]);
      return named.filter(([tag]) => tag !== '?').sort();
    };
    // What has ended is told as long as there is a push that it may have had.
    const { made, id } = topical(app, [must(topics[0]).num], { id: 15 });
    await store.commitDeliveries(batch({ pushes: [made] }));
    await register(store, { ...wanted, tags: ['b'], sinceId: 20 });
    expect(await history()).toEqual([
      ['a', 10, 20],
      ['b', 10, null],
    ]);
    // Back before anything else was pushed.
    await register(store, { ...wanted, tags: ['a', 'b'], sinceId: 20 });
    await register(store, { ...wanted, tags: ['b'], sinceId: 20 });
    await register(store, { ...wanted, tags: ['a', 'b'], sinceId: 20 });
    expect(await history()).toEqual([
      ['a', 10, 20],
      ['a', 20, null],
      ['b', 10, null],
    ]);
    const last = await register(store, { ...wanted, tags: [], sinceId: 30 });
    expect(last.topics).toHaveLength(1);
    expect(await history()).toEqual([
      ['a', 10, 20],
      ['a', 20, 30],
      ['b', 10, 30],
    ]);
    await store.commitRecalls([{ pushId: id, appNum: app.num, now: NOW }]);
    expect(await history()).toEqual([]);
  });

  it('keeps a bounded part of what a device once had as tags, and nothing that no push can have met', async () => {
    const { store, rows } = opened;
    const app = await newApp(store);
    const wanted = registration(app, { tags: ['first'], sinceId: 10 });
    const { device } = await register(store, wanted);
    const kept = () => rows('SELECT since_id, until_id FROM device_tags WHERE device_num = ?', [device.num]);
    const fresh = (round: number) => Array.from({ length: LIMITS.tags }, (_, tag) => `${round}-${tag}`);
    for (let round = 0; round < 3; round++) await register(store, { ...wanted, tags: fresh(round), sinceId: 20 });
    expect((await kept()).filter(({ since_id }) => Number(since_id) === 20)).toHaveLength(LIMITS.tags);
    for (let round = 3; round < 7; round++) {
      await register(store, { ...wanted, tags: fresh(round), sinceId: 20 + 10 * round });
    }
    const ended = (await kept()).flatMap(({ until_id }) => (until_id === null ? [] : [Number(until_id)]));
    expect(ended).toHaveLength(LIMITS.endedTags);
    expect([...new Set(ended)].sort()).toEqual([70, 80]);
  });

  it('shares a topic between the devices of an app, also those of one call', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const first = await newDevices(store, app, 3, { tags: ['x'] });
    const second = await newDevices(store, app, 2, { tags: ['x', 'y'] });
    expect(new Set(first.flatMap((entry) => entry.topics)).size).toBe(2);
    expect(new Set([...first, ...second].flatMap((entry) => entry.topics)).size).toBe(3);
    expect(await store.findTopics([{ appNum: app.num, tag: 'never' }])).toEqual([]);
  });

  it('tells apart names that are alike', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const names = [
      'é',
      'e\u0301',
      'e',
      'E',
      'e ',
      ' e',
      '🚀',
      '🚁',
      'ß',
      'ss',
      '中'.repeat(255),
      '中'.repeat(254),
      "'\\%_",
    ];
    const registered = await registerAll(
      store,
      names.map((name) => registration(app, { alias: name, tags: [name] })),
    );
    for (const [index, name] of names.entries()) {
      const { device, topics } = must(registered[index]);
      expect(await store.findDevicesByAlias([{ appNum: app.num, alias: name }])).toEqual([{ ...device, alias: name }]);
      const [topic] = await store.findTopics([{ appNum: app.num, tag: name }]);
      expect(topic).toEqual({ appNum: app.num, tag: name, num: topics[1] });
    }
    expect(await store.findDevicesByAlias(names.map((alias) => ({ appNum: app.num, alias })))).toHaveLength(
      names.length,
    );
  });

  it('finds a device by a long native token', async () => {
    const { store } = opened;
    const wanted = registration(await newApp(store), { nativeToken: '中'.repeat(4096) });
    const first = await register(store, wanted);
    expect((await register(store, { ...wanted, newId: 'x' })).device).toEqual(first.device);
    const other = await register(store, registration(await newApp(store), { nativeToken: `${'中'.repeat(4095)}国` }));
    expect(other.device.num).not.toBe(first.device.num);
  });

  it('registers 2,000 devices with tags of their own in one call', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const wanted = Array.from({ length: 2000 }, (_, index) =>
      registration(app, { alias: `u${index % 1500}`, tags: Array.from({ length: 20 }, (_, tag) => `${index}-${tag}`) }),
    );
    const registered = await registerAll(store, wanted);
    expect(new Set(registered.flatMap((entry) => entry.topics)).size).toBe(40_001);
    const at = { sinceId: nextPushId() };
    const again = await registerAll(
      store,
      wanted.map((entry) => ({ ...entry, ...at, tags: ['all'] })),
    );
    expect(again.every((entry) => entry.topics.length === 2 && !entry.startedAfresh)).toBe(true);
    const pairs = Array.from({ length: 1500 }, (_, index) => ({ appNum: app.num, alias: `u${index}` }));
    expect(await store.findDevicesByAlias(pairs)).toHaveLength(2000);
    const ids = wanted.map((entry) => entry.newId);
    expect(await store.findDevicesById([...ids, ...ids])).toHaveLength(2000);
    expect(await store.findSubscribers(ids)).toHaveLength(2000);
    expect(await store.commitUnregistrations(ids, NOW)).toHaveLength(2000);
  });

  it('refuses an alias more devices than it may have, and nobody else', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const full = Array.from({ length: LIMITS.devicesOfAlias }, () => registration(app, { alias: 'full' }));
    const known = await registerAll(store, full.slice(1));
    const [other, ...results] = await store.commitRegistrations([
      registration(app, { alias: 'other' }),
      { ...must(full[1]), platform: 'WEB', tags: ['again'] },
      must(full[0]),
      registration(app, { alias: 'full' }),
      registration(app, { alias: 'free' }),
    ]);
    const [again, last, refused, free] = results;
    expect([other, again, last, free].map((result) => typeof result)).toEqual(Array(4).fill('object'));
    expect(refused).toBe('TOO_MANY_DEVICES');
    expect(await store.findDevicesByAlias([{ appNum: app.num, alias: 'full' }])).toHaveLength(full.length);
    if (typeof other !== 'object') throw new Error('it was refused');
    const update = { appNum: app.num, addTags: [], removeTags: [], mobile: undefined, sinceId: 1, now: NOW };
    const moved = { ...update, id: other.device.id, alias: 'full' };
    expect(await store.commitUpdates([moved])).toEqual(['TOO_MANY_DEVICES']);
    await store.commitUnregistrations([must(known[0]).device.id], NOW);
    expect(await store.commitUpdates([moved])).toMatchObject([{ result: { alias: 'full', previousAlias: 'other' } }]);
    expect(await store.commitRegistrations([must(full[1])])).toEqual(['TOO_MANY_DEVICES']);
  });

  it('refuses an app more tags than it may have, and those that it has to nobody', async () => {
    const { store, url } = opened;
    const app = await newApp(store);
    const others = Array.from({ length: LIMITS.tagsOfApp - 4 }, (_, index) => [app.num, `t${index}`]);
    await insertMany(url, 'topics (app_num, tag)', others);
    // Four are left: everyone's timeline is none of a tag.
    expect(typeof must((await store.commitRegistrations([registration(app, { tags: ['a', 'b'] })]))[0])).toBe('object');
    const results = await store.commitRegistrations([
      registration(app, { tags: ['c', 'd', 'e'] }),
      registration(app, { tags: ['a', 'c'] }),
      registration(app, { tags: ['c', 'd'] }),
      registration(app, { tags: ['e'] }),
      registration(app, { tags: ['t1', 'a', 'd'] }),
    ]);
    expect(results.map((result) => (typeof result === 'object' ? 'registered' : result))).toEqual([
      'TOO_MANY_TAGS',
      'registered',
      'registered',
      'TOO_MANY_TAGS',
      'registered',
    ]);
    expect(await store.findTopics([{ appNum: app.num, tag: 'e' }])).toEqual([]);
    expect(
      typeof must((await store.commitRegistrations([registration(await newApp(store), { tags: ['e'] })]))[0]),
    ).toBe('object');
  });

  it('refuses a full app another device, and none that it has', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const [known, gone] = [registration(app), registration(app)];
    await registerAll(store, [known, gone]);
    await store.commitUnregistrations([gone.newId], NOW);
    const full = { isAppFull: true };
    const results = await store.commitRegistrations([
      registration(app, full),
      { ...known, ...full, alias: 'other' },
      { ...gone, ...full },
    ]);
    expect(results).toMatchObject(['APP_FULL', { alias: 'other' }, 'APP_FULL']);
    expect(await store.countDevices(app.num)).toBe(1);
  });

  it('counts devices and tags of an app', async () => {
    const { store } = opened;
    const [app, other] = [await newApp(store), await newApp(store)];
    expect([await store.countDevices(app.num), await store.countTags(app.num)]).toEqual([0, 0]);
    await registerAll(store, [
      registration(app, { alias: 'a', tags: ['x', 'y'] }),
      registration(app, { alias: 'a', tags: ['y'] }),
      registration(app, { alias: 'b' }),
      registration(other, { alias: 'a', tags: ['z'] }),
    ]);
    expect([await store.countDevices(app.num), await store.countTags(app.num)]).toEqual([3, 2]);
  });

  it('finds nothing for empty sets', async () => {
    const { store } = opened;
    expect(await store.findApps([])).toEqual([]);
    expect(await store.findDevicesByAlias([])).toEqual([]);
    expect(await store.findDevicesById([])).toEqual([]);
    expect(await store.findSubscribers([])).toEqual([]);
    expect(await store.findSubscribers(['nobody'])).toEqual([]);
    expect(await store.findTopics([])).toEqual([]);
  });

  it('knows nothing of a registration that failed', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const taken = must((await newDevices(store, app, 1))[0]).device.id;
    const good = registration(app, { alias: 'good', tags: ['good'] });
    // Both ids are new to the call, and the second one is not new to the store.
    const failed = registerAll(store, [good, registration(app, { newId: taken })]);
    await expect(failed).rejects.toThrow();
    expect(await store.findDevicesById([good.newId])).toEqual([]);
    expect(await store.findTopics([{ appNum: app.num, tag: 'good' }])).toEqual([]);
    expect((await register(store, good)).startedAfresh).toBe(true);
  });
});
