import { expect, it } from 'vitest';
import { OLDEST } from '../../core/domain/receipt-position.js';
import { eachStore } from './each-store.js';
import { batch, directed, newApp, newDevices } from './samples.js';

eachStore('receipts', (opened) => {
  it('are read page by page, also within one commit, each once', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const devices = await newDevices(store, app, 5);
    const pushes = [1, 2].map(() =>
      directed(
        app,
        devices.map(({ device }) => device.num),
      ),
    );
    await store.commitDeliveries(batch({ pushes: pushes.map(({ made }) => made) }));
    await store.commitDeliveries(batch({ delivered: pushes.flatMap(({ deliveries }) => deliveries.slice(0, 4)) }));
    await store.commitDeliveries(batch({ delivered: pushes.flatMap(({ deliveries }) => deliveries.slice(4)) }));
    const read = [];
    for (let after = OLDEST; ; ) {
      const page = await store.readReceipts(after, 3);
      if (page.length === 0) break;
      read.push(...page);
      after = page.at(-1)?.position ?? after;
    }
    const pairs = read.map(({ requestId, deviceId }) => `${requestId} ${deviceId}`);
    expect(new Set(pairs).size).toBe(10);
    expect(pairs).toHaveLength(10);
    expect(read.at(-1)?.position).toEqual(await store.lastReceipt());
    expect(read.every((entry) => entry.alias !== '' && 'state' in entry && entry.state === 'delivered')).toBe(true);
  });
});
