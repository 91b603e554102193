import { expect, it } from 'vitest';
import { LIMITS } from '../../common/contract/fields.js';
import { insertMany } from '../support/rows.js';
import { eachStore, must } from './each-store.js';
import { NOW, newApp, registerAll, registration } from './samples.js';

eachStore('the limits of the registry of a store', (opened) => {
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
});
