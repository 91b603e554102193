import { describe, expect, it } from 'vitest';
import type { App } from '../../core/domain/app.js';
import { OLDEST } from '../../core/domain/receipt-position.js';
import type { StoredWebhook, WebhookChange } from '../../core/store/store.js';
import { eachStore, must, rejectionOf } from './each-store.js';
import { batch, directed, NOW, newApp, newDevices } from './samples.js';
import { deadLetter, newWebhook, progressOf } from './webhook-samples.js';

const DAY = 86_400_000;

eachStore('webhooks', (opened) => {
  async function stored(app: App, given: Parameters<typeof newWebhook>[1] = {}): Promise<StoredWebhook> {
    return must((await opened.store.commitWebhooks([newWebhook(app, given)]))[0]);
  }

  /** Ends a delivery of a new push of the app. Answers the push. */
  async function ended(app: App) {
    const [device] = await newDevices(opened.store, app, 1);
    const push = directed(app, [must(device).device.num], { expiresAt: NOW + 1000 });
    await opened.store.commitDeliveries(batch({ pushes: [push.made] }));
    await opened.store.commitDeliveries(batch({ delivered: push.deliveries }));
    return push;
  }

  async function changed({ num, appNum }: StoredWebhook, set: WebhookChange['set']) {
    return must((await opened.store.commitWebhookChanges([{ num, appNum, set }]))[0]);
  }

  const lettersOf = ({ num }: StoredWebhook) => opened.store.listDeadLetters(num, Number.MAX_SAFE_INTEGER, 100);

  it('are stored, and begin behind what has ended before', async () => {
    const { store } = opened;
    const app = await newApp(store);
    await ended(app);
    const given = newWebhook(app, {
      name: 'Bestellungen 📦',
      events: 'wakes',
      url: `https://a.example/${'x'.repeat(2000)}`,
    });
    const [webhook] = await store.commitWebhooks([given]);
    const standing = { disabledAt: null, failingSince: null, reason: null, missed: 0, rewinds: 0 };
    expect(webhook).toEqual({
      ...given,
      ...standing,
      num: expect.any(Number),
      appId: app.id,
      position: await store.lastReceipt(),
    });
    expect(await store.listWebhooks(app.num)).toEqual([{ ...webhook, deadLetters: 0 }]);
    expect((await store.loadWebhooks()).filter(({ appNum }) => appNum === app.num)).toEqual([webhook]);
  });

  it('are at most ten of an app', async () => {
    const { store } = opened;
    const app = await newApp(store);
    await store.commitWebhooks(Array.from({ length: 10 }, () => newWebhook(app)));
    const refused = await rejectionOf(store.commitWebhooks([newWebhook(app)]));
    expect(refused).toMatchObject({ reason: 'TOO_MANY_WEBHOOKS' });
    expect(await store.listWebhooks(app.num)).toHaveLength(10);
  });

  it('change what is named and nothing else, of the app whose they are', async () => {
    const { store } = opened;
    const [app, other] = [await newApp(store), await newApp(store)];
    const webhook = await stored(app);
    const set = { url: 'https://b.example/', events: 'receipts', maxEvents: 7 } as const;
    expect(await changed(webhook, set)).toEqual({ ...webhook, ...set });
    expect(await store.commitWebhookChanges([{ num: webhook.num, appNum: other.num, set }])).toEqual([undefined]);
    expect(await changed(webhook, {})).toEqual({ ...webhook, ...set });
  });

  it('are disabled once, with the first reason, and enabled as if they had not failed', async () => {
    const webhook = await stored(await newApp(opened.store));
    await opened.store.commitWebhookProgress([progressOf(webhook, { failingSince: NOW, reason: 'timeout' })]);
    const disabled = { disabledAt: NOW + 1, failingSince: null, reason: 'http_410' };
    expect(await changed(webhook, { disabled: { at: NOW + 1, reason: 'http_410' } })).toMatchObject(disabled);
    expect(await changed(webhook, { disabled: { at: NOW + 2, reason: 'later' } })).toMatchObject(disabled);
    // What was under way then does not change why.
    await opened.store.commitWebhookProgress([progressOf(webhook, { failingSince: NOW, reason: 'timeout' })]);
    expect(await changed(webhook, {})).toMatchObject(disabled);
    const enabled = { disabledAt: null, failingSince: null, reason: null };
    expect(await changed(webhook, { disabled: null })).toMatchObject(enabled);
  });

  it('move on, and are set back but never on: what was under way before that moves them no more', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const webhook = await stored(app);
    await ended(app);
    const position = await store.lastReceipt();
    await store.commitWebhookProgress([progressOf(webhook, { position })]);
    expect(await changed(webhook, {})).toMatchObject({ position, rewinds: 0 });
    expect(await changed(webhook, { rewindTo: { ...position, seq: position.seq + 1 } })).toMatchObject({
      position,
      rewinds: 1,
    });
    expect(await changed(webhook, { rewindTo: OLDEST })).toMatchObject({ position: OLDEST, rewinds: 2 });
    await store.commitWebhookProgress([progressOf(webhook, { position })]);
    expect(await changed(webhook, {})).toMatchObject({ position: OLDEST });
    await store.commitWebhookProgress([progressOf(webhook, { position, rewinds: 2 })]);
    expect(await changed(webhook, {})).toMatchObject({ position });
  });

  it('are gone with their dead letters when they are removed, once', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const webhook = await stored(app);
    const progress = progressOf(webhook, { dead: [deadLetter()] });
    await store.commitWebhookProgress([progress]);
    expect(await store.commitWebhookRemovals([webhook])).toEqual([true]);
    expect(await store.commitWebhookRemovals([webhook])).toEqual([false]);
    // Of one that is gone nothing is kept.
    expect(await store.commitWebhookProgress([progress])).toBe(0);
    expect(await store.listWebhooks(app.num)).toEqual([]);
    expect(await lettersOf(webhook)).toEqual([]);
  });

  it('go with their app', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const webhook = await stored(app);
    await store.commitWebhookProgress([progressOf(webhook, { dead: [deadLetter()] })]);
    await store.commitAppStates([{ id: app.id, change: 'delete', now: NOW }]);
    const order = { appNum: app.num, deletedBefore: NOW + 2 * DAY, deviceNums: [], now: NOW + 2 * DAY };
    let removed = await store.commitAppRemoval(order);
    while (!removed.done) removed = await store.commitAppRemoval(order);
    expect(removed.webhooks).toEqual([webhook.num]);
    expect(await lettersOf(webhook)).toEqual([]);
    // One that was asked for meanwhile.
    expect(await rejectionOf(store.commitWebhooks([newWebhook(app)]))).toMatchObject({ reason: 'UNKNOWN_APP' });
    expect((await store.loadWebhooks()).filter(({ appNum }) => appNum === app.num)).toEqual([]);
  });

  it('count what retention removes before they were told', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const behind = await stored(app);
    const [wakesOnly, other] = [await stored(app, { events: 'wakes' }), await stored(await newApp(store))];
    await ended(app);
    const current = await stored(app);
    const now = NOW + 2 * DAY;
    while ((await store.commitSweep({ now, eraseFrom: 0, removeBefore: NOW + DAY })).more);
    const missed = [];
    for (const each of [behind, wakesOnly, other, current]) missed.push((await changed(each, {})).missed);
    expect(missed).toEqual([1, 0, 0, 0]);
  });

  describe('dead letters', () => {
    it('are kept as they were sent, the newest first', async () => {
      const { store } = opened;
      const app = await newApp(store);
      const [webhook, other] = [await stored(app), await stored(app)];
      const dead = ['{"a":"é📦"}', '{"b":2}', '{"c":3}'].map((event) => deadLetter(event));
      await store.commitWebhookProgress([progressOf(webhook, { dead }), progressOf(other, { dead: [deadLetter()] })]);
      const letters = await lettersOf(webhook);
      expect(letters).toEqual(
        dead.toReversed().map((each) => ({ ...each, num: expect.any(Number), replaying: false })),
      );
      const [first, second] = letters;
      expect(await store.listDeadLetters(webhook.num, must(first).num, 1)).toEqual([second]);
      expect((await store.listWebhooks(app.num)).map(({ deadLetters }) => deadLetters)).toEqual([3, 1]);
    });

    it('are sent again when that is asked for: those that are taken go, the others stay with why', async () => {
      const { store } = opened;
      const app = await newApp(store);
      const [webhook, other] = [await stored(app), await stored(app)];
      const dead = [1, 2, 3].map((n) => deadLetter(`{"n":${n}}`));
      await store.commitWebhookProgress([progressOf(webhook, { dead }), progressOf(other, { dead })]);
      const [third, second, first] = await lettersOf(webhook);
      const nums = [must(first).num, must(third).num, 999_999];
      expect(await store.readReplays(webhook.num, 10)).toEqual([]);
      expect(await store.commitWebhookReplays([{ ...webhook, nums }])).toEqual([2]);
      const found = await store.readReplays(webhook.num, 10);
      expect(found).toEqual([
        { ...first, replaying: true },
        { ...third, replaying: true },
      ]);
      expect(await store.readReplays(other.num, 10)).toEqual([]);
      const refused = [{ num: must(third).num, reason: 'http_422', attempts: 10, failedAt: NOW + 5 }];
      await store.commitWebhookProgress([progressOf(webhook, { taken: [must(first).num], refused })]);
      expect(await lettersOf(webhook)).toEqual([{ ...third, ...refused[0] }, second]);
      expect(await store.commitWebhookReplays([{ ...webhook, nums: undefined }])).toEqual([2]);
      expect(await store.commitWebhookReplays([{ num: 999_999, appNum: app.num, nums: undefined }])).toEqual([
        undefined,
      ]);
    });

    it('are at most 10,000 of a webhook: the oldest go', async () => {
      const { store } = opened;
      const webhook = await stored(await newApp(store));
      const some = Array.from({ length: 5000 }, (_, n) => deadLetter(`{"n":${n}}`));
      for (const dropped of [0, 0, 5000]) {
        expect(await store.commitWebhookProgress([progressOf(webhook, { dead: some })])).toBe(dropped);
      }
      expect((await store.listWebhooks(webhook.appNum)).map(({ deadLetters }) => deadLetters)).toEqual([10_000]);
    });

    it('are found by their age, and removed', async () => {
      const { store } = opened;
      const webhook = await stored(await newApp(store));
      const dead = [{ ...deadLetter(), failedAt: 1000 }, { ...deadLetter(), failedAt: 2000 }, deadLetter()];
      await store.commitWebhookProgress([progressOf(webhook, { dead })]);
      const nums = (await lettersOf(webhook)).map(({ num }) => num).toReversed();
      expect(await store.findOldDeadLetters(2000, 10)).toEqual(nums.slice(0, 2));
      expect(await store.findOldDeadLetters(2000, 1)).toEqual(nums.slice(0, 1));
      expect(await store.commitDeadLetterRemovals(nums.slice(0, 2))).toBe(2);
      expect(await store.commitDeadLetterRemovals([])).toBe(0);
      expect(await lettersOf(webhook)).toHaveLength(1);
    });
  });
});
