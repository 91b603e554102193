import { describe, expect, it } from 'vitest';
import { eachStore, must } from './each-store.js';
import { NOW, newApp, newDevices } from './samples.js';

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
    for (const disabled of [true, true, false, false]) {
      expect(await store.commitAppStates([{ id: app.id, disabled, now: NOW }])).toEqual([true]);
      expect(await state()).toEqual([disabled, disabled]);
    }
    expect(await store.commitAppStates([{ id: 'nobody', disabled: true, now: NOW }])).toEqual([false]);
  });
});
