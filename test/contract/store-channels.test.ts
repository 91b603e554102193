import { describe, expect, it } from 'vitest';
import type { App } from '../../core/domain/app.js';
import type { NewChannel } from '../../core/store/store.js';
import { eachStore } from './each-store.js';
import { NOW, newApp } from './samples.js';

const channelOf = ({ num }: App, name: string, given: Partial<NewChannel> = {}): NewChannel => {
  const settings = '1.AAAA';
  return { appNum: num, name, channel: 'APNS', settings, keyId: 'key-1', updatedAt: NOW, ...given };
};

eachStore('channels', (opened) => {
  const loaded = async ({ num }: App) => (await opened.store.loadChannels()).filter(({ appNum }) => appNum === num);

  describe('a credential', () => {
    it('is stored, and found with all that it was stored with', async () => {
      const { store } = opened;
      const app = await newApp(store);
      const large = channelOf(app, 'fcm', { channel: 'FCM', settings: 'x'.repeat(100_000) });
      const stored = await store.commitChannels([channelOf(app, 'ios'), large]);
      expect(stored).toEqual([
        { ...channelOf(app, 'ios'), num: stored[0]?.num, createdAt: NOW },
        { ...large, num: stored[1]?.num, createdAt: NOW },
      ]);
      expect(await loaded(app)).toEqual(stored);
    });

    it('keeps its number when it gets other settings', async () => {
      const { store } = opened;
      const app = await newApp(store);
      const [first] = await store.commitChannels([channelOf(app, 'a')]);
      const other = channelOf(app, 'a', { channel: 'SMS_TWILIO', settings: '1.B', keyId: 'key-2', updatedAt: NOW + 5 });
      const [second] = await store.commitChannels([other]);
      expect(second).toEqual({ ...other, num: first?.num, createdAt: NOW });
      expect(await loaded(app)).toEqual([second]);
    });

    it('is of one app: another may have one of the same name, and names differ by case', async () => {
      const { store } = opened;
      const [one, other] = [await newApp(store), await newApp(store)];
      await store.commitChannels([channelOf(one, 'a'), channelOf(other, 'a'), channelOf(one, 'A')]);
      expect((await loaded(one)).map(({ name }) => name)).toEqual(['a', 'A']);
      expect(await store.commitChannelRemovals([{ appNum: one.num, name: 'a' }])).toEqual([expect.any(Number)]);
      expect((await loaded(one)).map(({ name }) => name)).toEqual(['A']);
      expect(await loaded(other)).toHaveLength(1);
    });

    it('is removed once', async () => {
      const { store } = opened;
      const app = await newApp(store);
      const [stored] = await store.commitChannels([channelOf(app, 'a')]);
      const name = { appNum: app.num, name: 'a' };
      expect(await store.commitChannelRemovals([name])).toEqual([stored?.num]);
      expect(await store.commitChannelRemovals([name])).toEqual([undefined]);
    });
  });

  it('are found all, however many there are', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const names = Array.from({ length: 230 }, (_, index) => `c${index}`);
    await store.commitChannels(names.map((name) => channelOf(app, name)));
    expect((await loaded(app)).map(({ name }) => name)).toEqual(names);
  });

  it('are told which apps keep their content from vendors', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const hides = async () => (await store.loadHidingApps()).includes(app.num);
    expect(await hides()).toBe(false);
    for (const hidesContent of [true, true, false]) {
      const waking = [
        { id: app.id, hidesContent },
        { id: 'nobody', hidesContent },
      ];
      expect(await store.commitAppWaking(waking)).toEqual([app.num, undefined]);
      expect(await hides()).toBe(hidesContent);
    }
  });
});
