import { expect, it } from 'vitest';
import { eventually } from '../../../../support/eventually.js';
import { messages, webhookSuite } from '../../../../support/webhook-suite.js';

const DAY = 86_400_000;

webhookSuite('a webhook whose back end fails', (rig) => {
  it('waits while its back end cannot be reached, or says that it cannot take it now, and loses nothing', async () => {
    const webhook = await rig.core.create(rig.backEnd);
    await rig.backEnd.server.shut();
    const ids = await rig.core.end(3);
    const failing = await eventually(
      async () => (await rig.listed(webhook)).failingSince !== null && rig.listed(webhook),
    );
    expect(failing).toMatchObject({ reason: 'ECONNREFUSED', disabledAt: null });
    expect(rig.core.webhooks.counts().states).toMatchObject({ failing: 1, active: 0 });
    await rig.backEnd.server.reopen();
    const answers = [301, 401, 403, 404, 405, 408, 425, 429, 502, 503, 504].map((status) => {
      return {
        kind: 'answer',
        answer: { status, headers: { 'retry-after': '86400', location: 'https://localhost/' } },
      } as const;
    });
    rig.backEnd.server.next(...answers);
    await rig.tellsAll(ids);
    expect(messages(rig.backEnd)).toEqual(ids);
    expect(await rig.lettersOf(webhook)).toEqual([]);
    expect(
      await eventually(async () => (await rig.listed(webhook)).failingSince === null && rig.listed(webhook)),
    ).toMatchObject({
      reason: null,
    });
  });

  it('is told fewer events at a time where its back end takes too long over many', async () => {
    const webhook = await rig.core.create(rig.backEnd);
    rig.backEnd.judge = (events) => (events.length > 3 ? { status: 504 } : undefined);
    await rig.backEnd.server.shut();
    const ids = await rig.core.end(20);
    await rig.backEnd.server.reopen();
    await rig.tellsAll(ids);
    expect(messages(rig.backEnd)).toEqual(ids);
    expect(await rig.lettersOf(webhook)).toEqual([]);
  });

  it('is disabled at once when its back end is gone, and goes on where it was when it is enabled', async () => {
    const webhook = await rig.core.create(rig.backEnd);
    rig.backEnd.judge = () => ({ status: 410 });
    const ids = await rig.core.end(3);
    const disabled = await eventually(
      async () => (await rig.listed(webhook)).disabledAt !== null && rig.listed(webhook),
    );
    expect(disabled).toMatchObject({ reason: 'http_410' });
    expect(rig.core.webhooks.counts().states).toMatchObject({ disabled: 1 });
    rig.backEnd.judge = () => undefined;
    const later = await rig.core.end(1);
    await rig.core.change(webhook, { disabled: null });
    await rig.tellsAll([...ids, ...later]);
    expect(messages(rig.backEnd)).toEqual([...ids, ...later]);
  });

  it('is disabled after three days without a success, and not for a failure that was long ago', async () => {
    let now = Date.now();
    await rig.core.stop();
    await rig.start({ app: rig.core.app, now: () => now });
    const webhook = await rig.core.create(rig.backEnd);
    rig.backEnd.judge = () => ({ status: 422 });
    await rig.core.end(1);
    await eventually(async () => (await rig.lettersOf(webhook)).length === 1);
    now += 4 * DAY;
    rig.backEnd.judge = () => ({ status: 503 });
    const ids = await rig.core.end(1);
    const failing = await eventually(
      async () => (await rig.listed(webhook)).failingSince !== null && rig.listed(webhook),
    );
    expect(failing).toMatchObject({ failingSince: now, disabledAt: null });
    now += 3 * DAY;
    const disabled = await eventually(
      async () => (await rig.listed(webhook)).disabledAt !== null && rig.listed(webhook),
    );
    expect(disabled).toMatchObject({ reason: 'failing_for_too_long' });
    rig.backEnd.judge = () => undefined;
    await rig.core.change(webhook, { disabled: null });
    await rig.tellsAll(ids);
  });

  it('is not disabled for what failed before the core stood still for days, but for what fails since', async () => {
    const webhook = await rig.core.create(rig.backEnd);
    await rig.core.stop();
    const { num, rewinds, position } = webhook;
    const failed = { failingSince: Date.now() - 4 * DAY, reason: 'timeout', disabledAt: null };
    await rig.store.commitWebhookProgress([{ num, rewinds, position, ...failed, dead: [], taken: [], refused: [] }]);
    await rig.start({ app: rig.core.app });
    rig.backEnd.server.next({ kind: 'reset' }, { kind: 'reset' });
    await rig.tellsAll(await rig.core.end(1));
    await eventually(async () => (await rig.listed(webhook)).failingSince === null);
    expect(rig.core.webhooks.counts().states).toMatchObject({ active: 1 });
    await rig.core.stop();
    await rig.store.commitWebhookProgress([{ num, rewinds, position, ...failed, dead: [], taken: [], refused: [] }]);
    await rig.start({ app: rig.core.app });
    rig.backEnd.server.always({ kind: 'reset' });
    await rig.core.end(1);
    const disabled = await eventually(
      async () => (await rig.listed(webhook)).disabledAt !== null && rig.listed(webhook),
    );
    expect(disabled).toMatchObject({ reason: 'failing_for_too_long' });
    expect(rig.core.webhooks.counts().requests.unreachable).toBe(10);
  });
});
