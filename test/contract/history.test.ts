import { expect, it } from 'vitest';
import { createReadHistory, type HistoryRequest } from '../../core/delivery/history.js';
import type { NewRegistration } from '../../core/store/store.js';
import { eachStore, must } from './each-store.js';
import { batch, directed, NOW, newApp, nextNumber, nextPushId, register, registration, topical } from './samples.js';

const HOUR = 3_600_000;
const LIFE = { expiresAt: NOW + 100 * HOUR };

eachStore('the history of a device', (opened) => {
  /** The ids of a page's messages, and where it goes on. */
  async function read(deviceId: string, given: Partial<HistoryRequest> = {}, store = opened.store) {
    const request = { deviceId, before: 0, limit: 100, hours: 24, ...given };
    const { messages, before } = await createReadHistory(store, () => NOW)(request);
    return { ids: messages.map((message) => Number(JSON.parse(message).id)), before };
  }

  async function setUp(given: Partial<NewRegistration> = {}) {
    const { store } = opened;
    const app = await newApp(store);
    const own = registration(app, { sinceId: nextPushId(), tags: ['t'], ...given });
    const { device, topics } = await register(store, own);
    const [everyone, tag] = [must(topics[0]), must(topics[1])];
    return { store, app, own, device, everyone, tag };
  }

  it('has what the device was sent by its name and by topics, newest first, page by page, and changes nothing', async () => {
    const { store, app, own, device, everyone, tag } = await setUp();
    const other = await register(store, registration(app));
    const sent = [
      directed(app, [device.num], LIFE),
      topical(app, [everyone], LIFE),
      directed(app, [device.num], {
        ...LIFE,
        needConfirm: true,
        content: { alert: 'x', extra: '12345678901234567890' },
      }),
      topical(app, [tag], LIFE),
      topical(app, [everyone], { ...LIFE, platform: 'IOS' }),
      directed(app, [other.device.num], LIFE),
    ];
    await store.commitDeliveries(batch({ pushes: sent.map(({ made }) => made) }));
    const [first, second, third, fourth] = sent.map(({ id }) => id) as [number, number, number, number];
    const [delivery] = (sent[0] as ReturnType<typeof directed>).deliveries;
    await store.commitDeliveries(
      batch({ delivered: [must(delivery)], confirmed: [{ deviceNum: device.num, pushId: third }] }),
    );
    const receipts = await opened.rows('SELECT COUNT(*) AS count FROM receipts');
    expect(await read(own.newId)).toEqual({ ids: [fourth, third, second, first], before: 0 });
    const page = await read(own.newId, { limit: 3 });
    expect(page.ids).toEqual([fourth, third, second]);
    expect(await read(own.newId, { before: page.before })).toEqual({ ids: [first], before: 0 });
    const request = { deviceId: own.newId, before: fourth, limit: 1, hours: 1 };
    const { messages } = await createReadHistory(store, () => NOW)(request);
    expect(messages[0]).toContain('"extra":12345678901234567890');
    expect(messages[0]).toContain(`"time":"${new Date(NOW).toISOString()}"`);
    expect(await opened.rows('SELECT COUNT(*) AS count FROM receipts')).toEqual(receipts);
  });

  it('leaves out what was recalled, replaced or evicted, has expired, or is too old', async () => {
    const { store, app, own, device, everyone } = await setUp();
    const old = directed(app, [device.num], { ...LIFE, createdAt: NOW - 25 * HOUR });
    const expired = directed(app, [device.num], { expiresAt: NOW });
    const [evicted, recalled, withdrawn] = [
      directed(app, [device.num], LIFE),
      directed(app, [device.num], LIFE),
      topical(app, [everyone], LIFE),
    ];
    const [replaced, kept] = [1, 2].map(() => directed(app, [device.num], { ...LIFE, collapseKey: 'k' }));
    const all = [old, expired, evicted, recalled, withdrawn, must(replaced), must(kept)];
    await store.commitDeliveries(batch({ pushes: [old.made, expired.made, evicted.made] }));
    await store.commitEvictions([{ deviceNum: device.num, keep: 0, now: NOW }]);
    await store.commitDeliveries(batch({ pushes: all.slice(3).map(({ made }) => made) }));
    for (const { id } of [recalled, withdrawn]) await store.commitRecalls([{ pushId: id, appNum: app.num, now: NOW }]);
    expect(await read(own.newId)).toEqual({ ids: [must(kept).id], before: 0 });
  });

  it('is that of the present user alone, whatever the device was before', async () => {
    const { store, app, own, device, everyone, tag } = await setUp({ alias: `alice-${nextNumber()}` });
    const sendAll = async () => {
      const sent = [directed(app, [device.num], LIFE), topical(app, [everyone], LIFE), topical(app, [tag], LIFE)];
      await store.commitDeliveries(batch({ pushes: sent.map(({ made }) => made) }));
      return sent.map(({ id }) => id).toReversed();
    };
    const ofAlice = await sendAll();
    expect((await read(own.newId)).ids).toEqual(ofAlice);
    // Its first user is back at last: that is another registration, too.
    for (const alias of [`bob-${nextNumber()}`, own.alias]) {
      await register(store, { ...own, alias, sinceId: nextPushId() });
      expect((await read(own.newId)).ids).toEqual([]);
      expect((await read(own.newId, { before: ofAlice[0] ?? 0 })).ids).toEqual([]);
      const sent = await sendAll();
      expect((await read(own.newId)).ids).toEqual(sent);
    }
    // It has unregistered and come back.
    await store.commitUnregistrations([own.newId], NOW);
    await expect(read(own.newId)).rejects.toMatchObject({ reason: 'UNKNOWN_DEVICE' });
    await register(store, { ...own, sinceId: nextPushId() });
    expect((await read(own.newId)).ids).toEqual([]);
  });

  it('is not told to a user who gets the device while it is read', async () => {
    const { store, app, own, device } = await setUp();
    const sent = directed(app, [device.num], LIFE);
    await store.commitDeliveries(batch({ pushes: [sent.made] }));
    const alias = `next-${nextNumber()}`;
    let isChanged = false;
    const changing: typeof store = {
      ...store,
      async findPushes(ids) {
        const found = await store.findPushes(ids);
        if (!isChanged) await register(store, { ...own, alias, sinceId: nextPushId() });
        isChanged = true;
        return found;
      },
    };
    expect(await read(own.newId, {}, changing)).toEqual({ ids: [], before: 0 });
    expect(isChanged).toBe(true);
  });

  it('has pages of bounded size, and nothing for unknown devices or disabled apps', async () => {
    const { store, app, own, device } = await setUp();
    const sent = [1, 2, 3].map(() => directed(app, [device.num], { ...LIFE, content: { alert: 'x'.repeat(200_000) } }));
    await store.commitDeliveries(batch({ pushes: sent.map(({ made }) => made) }));
    const [first, second, third] = sent.map(({ id }) => id) as [number, number, number];
    expect(await read(own.newId)).toEqual({ ids: [third, second], before: second });
    expect(await read(own.newId, { before: second })).toEqual({ ids: [first], before: 0 });
    await expect(read('f'.repeat(32))).rejects.toMatchObject({ reason: 'UNKNOWN_DEVICE' });
    await store.commitAppStates([{ id: app.id, change: 'disable', now: NOW }]);
    await expect(read(own.newId)).rejects.toMatchObject({ reason: 'APP_DISABLED' });
  });
});
