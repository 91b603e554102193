import { expect, it } from 'vitest';
import { eventually } from '../../../../support/eventually.js';
import { messages, webhookSuite } from '../../../../support/webhook-suite.js';

webhookSuite('a webhook that is changed', (rig) => {
  it('repeats nothing when it is changed in the middle of a request, more than once too', async () => {
    await rig.core.stop();
    await rig.start({ keepMs: 60_000 });
    const webhook = await rig.core.create(rig.backEnd);
    const first = await rig.core.end(2);
    await rig.tellsAll(first);
    rig.backEnd.server.next({ kind: 'late', ms: 200 });
    const second = await rig.core.end(1);
    await rig.tellsAll([...first, ...second]);
    for (const name of ['one', 'two', 'three']) await rig.core.change(webhook, { name });
    const third = await rig.core.end(1);
    await rig.tellsAll([...first, ...second, ...third]);
    expect(messages(rig.backEnd)).toEqual([...first, ...second, ...third]);
  });

  it('waits while its app is disabled', async () => {
    await rig.core.create(rig.backEnd);
    await rig.tellsAll(await rig.core.end(1));
    rig.core.disable(true);
    const ids = await rig.core.end(3);
    expect(rig.backEnd.told).toHaveLength(1);
    rig.core.disable(false);
    await eventually(() => rig.backEnd.told.length === 4);
    expect(messages(rig.backEnd).slice(1)).toEqual(ids);
  });

  it('tells nothing more once its app is disabled, in the middle of many events too, until it is enabled', async () => {
    await rig.core.create(rig.backEnd, { maxEvents: 1 });
    rig.backEnd.judge = () => {
      if (rig.backEnd.server.requests.length === 1) rig.core.disable(true);
      return undefined;
    };
    await rig.backEnd.server.shut();
    const ids = await rig.core.end(4);
    await rig.backEnd.server.reopen();
    await eventually(() => rig.backEnd.told.length > 0);
    // Another one would have been told by then.
    const other = await rig.another();
    rig.core.disable(true);
    const { num } = await rig.core.create(other);
    for (let count = 0; count < 4; count++) await rig.core.webhooks.test(num);
    expect(messages(rig.backEnd)).toEqual(ids.slice(0, 1));
    rig.core.disable(false);
    await rig.tellsAll(ids);
    expect(messages(rig.backEnd)).toEqual(ids);
  });

  it('is told nothing more once it is removed, also in the middle of a request', async () => {
    const webhook = await rig.core.create(rig.backEnd);
    rig.backEnd.judge = () => 'silence';
    await rig.core.end(1);
    await eventually(() => rig.backEnd.server.requests.length > 0);
    await rig.core.remove(webhook);
    rig.backEnd.judge = () => undefined;
    const other = await rig.another();
    await rig.core.create(other);
    await rig.tellsAll(await rig.core.end(1), other);
    expect(rig.backEnd.server.requests).toHaveLength(1);
  });

  it('leaves no request under way when the core stops, also where it was changed meanwhile', async () => {
    const webhook = await rig.core.create(rig.backEnd);
    rig.backEnd.judge = () => 'silence';
    await rig.core.end(1);
    await eventually(() => rig.backEnd.server.requests.length > 0);
    await rig.core.change(webhook, { name: 'other' });
    await rig.core.stop();
    expect(rig.core.webhooks.counts().requests).toMatchObject({ unreachable: 1 });
    await rig.start({ app: rig.core.app });
  });

  it('stops in the middle of a request within its time, and tells again', async () => {
    await rig.core.create(rig.backEnd);
    rig.backEnd.judge = () => 'silence';
    const ids = await rig.core.end(2);
    await eventually(() => rig.backEnd.server.requests.length > 0);
    await rig.core.stop();
    expect(messages(rig.backEnd)).toEqual([]);
    rig.backEnd.judge = () => undefined;
    await rig.start({ app: rig.core.app });
    await rig.tellsAll(ids);
    expect((await rig.store.listWebhooks(rig.core.app.num))[0]?.failingSince).toBeNull();
  });
});
