import { expect, it } from 'vitest';
import { eachStore, must } from './each-store.js';
import { NOW, newApp, newDevices, nextNumber, nextPushId, register, registerAll, registration } from './samples.js';

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
