import { describe, expect, it } from 'vitest';
import type { App } from '../../core/domain/app.js';
import type { Store } from '../../core/store/store.js';
import { eachStore, must, type OpenStore } from './each-store.js';
import { batch, directed, NOW, newApp, newDevices, nextPushId, topical } from './samples.js';

const DAY = 86_400_000;
const NOTHING = { deletedBefore: NOW, deviceNums: [], now: NOW };
/** Tables with rows of apps, and the column that says whose. */
const TABLES = [
  ['apps', 'num'],
  ['app_keys', 'app_num'],
  ['devices', 'app_num'],
  ['device_tokens', 'app_num'],
  ['topics', 'app_num'],
  ['pushes', 'app_num'],
  ['inbox', 'app_num'],
  ['receipts', 'app_num'],
  ['wakes', 'app_num'],
  ['jobs', 'app_num'],
  ['quiet_hours', 'app_num'],
  ['channels', 'app_num'],
  ['signing_keys', 'app_num'],
] as const;

const AS_IT_IS = { name: undefined, registration: undefined };

eachStore('apps', (opened) => {
  describe('keys', () => {
    it('end when they are replaced, not later than they would have', async () => {
      const { store } = opened;
      const { id } = await newApp(store);
      const rotated = (keyHash: string, oldUntil: number) => ({ id, keyHash, oldUntil, now: NOW });
      expect(await store.commitKeyRotations([rotated('second', NOW + 50)])).toEqual([true]);
      await store.commitKeyRotations([rotated('third', NOW + 100)]);
      const app = must((await store.findApps([id]))[0]);
      const all = { name: '', scope: 'manage' };
      expect(app.keys.toSorted((a, b) => (a.expiresAt ?? Infinity) - (b.expiresAt ?? Infinity))).toMatchObject([
        { ...all, hash: `hash of ${id}`, expiresAt: NOW + 50 },
        { ...all, hash: 'second', expiresAt: NOW + 100 },
        { ...all, hash: 'third', expiresAt: null },
      ]);
      await store.commitKeyRotations([rotated('fourth', NOW)]);
      expect((await store.findApps([id]))[0]?.keys).toMatchObject([{ hash: 'fourth', expiresAt: null }]);
      expect(await store.commitKeyRotations([{ ...rotated('x', NOW), id: 'nobody' }])).toEqual([false]);
    });

    it('are at most ten, the newest', async () => {
      const { store } = opened;
      const { id } = await newApp(store);
      for (let key = 1; key <= 12; key++) {
        await store.commitKeyRotations([{ id, keyHash: `k${key}`, oldUntil: NOW + 1000, now: NOW }]);
      }
      const hashes = (await store.findApps([id]))[0]?.keys.map(({ hash }) => hash);
      expect(hashes?.toSorted()).toEqual(Array.from({ length: 10 }, (_, index) => `k${index + 3}`).toSorted());
    });
  });

  it('keep limits of their own until they get others', async () => {
    const { store } = opened;
    const { id } = await newApp(store);
    const limits = async () => (await store.findApps([id]))[0]?.limits;
    expect(await limits()).toBeUndefined();
    for (const own of [{ sends: 100, devices: 0 }, { tags: 5 }]) {
      expect(await store.commitAppUpdates([{ ...AS_IT_IS, id, limits: own }])).toEqual([true]);
      expect(await limits()).toEqual(own);
    }
    const both = [
      { ...AS_IT_IS, id, limits: {} },
      { ...AS_IT_IS, id: 'nobody', limits: {} },
    ];
    expect(await store.commitAppUpdates(both)).toEqual([true, false]);
    expect(await limits()).toBeUndefined();
  });

  it('are disabled and enabled, twice if need be, and their devices say so', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const device = must((await newDevices(store, app, 1))[0]).device;
    const state = async () => [
      (await store.findApps([app.id]))[0]?.disabled,
      (await store.findSubscribers([device.id]))[0]?.appDisabled,
    ];
    expect(await state()).toEqual([false, false]);
    for (const change of ['disable', 'disable', 'enable', 'enable'] as const) {
      expect(await store.commitAppStates([{ id: app.id, change, now: NOW }])).toEqual([true]);
      expect(await state()).toEqual([change === 'disable', change === 'disable']);
    }
    expect(await store.commitAppStates([{ id: 'nobody', change: 'disable', now: NOW }])).toEqual([false]);
  });

  it('are listed by their number, page by page', async () => {
    const { store } = opened;
    const made = [await newApp(store), await newApp(store)];
    await store.commitAppStates([{ id: must(made[1]).id, change: 'delete', now: NOW }]);
    const [first, second] = made.map(({ num, id, name }) => ({ num, id, name, createdAt: NOW, registration: 'OPEN' }));
    const before = must(first).num - 1;
    expect(await store.listApps(before, 2)).toEqual([
      { ...first, disabled: false, removedAt: undefined },
      { ...second, disabled: true, removedAt: NOW + DAY },
    ]);
    expect(await store.listApps(before, 1)).toHaveLength(1);
    expect(await store.listApps(must(second).num, 1)).toEqual([]);
  });

  it('can be kept for a day after they were deleted, and are not found any more when their removal has begun', async () => {
    const { store } = opened;
    const { id, num } = await newApp(store);
    const set = (change: 'delete' | 'undelete', now: number) => store.commitAppStates([{ id, change, now }]);
    await set('delete', NOW);
    expect(await store.commitAppRemoval({ ...NOTHING, appNum: num, deletedBefore: NOW - 1 })).toMatchObject({
      done: true,
    });
    expect((await store.findApps([id]))[0]).toMatchObject({ disabled: true, removedAt: NOW + DAY });
    expect(await set('undelete', NOW + DAY - 1)).toEqual([true]);
    expect(await store.findDeletedApp(NOW + DAY)).not.toMatchObject({ num });
    expect((await store.findApps([id]))[0]).toMatchObject({ disabled: false, removedAt: undefined });
    // Twice: the first time counts.
    for (const now of [NOW, NOW + 5]) await set('delete', now);
    expect(await set('undelete', NOW + DAY)).toEqual([false]);
    const device = must((await newDevices(store, { ...must((await store.findApps([id]))[0]) }, 1))[0]).device;
    await store.commitAppRemoval({ ...NOTHING, appNum: num, deviceNums: [device.num] });
    expect(await store.findApps([id])).toEqual([]);
    expect(await set('undelete', NOW)).toEqual([false]);
  });

  it('are as they were before they were deleted when that is undone', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const device = must((await newDevices(store, app, 1))[0]).device;
    const state = async () => [
      (await store.findApps([app.id]))[0]?.disabled,
      (await store.listApps(app.num - 1, 1))[0]?.disabled,
      (await store.findSubscribers([device.id]))[0]?.appDisabled,
    ];
    const openApps = await store.countOpenApps();
    const steps = [
      ['delete', true],
      ['undelete', false],
      ['undelete', false],
      ['disable', true],
      ['delete', true],
      ['undelete', true],
      ['delete', true],
      ['enable', false],
      ['delete', true],
      ['disable', true],
      ['undelete', true],
    ] as const;
    for (const [change, disabled] of steps) {
      expect(await store.commitAppStates([{ id: app.id, change, now: NOW }])).toEqual([true]);
      expect(await state()).toEqual([disabled, disabled, disabled]);
      expect(await store.countOpenApps()).toBe(openApps - Number(disabled));
    }
  });

  it('are removed step by step with all that is theirs, after a crash too, and nothing of others', async () => {
    const { store } = opened;
    const [app, other] = [await newApp(store), await newApp(store)];
    // Those of other tests.
    await opened.change('UPDATE apps SET deleted_at = NULL WHERE num < ?', [app.num]);
    const own = await filled(store, app);
    await filled(store, other);
    const others = await rowsOf(opened, other.num);
    await store.commitAppStates([{ id: app.id, change: 'delete', now: NOW }]);
    const gone: unknown[] = [];
    for (let done = false; !done; ) {
      expect(await opened.store.findDeletedApp(NOW)).toEqual({ num: app.num, id: app.id });
      const deviceNums = await opened.store.findDevicesOfApp(app.num, 2);
      const part = await opened.store.commitAppRemoval({ ...NOTHING, appNum: app.num, deviceNums });
      gone.push(...part.devices.map(({ num }) => num), ...part.channels.map(() => 'channel'));
      done = part.done;
      if (gone.length === 2) await opened.reopen();
    }
    expect(gone).toEqual(expect.arrayContaining([...own, 'channel']));
    expect(await opened.store.findDeletedApp(NOW)).toBeUndefined();
    expect(Object.values(await rowsOf(opened, app.num))).toEqual(TABLES.map(() => 0));
    expect(await rowsOf(opened, other.num)).toEqual(others);
  });
});

/** All that an app may have, a little of each. Answers the numbers of its devices. */
async function filled(store: Store, app: App): Promise<number[]> {
  const registered = await newDevices(store, app, 3, { tags: ['a'], push: { channel: 'FCM', token: 'token' } });
  const nums = registered.map(({ device }) => device.num);
  const [one] = registered;
  await store.commitUnregistrations([must(registered[2]).device.id], NOW);
  const waiting = directed(app, nums.slice(0, 2));
  const tagged = topical(app, must(one).topics, { needConfirm: true });
  const confirmed = [{ deviceNum: must(nums[0]), pushId: tagged.id }];
  await store.commitDeliveries(batch({ pushes: [waiting.made, tagged.made] }));
  await store.commitDeliveries(batch({ confirmed, delivered: waiting.deliveries.slice(0, 1) }));
  const plan = { scope: { kind: 'deliveries', ids: waiting.deliveries }, dueAt: NOW, spreadMs: 0, now: NOW } as const;
  await store.commitWakePlans([plan]);
  const header = { appId: app.id, appNum: app.num, tenantCode: '', platform: 'ALL', msgType: 'MSG' } as const;
  const times = { dueAt: NOW, createdAt: NOW, expiresAt: NOW + 1000 };
  await store.commitJobs([
    {
      id: nextPushId(),
      appNum: app.num,
      ...times,
      spec: { header: { ...header, needConfirm: false } },
      idempotency: undefined,
    },
  ]);
  const hours = { timeZone: 'UTC', fromMinute: 0, untilMinute: 60 };
  await store.commitQuietHours([{ appNum: app.num, subject: { kind: 'app' }, hours }]);
  const channel = {
    appNum: app.num,
    name: 'c',
    channel: 'WEBHOOK',
    settings: '{}',
    keyId: 'k',
    updatedAt: NOW,
  } as const;
  await store.commitChannels([channel]);
  const signing = { appNum: app.num, id: 's', kind: 'EDDSA', kid: null, keyId: null, createdAt: NOW } as const;
  await store.commitSigningKeys([{ ...signing, material: '{}' }]);
  return nums;
}

async function rowsOf({ rows }: OpenStore, appNum: number): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const [table, column] of TABLES) {
    const [row] = await rows(`SELECT COUNT(*) AS count FROM ${table} WHERE ${column} = ?`, [appNum]);
    counts[table] = Number(row?.count);
  }
  return counts;
}
