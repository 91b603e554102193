import { expect, it } from 'vitest';
import { type Store, StoreUnavailable } from '../../../../../core/store/store.js';
import { must } from '../../../../contract/each-store.js';
import { eventually } from '../../../../support/eventually.js';
import { messages, webhookSuite } from '../../../../support/webhook-suite.js';

webhookSuite('dead letters of a webhook', (rig) => {
  it('sets aside the one event that is refused again and again, and brings it again when asked', async () => {
    const webhook = await rig.core.create(rig.backEnd);
    let poison = '';
    let attempts = 0;
    rig.backEnd.judge = (events) => {
      if (!events.some(({ messageId }) => messageId === poison)) return undefined;
      if (events.length === 1) attempts++;
      return { status: 500 };
    };
    await rig.backEnd.server.shut();
    const ids = await rig.core.end(40);
    poison = must(ids[17]);
    await rig.backEnd.server.reopen();
    await eventually(() => new Set(messages(rig.backEnd)).size === 39);
    expect([...new Set(messages(rig.backEnd))]).toEqual(ids.filter((id) => id !== poison));
    const [letter, ...more] = await eventually(async () => {
      const found = await rig.lettersOf(webhook);
      return found.length > 0 && found;
    });
    expect(more).toEqual([]);
    expect(letter).toMatchObject({ reason: 'http_500', attempts: 5, replaying: false });
    expect(JSON.parse(must(letter).event)).toMatchObject({ messageId: poison });
    expect(attempts).toBe(5);
    // Refused again it stays, and says how often.
    expect(await rig.core.replay(webhook)).toBe(1);
    expect(
      await eventually(async () => (await rig.lettersOf(webhook)).find((each) => each.attempts === 10)),
    ).toMatchObject({
      replaying: false,
    });
    rig.backEnd.judge = () => undefined;
    await rig.core.replay(webhook);
    await eventually(async () => (await rig.lettersOf(webhook)).length === 0);
    expect(messages(rig.backEnd).at(-1)).toBe(poison);
    expect(rig.core.webhooks.counts().events).toMatchObject({ dead: 2, told: 40 });
  });

  it('are refused again without holding up what is new', async () => {
    const webhook = await rig.core.create(rig.backEnd);
    const news: string[] = [];
    const alone: boolean[] = [];
    rig.backEnd.judge = (events) => {
      const isNew = events.every(({ messageId }) => news.includes(messageId));
      if (events.length === 1) alone.push(isNew);
      return isNew ? undefined : { status: 422 };
    };
    await rig.core.end(3);
    await eventually(async () => (await rig.lettersOf(webhook)).length === 3);
    alone.length = 0;
    rig.core.disable(true);
    news.push(...(await rig.core.end(1)));
    await rig.core.replay(webhook);
    rig.core.disable(false);
    await eventually(async () => (await rig.lettersOf(webhook)).every(({ attempts }) => attempts === 10));
    // Once for each attempt, and what was new behind the first of them.
    expect(alone).toHaveLength(16);
    expect(alone.indexOf(true)).toBe(1);
  });

  it('sends a dead letter again once, also while it cannot be kept that it was taken', async () => {
    await rig.core.stop();
    let [isDown, attempts] = [false, 0];
    const failing: Store = {
      ...rig.store,
      async commitWebhookProgress(progress) {
        if (!isDown) return rig.store.commitWebhookProgress(progress);
        attempts++;
        throw new StoreUnavailable('read only');
      },
    };
    await rig.start({ app: rig.core.app, store: failing });
    const webhook = await rig.core.create(rig.backEnd);
    rig.backEnd.judge = () => ({ status: 422 });
    await rig.core.end(1);
    await eventually(async () => (await rig.lettersOf(webhook)).length === 1);
    rig.backEnd.judge = () => {
      isDown = true;
      return undefined;
    };
    await rig.core.replay(webhook);
    // Longer than the pause after which it is read again.
    await eventually(() => attempts >= 250);
    expect(rig.backEnd.told).toHaveLength(1);
    isDown = false;
    await eventually(async () => (await rig.lettersOf(webhook)).length === 0);
    expect(rig.backEnd.told).toHaveLength(1);
  });
});
