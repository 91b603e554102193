import { expect, it } from 'vitest';
import type { App } from '../../core/domain/app.js';
import type { GivenToken, TokenDetails, TokenState } from '../../core/domain/channel.js';
import { tokenStateCodes } from '../../core/store/sql/codes.js';
import type { DeviceUpdate, NewRegistration } from '../../core/store/store.js';
import { eachStore, must } from './each-store.js';
import { NOW, newApp, nextNumber, register, registerAll, registration } from './samples.js';

const apns = (given: Partial<GivenToken> = {}): GivenToken => ({
  channel: 'APNS',
  token: `${nextNumber()}`.padStart(64, 'a'),
  ...given,
});
const WEB: GivenToken = {
  channel: 'WEB_PUSH',
  token: `https://push.example.com/${'x'.repeat(2000)}`,
  keys: { p256dh: 'p'.repeat(87), auth: 'a'.repeat(22) },
};
const ACTIVE = {
  environment: 'PRODUCTION',
  state: 'active',
  since: NOW,
  reason: undefined,
  registeredAt: NOW,
} as const;

eachStore('the tokens of devices in a store', (opened) => {
  /** The token of a user's device as its app sees it. */
  async function tokensOf(app: App, alias: string): Promise<(TokenDetails | undefined)[]> {
    const devices = await opened.store.listDevices({ kind: 'alias', appNum: app.num, alias }, 0, 10);
    return devices.map(({ token }) => token);
  }
  const tokenOf = async (app: App, alias: string): Promise<TokenDetails | undefined> => (await tokensOf(app, alias))[0];
  /** Does what a vendor's answer does. */
  const refuse = (deviceNum: number, state: TokenState) =>
    opened.change("UPDATE device_tokens SET state = ?, state_at = ?, reason = 'Refused' WHERE device_num = ?", [
      tokenStateCodes.toCode(state),
      NOW + 7,
      deviceNum,
    ]);
  const update = (id: string, app: App, given: Partial<DeviceUpdate>) =>
    opened.store.commitUpdates([
      {
        id,
        appNum: app.num,
        addTags: [],
        removeTags: [],
        alias: undefined,
        mobile: undefined,
        sinceId: 0,
        now: NOW,
        ...given,
      },
    ]);

  it('are there as they were given, and none where none was', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const given: Partial<NewRegistration>[] = [
      { alias: 'none' },
      { alias: 'sandbox', push: apns({ environment: 'SANDBOX', bundle: 'com.例.app' }) },
      { alias: 'web', push: WEB },
    ];
    await registerAll(
      store,
      given.map((each) => registration(app, each)),
    );
    expect(await tokensOf(app, 'none')).toEqual([undefined]);
    const sandbox = { channel: 'APNS', ...ACTIVE, environment: 'SANDBOX', bundle: 'com.例.app' };
    expect(await tokensOf(app, 'sandbox')).toEqual([sandbox]);
    expect(await tokensOf(app, 'web')).toEqual([{ channel: 'WEB_PUSH', ...ACTIVE, bundle: undefined }]);
  });

  it('rotate without another device id, and stay where a registration names none', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const first = registration(app, { alias: 'a', push: apns() });
    const { device } = await register(store, first);
    const again = await register(store, { ...first, push: { channel: 'FCM', token: 'f' }, now: NOW + 1 });
    expect(again.device).toEqual(device);
    expect(await tokenOf(app, 'a')).toMatchObject({ channel: 'FCM', registeredAt: NOW + 1 });
    await register(store, { ...first, push: undefined, now: NOW + 2 });
    expect(await tokenOf(app, 'a')).toMatchObject({ channel: 'FCM', registeredAt: NOW + 1 });
  });

  it('belong to the device that was registered last, also within one call', async () => {
    const { store } = opened;
    const [app, other] = [await newApp(store), await newApp(store)];
    const push = apns();
    await register(store, registration(app, { alias: 'first', push }));
    await register(store, registration(other, { alias: 'elsewhere', push }));
    await register(store, registration(app, { alias: 'webhook', push: { ...push, channel: 'WEBHOOK' } }));
    await registerAll(store, [
      registration(app, { alias: 'second', push }),
      registration(app, { alias: 'third', push }),
      registration(app, { alias: 'fourth', push: apns() }),
    ]);
    expect(await tokenOf(app, 'first')).toBeUndefined();
    expect(await tokenOf(app, 'second')).toBeUndefined();
    for (const alias of ['third', 'fourth', 'webhook']) expect(await tokenOf(app, alias)).toBeDefined();
    expect(await tokenOf(other, 'elsewhere')).toBeDefined();
  });

  it('change places between two devices in one call', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const [one, two] = [
      registration(app, { alias: 'one', push: apns() }),
      registration(app, { alias: 'two', push: WEB }),
    ];
    await registerAll(store, [one, two]);
    await registerAll(store, [
      { ...one, push: two.push },
      { ...two, push: one.push },
    ]);
    expect(await tokenOf(app, 'one')).toMatchObject({ channel: 'WEB_PUSH' });
    expect(await tokenOf(app, 'two')).toMatchObject({ channel: 'APNS' });
  });

  it('go when a device unregisters, and when it changes hands without naming one', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const left = registration(app, { alias: 'left', push: apns() });
    const { device } = await register(store, left);
    await store.commitUnregistrations([device.id], NOW);
    await register(store, { ...left, push: undefined });
    expect(await tokensOf(app, 'left')).toEqual([undefined]);

    const sold = registration(app, { alias: 'seller', push: apns() });
    await register(store, sold);
    await register(store, { ...sold, alias: 'buyer', push: undefined });
    expect(await tokensOf(app, 'buyer')).toEqual([undefined]);
    await register(store, { ...sold, alias: 'next buyer' });
    expect(await tokensOf(app, 'next buyer')).toMatchObject([{ channel: 'APNS' }]);
  });

  it('that are implied take the place of none that was named, but come back to life', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const implied = apns({ implied: true });
    const old = registration(app, { alias: 'a', platform: 'IOS', push: implied });
    const { device } = await register(store, old);
    expect(await tokenOf(app, 'a')).toMatchObject({ channel: 'APNS', state: 'active' });
    await refuse(device.num, 'dead');
    await register(store, { ...old, now: NOW + 5 });
    expect(await tokenOf(app, 'a')).toMatchObject({ state: 'active', registeredAt: NOW + 5 });
    await register(store, { ...old, push: { channel: 'FCM', token: 'f' } });
    await register(store, old);
    expect(await tokenOf(app, 'a')).toMatchObject({ channel: 'FCM' });
    await register(store, { ...old, alias: 'b' });
    expect(await tokenOf(app, 'b')).toMatchObject({ channel: 'APNS' });
  });

  it('are dead or set aside until the device registers with a token again', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const given = ['dead', 'set_aside'].map((alias) => registration(app, { alias, push: apns() }));
    const [dead, aside] = (await registerAll(store, given)).map(({ device }) => device.num);
    await refuse(must(dead), 'dead');
    await refuse(must(aside), 'set_aside');
    for (const state of ['dead', 'set_aside'])
      expect(await tokenOf(app, state)).toMatchObject({ state, since: NOW + 7, reason: 'Refused', registeredAt: NOW });
    await registerAll(
      store,
      given.map((each) => ({ ...each, push: undefined })),
    );
    expect(await tokenOf(app, 'dead')).toMatchObject({ state: 'dead', since: NOW + 7 });
    await registerAll(
      store,
      given.map((each) => ({ ...each, now: NOW + 9 })),
    );
    const active = { state: 'active', since: NOW + 9, reason: undefined, registeredAt: NOW + 9 };
    for (const alias of ['dead', 'set_aside']) expect(await tokenOf(app, alias)).toMatchObject(active);
  });

  it('are set, kept and removed by updates, which tell them', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const { device } = await register(store, registration(app, { alias: 'a' }));
    expect(await update(device.id, app, { push: WEB })).toMatchObject([{ token: { channel: 'WEB_PUSH', ...ACTIVE } }]);
    expect(await update(device.id, app, { addTags: ['t'] })).toMatchObject([{ token: { channel: 'WEB_PUSH' } }]);
    expect(await update(device.id, app, { push: null })).toMatchObject([{ token: undefined }]);
    expect(await tokenOf(app, 'a')).toBeUndefined();
    await update(device.id, app, { push: WEB });
    expect(await update(device.id, app, { alias: 'b' })).toMatchObject([{ token: undefined }]);
  });

  it('are many in one call', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const given = Array.from({ length: 1000 }, (_, n) => registration(app, { alias: `many-${n % 20}`, push: apns() }));
    await registerAll(store, given);
    await registerAll(store, given);
    expect((await tokensOf(app, 'many-7')).every((token) => token?.channel === 'APNS')).toBe(true);
  });
});
