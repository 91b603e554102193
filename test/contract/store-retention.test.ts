import { expect, it } from 'vitest';
import type { App } from '../../core/domain/app.js';
import { eachStore, must, type OpenStore } from './each-store.js';
import { batch, directed, NOW, newApp, newDevices, register, registration, topical } from './samples.js';

const DAY = 86_400_000;
const DISCARDED = 5;
const ALL = { after: 0, limit: 1000 };

eachStore('what nobody needs any more', (opened) => {
  const unseen = async (seenBefore: number, step = ALL) => (await opened.store.findUnseen(step, seenBefore)).devices;

  const remove = (deviceNums: readonly number[], seenBefore: number) =>
    opened.store.commitDeviceRemovals({ deviceNums, seenBefore, now: NOW + 100 * DAY });

  it('finds devices by the last that is known of them: a registration, an unregistration or a session', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const [idle, seen, gone, back] = await newDevices(store, app, 4);
    await store.commitSeen([must(seen).device.num], NOW + 2 * DAY);
    await store.commitUnregistrations([must(gone).device.id, must(back).device.id], NOW + 3 * DAY);
    const nums = [idle, seen, gone, back].map((each) => must(each).device.num);
    const within = async (before: number) => (await unseen(before)).filter(({ num }) => nums.includes(num));
    expect(await within(NOW - 1)).toEqual([]);
    expect(await within(NOW)).toEqual([{ num: nums[0], lastAt: NOW }]);
    expect(await within(NOW + 3 * DAY)).toEqual([
      { num: nums[0], lastAt: NOW },
      { num: nums[1], lastAt: NOW + 2 * DAY },
      { num: nums[2], lastAt: NOW + 3 * DAY },
      { num: nums[3], lastAt: NOW + 3 * DAY },
    ]);
    await opened.change('UPDATE devices SET last_seen_at = NULL WHERE num = ?', [must(nums[0])]);
    expect(await within(NOW)).toEqual([{ num: nums[0], lastAt: undefined }]);
    expect(await remove([must(nums[0])], NOW)).toEqual([]);
  });

  it('removes a device with all that is its own, and keeps the receipts, whose sum holds', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const { device, topics } = await register(
      store,
      registration(app, { tags: ['a'], push: { channel: 'FCM', token: 'token' }, alias: 'leaving' }),
    );
    const other = await register(store, registration(app));
    const { num, id } = device;
    const pushed = directed(app, [num, other.device.num], { expiresAt: NOW + DAY });
    const tagged = topical(app, topics.slice(1), { expiresAt: NOW + DAY });
    await store.commitDeliveries(
      batch({ pushes: [pushed.made, tagged.made], cursors: [{ deviceNum: num, pushId: 1 }] }),
    );
    const plan = { scope: { kind: 'deliveries', ids: pushed.deliveries }, dueAt: NOW, spreadMs: 0, now: NOW } as const;
    expect(await store.commitWakePlans([plan])).toMatchObject([{ planned: 1 }]);
    const hours = { timeZone: 'UTC', fromMinute: 0, untilMinute: 60 };
    for (const subject of [{ kind: 'device', deviceId: id } as const, { kind: 'user', alias: 'leaving' } as const]) {
      await store.commitQuietHours([{ appNum: app.num, subject, hours }]);
    }

    expect(await remove([num, other.device.num], NOW - 1)).toEqual([]);
    expect(await remove([num], NOW)).toMatchObject([{ num, id, alias: 'leaving', registered: false, generation: 2 }]);
    expect(await remove([num], NOW)).toEqual([]);
    expect(await store.findDevicesById([id])).toEqual([]);
    for (const table of ['device_tags', 'device_tokens', 'cursors', 'inbox']) {
      expect(await opened.rows(`SELECT * FROM ${table} WHERE device_num = ?`, [num]), table).toEqual([]);
    }
    expect(await opened.rows('SELECT * FROM quiet_hours WHERE app_num = ?', [app.num])).toEqual([]);
    expect(await opened.rows('SELECT ending FROM receipts WHERE device_num = ?', [num])).toEqual([
      { ending: DISCARDED },
    ]);
    expect(await store.sumDeliveries(pushed.id - 1, 1)).toEqual([
      { pushId: pushed.id, targeted: 2, ended: 1, pending: 1 },
    ]);
    // A wake without its device would be due for ever.
    expect((await store.findPushReport(pushed.id, app.num))?.wakes).toMatchObject({ due: 0, cancelled: 1 });
    const listed = await store.listDeliveries(
      { id: pushed.id, appNum: app.num, state: undefined },
      { pushId: 0, deviceNum: 0 },
      10,
    );
    expect(listed?.entries).toMatchObject([
      { deviceNum: num, deviceId: '', state: 'discarded' },
      { deviceNum: other.device.num, deviceId: other.device.id, state: undefined },
    ]);
  });

  it('never gives the number of a device or a topic out again', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const last = await register(store, registration(app, { tags: ['brief'], nativeToken: 'again' }));
    await remove([last.device.num], NOW);
    await store.commitTopicRemovals(last.topics);
    const next = await register(store, registration(app, { tags: ['brief'], nativeToken: 'again' }));
    expect(next.device.num).toBeGreaterThan(last.device.num);
    expect(next.device.id).not.toBe(last.device.id);
    expect(must(next.topics[1])).toBeGreaterThan(must(last.topics[1]));
  });

  it('keeps the quiet hours of a user who has another device, also one that has unregistered', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const [one, two] = await newDevices(store, app, 2, { alias: 'stays' });
    const hours = { timeZone: 'UTC', fromMinute: 0, untilMinute: 60 };
    await store.commitQuietHours([{ appNum: app.num, subject: { kind: 'user', alias: 'stays' }, hours }]);
    await store.commitUnregistrations([must(two).device.id], NOW + 5);
    await remove([must(one).device.num], NOW);
    expect(await store.listQuietHours(app.num, ['stays'], [])).toHaveLength(1);
    await remove([must(two).device.num], NOW + 5);
    expect(await store.listQuietHours(app.num, ['stays'], [])).toEqual([]);
  });

  it('removes topics without devices and pushes, and lets an app have as many others', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const [left, live, held] = await Promise.all(
      ['left', 'live', 'held'].map((tag) => register(store, registration(app, { tags: [tag] }))),
    );
    const [everyone = 0] = must(left).topics;
    const nums = [left, live, held].map((each) => must(each?.topics[1]));
    const expiresAt = NOW + DAY;
    await store.commitDeliveries(batch({ pushes: [topical(app, [must(nums[1])], { expiresAt }).made] }));
    await remove([must(left).device.num, must(live).device.num], NOW);
    const found = async () => {
      const unused = await store.findUnusedTopics(ALL);
      return unused.nums.filter((num) => num >= everyone);
    };
    expect(await found()).toEqual([nums[0]]);
    expect(await store.commitTopicRemovals([everyone, ...nums])).toEqual([
      { num: nums[0], appNum: app.num, tag: 'left' },
    ]);
    await store.commitSweep({ now: expiresAt, eraseFrom: NOW, removeBefore: 0 });
    expect(await found()).toEqual([nums[1]]);
    const pairs = ['left', 'live', 'held'].map((tag) => ({ appNum: app.num, tag }));
    expect((await store.findTopics(pairs)).map(({ tag }) => tag).toSorted()).toEqual(['held', 'live']);
  });

  it('removes cursors of devices that are not registered, and no others', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const [registered, unregistered] = (await newDevices(store, app, 2)).map(({ device }) => device);
    await store.commitUnregistrations([must(unregistered).id], NOW);
    const nums = [must(registered).num, must(unregistered).num, 900_000_000];
    await store.commitDeliveries(batch({ cursors: nums.map((deviceNum) => ({ deviceNum, pushId: 7 })) }));
    const { nums: loose } = await store.findLooseCursors(ALL);
    expect(loose.filter((num) => nums.includes(num))).toEqual(nums.slice(1));
    expect(await store.commitCursorRemovals(nums)).toBe(2);
    expect([...(await store.findCursors(nums)).keys()]).toEqual([nums[0]]);
  });

  it('removes keys that ended before a time', async () => {
    const { store } = opened;
    const app = await newApp(store);
    await store.commitKeyRotations([{ id: app.id, keyHash: 'new', oldUntil: NOW + 5, now: NOW }]);
    const [ended, current] = await opened.rows('SELECT num FROM app_keys WHERE app_num = ? ORDER BY num', [app.num]);
    const nums = [ended, current].map((row) => Number(must(row).num));
    const found = async (before: number) =>
      (await store.findEndedKeys(ALL, before)).nums.filter((num) => nums.includes(num));
    expect(await found(NOW + 4)).toEqual([]);
    expect(await store.commitKeyRemovals(nums, NOW + 4)).toBe(0);
    expect(await found(NOW + 5)).toEqual([nums[0]]);
    expect(await store.commitKeyRemovals(nums, NOW + 5)).toBe(1);
    expect((await store.findApps([app.id]))[0]?.keys.map(({ hash }) => hash)).toEqual(['new']);
  });

  it('goes through a table in steps', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const nums = (await newDevices(store, app, 5)).map(({ device }) => device.num);
    const after = must(nums[0]) - 1;
    const first = await store.findUnseen({ after, limit: 2 }, NOW);
    expect(first).toMatchObject({ devices: [{ num: nums[0] }, { num: nums[1] }], through: nums[1] });
    const last = await store.findUnseen({ after: must(nums[1]), limit: 4 }, NOW);
    expect(last).toMatchObject({ through: undefined });
    expect(last.devices.map(({ num }) => num)).toEqual(nums.slice(2));
  });

  it.each<[string, (app: App) => Parameters<typeof opened.store.findSelected>[0], string[]]>([
    ['a user', ({ num }) => ({ appNum: num, alias: 'one' }), ['old', 'seen']],
    ['a user and a platform', ({ num }) => ({ appNum: num, alias: 'one', platform: 'IOS' }), ['seen']],
    ['a platform', ({ num }) => ({ appNum: num, platform: 'IOS' }), ['seen']],
    ['a time', ({ num }) => ({ appNum: num, registeredFrom: NOW + 5, registeredBefore: NOW + 6 }), ['new']],
    ['before a time', ({ num }) => ({ appNum: num, registeredBefore: NOW + 5 }), ['old', 'seen']],
    ['those without a session', ({ num }) => ({ appNum: num, withoutSession: true }), ['new', 'old']],
    ['those that were not seen', ({ num }) => ({ appNum: num, unseenSince: NOW + 2 }), ['old']],
    ['those not seen, later', ({ num }) => ({ appNum: num, unseenSince: NOW + 5 }), ['old', 'seen']],
  ])('selects the devices of %s', async (_, selection, expected) => {
    const { store } = opened;
    const { app, names } = await selectable(opened);
    const { devices, through } = await store.findSelected(selection(app), ALL);
    expect(through).toBeUndefined();
    expect(devices.map(({ num }) => names.get(num)).toSorted()).toEqual(expected);
  });

  it('selects the devices of a tag, page by page', async () => {
    const { store } = opened;
    const { app, topicNum, names } = await selectable(opened);
    const first = await store.findSelected({ appNum: app.num, topicNum }, { after: 0, limit: 1 });
    expect(first.devices.map(({ num }) => names.get(num))).toEqual(['old']);
    const rest = await store.findSelected({ appNum: app.num, topicNum }, { after: must(first.through), limit: 2 });
    expect(rest.devices.map(({ num }) => names.get(num))).toEqual(['new']);
    expect(rest.through).toBeUndefined();
  });
});

/** An app of its own with three devices and one that has unregistered, and devices of another app between them. */
async function selectable({ store }: OpenStore) {
  const [app, other] = [await newApp(store), await newApp(store)];
  const names = new Map<number, string>();
  let topicNum = 0;
  for (const [name, given] of [
    ['old', { alias: 'one', tags: ['t'] }],
    ['seen', { alias: 'one', platform: 'IOS' }],
    ['new', { alias: 'two', tags: ['t'], now: NOW + 5 }],
    ['unregistered', { alias: 'one', platform: 'IOS', tags: ['t'] }],
  ] as const) {
    const { device, topics } = await register(store, registration(app, given));
    await register(store, registration(other, given));
    if (name === 'old') topicNum = must(topics[1]);
    if (name === 'seen') await store.commitSeen([device.num], NOW + 3);
    if (name === 'unregistered') await store.commitUnregistrations([device.id], NOW);
    names.set(device.num, name);
  }
  return { app, topicNum, names };
}
