import { expect, it } from 'vitest';
import { OLDEST } from '../../../../../core/domain/receipt-position.js';
import { must } from '../../../../contract/each-store.js';
import { newApp } from '../../../../contract/samples.js';
import { eventually } from '../../../../support/eventually.js';
import { messages, webhookSuite } from '../../../../support/webhook-suite.js';

webhookSuite('a webhook', (rig) => {
  it('tells what ends from its creation on, in order, many in a request, with a signature', async () => {
    await rig.core.end(2);
    const webhook = await rig.core.create(rig.backEnd);
    const ids = await rig.core.end(30);
    await rig.tellsAll(ids);
    expect(messages(rig.backEnd)).toEqual(ids);
    const [first] = rig.backEnd.told;
    expect(first).toEqual({
      type: 'delivery.ended',
      id: expect.stringMatching(/^evt_[\w-]{24}$/),
      requestId: ids[0],
      messageId: ids[0],
      deviceId: expect.stringMatching(/^[0-9a-f]{32}$/),
      alias: expect.stringMatching(/^alias-/),
      state: 'DELIVERED',
      time: '2027-01-15T08:00:00.000Z',
    });
    const [request] = rig.backEnd.server.requests;
    expect(JSON.parse(must(request).body.toString())).toMatchObject({
      type: 'receipts',
      timestamp: '2027-01-15T08:00:00.000Z',
    });
    expect(
      await eventually(async () => (await rig.listed(webhook)).position.seq === (await rig.store.lastReceipt()).seq),
    ).toBe(true);
    expect(rig.core.webhooks.statusOf(webhook.num).oldestUntoldAt).toBeUndefined();
  });

  it('sends no more events in a request than it is set to', async () => {
    await rig.core.create(rig.backEnd, { maxEvents: 3 });
    const ids = await rig.core.end(2, 10);
    await eventually(() => rig.backEnd.told.length >= 20);
    expect(new Set(messages(rig.backEnd))).toEqual(new Set(ids));
    const sizes = rig.backEnd.server.requests.map(({ body }) => JSON.parse(body.toString()).data.events.length);
    expect(Math.max(...sizes)).toBe(3);
  });

  it('tells each device in order, whatever connections do', async () => {
    await rig.core.create(rig.backEnd, { maxEvents: 4 });
    rig.backEnd.server.next(
      { kind: 'reset' },
      { kind: 'half' },
      { kind: 'reset' },
      { kind: 'huge' },
      { kind: 'reset' },
    );
    const ids = await rig.core.end(25);
    await rig.tellsAll(ids);
    expect([...new Set(messages(rig.backEnd))]).toEqual(ids);
    const byId = new Map(rig.backEnd.told.map((event) => [event.id, event.messageId]));
    expect(byId.size).toBe(ids.length);
    // What is sent again is the same to the byte.
    const bodies = new Map<unknown, string>();
    for (const { headers, body } of rig.backEnd.server.requests) {
      const id = headers['webhook-id'];
      expect(bodies.get(id) ?? body.toString()).toBe(body.toString());
      bodies.set(id, body.toString());
    }
  });

  it('waits for no other: not for one that never answers, nor for one of another app', async () => {
    const [silent, foreign] = [await rig.another(), await rig.another()];
    silent.judge = () => 'silence';
    await rig.core.create(silent);
    await rig.core.create(rig.backEnd);
    const app = await newApp(rig.store);
    await rig.core.create(foreign, { app });
    const [ids, theirs] = [await rig.core.end(5), await rig.core.end(2, 1, app)];
    await rig.tellsAll(ids);
    await rig.tellsAll(theirs, foreign);
    expect([messages(rig.backEnd), messages(foreign)]).toEqual([ids, theirs]);
    expect(silent.server.requests).toHaveLength(1);
  });

  it('goes on where it was when the core comes back, and repeats no more than was not kept', async () => {
    await rig.core.create(rig.backEnd, { maxEvents: 2 });
    const first = await rig.core.end(5);
    await rig.tellsAll(first);
    await rig.core.stop();
    const { app } = rig.core;
    await rig.start({ app });
    const second = await rig.core.end(5);
    await rig.tellsAll([...first, ...second]);
    expect(messages(rig.backEnd)).toEqual([...first, ...second]);
  });

  it('tells everything again from a time on', async () => {
    const webhook = await rig.core.create(rig.backEnd);
    const ids = await rig.core.end(4);
    await rig.tellsAll(ids);
    const before = rig.backEnd.told.map(({ id }) => id);
    await rig.core.change(webhook, { rewindTo: { ...OLDEST, seq: webhook.position.seq } });
    await eventually(() => rig.backEnd.told.length >= 8);
    expect(rig.backEnd.told.map(({ id }) => id)).toEqual([...before, ...before]);
  });

  it('tells again what it has told just now, before it was kept how far it is', async () => {
    await rig.core.stop();
    await rig.start({ keepMs: 60_000 });
    const webhook = await rig.core.create(rig.backEnd);
    const ids = await rig.core.end(3);
    await rig.tellsAll(ids);
    await rig.core.change(webhook, { rewindTo: await rig.store.lastReceipt() });
    await eventually(() => messages(rig.backEnd).filter((id) => id === ids[2]).length === 2);
  });

  it('is tried with an event of its own, which says what came of it', async () => {
    const webhook = await rig.core.create(rig.backEnd);
    expect(await rig.core.webhooks.test(webhook.num)).toEqual({ status: 204, reason: '' });
    const { type, data } = JSON.parse(must(rig.backEnd.server.requests[0]).body.toString());
    expect({ type, data }).toEqual({ type: 'test', data: { events: [] } });
    // Whoever asks meanwhile gets the same answer.
    const answers = await Promise.all([1, 2, 3].map(() => rig.core.webhooks.test(webhook.num)));
    expect(answers).toEqual(Array(3).fill({ status: 204, reason: '' }));
    expect(rig.backEnd.server.requests).toHaveLength(2);
    rig.backEnd.judge = () => ({ status: 404 });
    expect(await rig.core.webhooks.test(webhook.num)).toEqual({ status: 404, reason: 'http_404' });
  });
});
