import { describe, expect, it } from 'vitest';
import type { App } from '../../core/domain/app.js';
import type { StoredSigningKey } from '../../core/store/store.js';
import { eachStore, must } from './each-store.js';
import { NOW, newApp, nextNumber, register, registration } from './samples.js';

const keyOf = ({ num }: App, given: Partial<StoredSigningKey> = {}): StoredSigningKey => ({
  appNum: num,
  id: `key-${nextNumber()}`,
  kind: 'ES256',
  kid: null,
  material: '{"kty":"EC"}',
  keyId: null,
  createdAt: NOW,
  ...given,
});
const withoutApp = ({ appNum: _, ...key }: StoredSigningKey) => key;
const newId = () => `f${nextNumber().toString(16).padStart(31, '0')}`;

eachStore('who gets in', (opened) => {
  const again = async ({ id }: App) => must((await opened.store.findApps([id]))[0]);

  describe('an app', () => {
    it('is open unless it was made otherwise, and is changed by what is given', async () => {
      const { store } = opened;
      const app = await newApp(store);
      expect(app).toMatchObject({ registration: 'OPEN', signingKeys: [] });
      const id = `app-${nextNumber()}`;
      await store.commitApps([{ id, name: 'x', keyHash: id, registration: 'SIGNED', now: NOW }]);
      expect((await store.findApps([id]))[0]?.registration).toBe('SIGNED');
      const updates = [
        { id: app.id, name: undefined, registration: 'BOTH' as const },
        { id: 'nobody', name: 'x', registration: undefined },
        { id, name: 'Größe', registration: undefined },
      ];
      expect(await store.commitAppUpdates(updates)).toEqual([true, false, true]);
      expect(await again(app)).toMatchObject({ name: app.name, registration: 'BOTH' });
      expect((await store.findApps([id]))[0]).toMatchObject({ name: 'Größe', registration: 'SIGNED' });
    });

    it('is counted as open unless it is SIGNED or disabled', async () => {
      const { store } = opened;
      const before = await store.countOpenApps();
      const [open, both, signed, disabled] = await Promise.all([1, 2, 3, 4].map(() => newApp(store)));
      for (const [app, registration] of [[both, 'BOTH'] as const, [signed, 'SIGNED'] as const]) {
        await store.commitAppUpdates([{ id: must(app).id, name: undefined, registration }]);
      }
      await store.commitAppStates([{ id: must(disabled).id, change: 'disable', now: NOW }]);
      expect((await store.countOpenApps()) - before).toBe(2);
      expect((await again(must(open))).registration).toBe('OPEN');
    });
  });

  describe('a signing key', () => {
    it('is found with its app, in the order in which they came, and removed once', async () => {
      const { store } = opened;
      const [app, other] = [await newApp(store), await newApp(store)];
      const keys = [
        keyOf(app, { kid: 'key one', kind: 'HS256', material: '1.AAAA', keyId: 'sealed-by' }),
        keyOf(app, { kind: 'JWKS', material: `https://example.com/${'x'.repeat(2000)}` }),
        keyOf(app, { kind: 'RS256', material: `{"n":"${'x'.repeat(10_000)}"}` }),
      ];
      await store.commitSigningKeys([...keys, keyOf(other, { id: must(keys[0]).id })]);
      expect((await again(app)).signingKeys).toEqual(keys.map(withoutApp));
      const names = keys.slice(0, 1).map(({ appNum, id }) => ({ appNum, id }));
      expect(await store.commitSigningKeyRemovals([...names, ...names])).toEqual([true, false]);
      expect((await again(app)).signingKeys).toEqual(keys.slice(1).map(withoutApp));
      expect((await again(other)).signingKeys).toHaveLength(1);
    });

    it('is refused as the eleventh of its app, also where many come at once', async () => {
      const { store } = opened;
      const app = await newApp(store);
      const adding = await Promise.allSettled(Array.from({ length: 14 }, () => store.commitSigningKeys([keyOf(app)])));
      const refused = adding.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
      expect(refused.map(({ reason }) => reason)).toEqual(Array(4).fill('TOO_MANY_KEYS'));
      const { signingKeys } = await again(app);
      expect(signingKeys).toHaveLength(10);
      // One that there is may be stored otherwise.
      await store.commitSigningKeys([{ ...must(signingKeys[0]), appNum: app.num }]);
    });

    it('is loaded at start where it is encrypted, and keeps its place when it is encrypted otherwise', async () => {
      const { store } = opened;
      const app = await newApp(store);
      const sealed = keyOf(app, { kind: 'HS256', material: '1.AAAA', keyId: 'first' });
      await store.commitSigningKeys([sealed, keyOf(app)]);
      const loaded = async () => (await store.loadSealedSigningKeys()).filter(({ appNum }) => appNum === app.num);
      expect(await loaded()).toEqual([sealed]);
      const resealed = { ...sealed, material: '1.BBBB', keyId: 'second' };
      await store.commitSigningKeys([resealed]);
      expect(await loaded()).toEqual([resealed]);
      expect((await again(app)).signingKeys.map(({ id }) => id)[0]).toBe(sealed.id);
    });
  });

  describe('a device id', () => {
    const rotate = async (id: string, to: string, now = NOW) => {
      const [result] = await opened.store.commitIdRotations([{ id, newId: to, now }]);
      return result;
    };
    const isKnown = async (id: string) => (await opened.store.findDevicesById([id])).length === 1;

    it('is replaced, and all else of the device stays', async () => {
      const { store } = opened;
      const app = await newApp(store);
      const given = registration(app, { tags: ['a', 'b'] });
      const { device } = await register(store, given);
      const hours = { timeZone: 'Asia/Shanghai', fromMinute: 0, untilMinute: 60 };
      const quiet = { appNum: app.num, subject: { kind: 'device' as const, deviceId: device.id }, hours };
      await store.commitQuietHours([quiet]);
      const to = newId();
      const after = { ...device, id: to };
      const expected = { device: { ...after, alias: given.alias }, previousId: device.id, repeated: false };
      expect(await rotate(device.id, to)).toEqual(expected);
      expect(await store.findDevicesById([device.id, to])).toEqual([after]);
      expect(await store.findDevicesByToken([given])).toEqual([after]);
      const [subscriber] = await store.findSubscribers([to]);
      expect(subscriber?.memberships).toHaveLength(3);
      expect(await store.findQuietHours([{ appNum: app.num, alias: given.alias, deviceId: to }])).toEqual([hours]);
      expect((await register(store, { ...given, newId: newId() })).device.id).toBe(to);
    });

    it('of before leads to the same new one for a minute, and only the last of them does', async () => {
      const { device } = await register(opened.store, registration(await newApp(opened.store)));
      const [first, second] = [newId(), newId()];
      await rotate(device.id, first);
      expect(await rotate(device.id, newId(), NOW + 59_999)).toMatchObject({ device: { id: first }, repeated: true });
      expect(await isKnown(device.id)).toBe(false);
      expect(await rotate(first, second, NOW + 59_999)).toMatchObject({ device: { id: second }, repeated: false });
      expect(await rotate(device.id, newId(), NOW + 59_999)).toBeUndefined();
      expect(await rotate(first, newId(), NOW + 59_999 + 60_000)).toBeUndefined();
      expect(await opened.rows('SELECT id FROM replaced_ids WHERE device_num = ?', [device.num])).toEqual([]);
    });

    it('of nobody, or of a device that has unregistered, is not replaced, and takes no other with it', async () => {
      const { store } = opened;
      const app = await newApp(store);
      const [gone, here] = [await register(store, registration(app)), await register(store, registration(app))];
      const [goneTo, to] = [newId(), newId()];
      await rotate(gone.device.id, goneTo);
      await store.commitUnregistrations([goneTo], NOW);
      const ids = [newId(), gone.device.id, goneTo, here.device.id];
      const results = await store.commitIdRotations(
        ids.map((id) => ({ id, newId: id === here.device.id ? to : newId(), now: NOW })),
      );
      expect(results).toEqual([undefined, undefined, undefined, expect.objectContaining({ repeated: false })]);
      expect(await isKnown(to)).toBe(true);
    });

    it('of many devices is replaced in one commit', async () => {
      const { store } = opened;
      const app = await newApp(store);
      const registered = await Promise.all(Array.from({ length: 30 }, () => register(store, registration(app))));
      const orders = registered.map(({ device }) => ({ id: device.id, newId: newId(), now: NOW }));
      const results = await store.commitIdRotations(orders);
      expect(results.map((result) => result?.device.id)).toEqual(orders.map((order) => order.newId));
    });
  });

  it('a native token leads to its device, of this app alone, and also after it has unregistered', async () => {
    const { store } = opened;
    const [app, other] = [await newApp(store), await newApp(store)];
    const given = registration(app);
    const { device } = await register(store, given);
    await store.commitUnregistrations([device.id], NOW);
    const asked = [given, { ...given, appNum: other.num }, { ...given, nativeToken: 'nobody' }];
    expect((await store.findDevicesByToken(asked)).map(({ id }) => id)).toEqual([device.id]);
  });
});
