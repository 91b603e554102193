import { expect, it } from 'vitest';
import { must } from '../../../../contract/each-store.js';
import { webhookSuite } from '../../../../support/webhook-suite.js';

webhookSuite('secrets of a webhook', (rig) => {
  it('signs with both secrets for a day after a change, then with the new one alone', async () => {
    const webhook = await rig.core.create(rig.backEnd);
    const { sealed, secret, oldUntil } = must(rig.core.webhooks.rotate(webhook.num));
    expect(oldUntil).toBeGreaterThan(Date.now() + 86_000_000);
    await rig.core.change(webhook, sealed);
    // A receiver that has not changed yet.
    const first = await rig.core.end(1);
    await rig.tellsAll(first);
    expect(rig.backEnd.server.requests.at(-1)?.headers['webhook-signature']).toMatch(/^v1,\S+ v1,\S+$/);
    // One that has.
    rig.backEnd.secrets.splice(0, 1, secret);
    await rig.tellsAll([...first, ...(await rig.core.end(1))]);
  });

  it('signs with each secret for its day, however often they change', async () => {
    const webhook = await rig.core.create(rig.backEnd);
    for (let count = 0; count < 2; count++) {
      await rig.core.change(webhook, must(rig.core.webhooks.rotate(webhook.num)).sealed);
    }
    await rig.tellsAll(await rig.core.end(1));
    expect(rig.backEnd.server.requests.at(-1)?.headers['webhook-signature']).toMatch(/^v1,\S+ v1,\S+ v1,\S+$/);
    for (let count = 0; count < 20; count++) {
      const { sealed, secret } = must(rig.core.webhooks.rotate(webhook.num));
      rig.backEnd.secrets.splice(0, 1, secret);
      await rig.core.change(webhook, sealed);
    }
    await rig.core.webhooks.test(webhook.num);
    expect(rig.backEnd.server.requests.at(-1)?.headers['webhook-signature']?.split(' ')).toHaveLength(10);
  });
});
