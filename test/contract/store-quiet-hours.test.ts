import { expect, it } from 'vitest';
import type { App } from '../../core/domain/app.js';
import type { QuietHours, QuietSubject } from '../../core/domain/quiet-hours.js';
import { eachStore } from './each-store.js';
import { NOW, newApp, register, registration } from './samples.js';

const hours = (fromMinute: number): QuietHours => ({ timeZone: 'Europe/Berlin', fromMinute, untilMinute: 420 });
const APP: QuietSubject = { kind: 'app' };
const user = (alias: string): QuietSubject => ({ kind: 'user', alias });
const device = (deviceId: string): QuietSubject => ({ kind: 'device', deviceId });

eachStore('the quiet hours of a store', (opened) => {
  const set = (app: App, subject: QuietSubject, given?: QuietHours) =>
    opened.store.commitQuietHours([{ appNum: app.num, subject, hours: given }]);
  const find = async (app: App, alias: string, deviceId = 'd') =>
    (await opened.store.findQuietHours([{ appNum: app.num, alias, deviceId }]))[0];

  it("of a device rule over its user's, and those over the app's", async () => {
    const app = await newApp(opened.store);
    expect(await find(app, 'alice')).toBeUndefined();
    await set(app, APP, hours(1));
    expect(await find(app, 'alice')).toEqual(hours(1));
    await set(app, user('alice'), hours(2));
    await set(app, device('d'), hours(3));
    expect(await find(app, 'bob', 'e')).toEqual(hours(1));
    expect(await find(app, 'alice', 'e')).toEqual(hours(2));
    expect(await find(app, 'alice', 'd')).toEqual(hours(3));
    expect(await find(await newApp(opened.store), 'alice', 'd')).toBeUndefined();
    await set(app, device('d'));
    await set(app, user('alice'), { ...hours(4), timeZone: 'Asia/Shanghai' });
    expect(await find(app, 'alice', 'd')).toEqual({ ...hours(4), timeZone: 'Asia/Shanghai' });
    await set(app, user('alice'));
    await set(app, user('alice'));
    await set(app, APP);
    expect(await find(app, 'alice', 'd')).toBeUndefined();
  });

  it('are found for many devices of several apps at once, in their order, and listed', async () => {
    const { store } = opened;
    const apps = [await newApp(store), await newApp(store), await newApp(store)];
    const [one, two] = apps;
    if (one === undefined || two === undefined) throw new Error('no apps');
    const long = '名'.repeat(255);
    await store.commitQuietHours([
      ...Array.from({ length: 1000 }, (_, n) => ({ appNum: one.num, subject: user(`u${n}`), hours: hours(n % 1440) })),
      { appNum: one.num, subject: user(long), hours: hours(7) },
      { appNum: two.num, subject: APP, hours: hours(8) },
    ]);
    const keys = Array.from({ length: 3000 }, (_, n) => ({
      appNum: apps[n % 3]?.num ?? 0,
      alias: n === 0 ? long : `u${Math.floor(n / 3)}`,
      deviceId: `${n}`,
    }));
    const found = await store.findQuietHours(keys);
    expect(found.slice(0, 5)).toEqual([hours(7), hours(8), undefined, hours(1), hours(8)]);
    expect(found[2997]).toEqual(hours(999));
    expect(await store.findQuietHours([])).toEqual([]);
    expect(await store.listQuietHours(one.num, ['u5', 'nobody', long], ['x'])).toEqual(
      expect.arrayContaining([
        { subject: user('u5'), hours: hours(5) },
        { subject: user(long), hours: hours(7) },
      ]),
    );
    expect(await store.listQuietHours(two.num, [], [])).toEqual([{ subject: APP, hours: hours(8) }]);
  });

  it('of a device go when it unregisters, and when it changes hands', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const given = registration(app, { alias: 'a' });
    const { id } = (await register(store, given)).device;
    await set(app, user('a'), hours(1));
    await set(app, device(id), hours(2));
    await register(store, given);
    expect(await find(app, 'a', id)).toEqual(hours(2));
    await register(store, { ...given, alias: 'b' });
    expect(await find(app, 'b', id)).toBeUndefined();
    await set(app, device(id), hours(3));
    await store.commitUnregistrations([id], NOW);
    expect(await find(app, 'b', id)).toBeUndefined();
    expect(await find(app, 'a', id)).toEqual(hours(1));
  });
});
