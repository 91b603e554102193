import { Code } from '@connectrpc/connect';
import { createConnection } from 'mysql2/promise';
import { expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { scrape } from '../support/metrics.js';
import { readRows } from '../support/rows.js';
import { basic, failureOf, pushCoreClient } from '../support/rpc.js';
import { startStack, TEST_APP } from '../support/stack.js';
import { storeKinds } from '../support/stores.js';
import { newDevice, uniqueName } from '../support/users.js';

it.skipIf(!storeKinds().includes('mysql'))(
  'a push whose caller has cancelled, or run out of time, before its commit began is not made',
  async () => {
    const stack = await startStack({ store: 'mysql' });
    const blocker = await createConnection(stack.databaseUrl);
    try {
      const alias = uniqueName();
      await newDevice(stack.httpUrl, alias);
      const client = pushCoreClient(stack, 'grpc');
      const audience = { audience: { case: 'aliases' as const, value: { values: [alias] } } };
      const send = (alert: string, options: { signal?: AbortSignal; timeoutMs?: number } = {}) =>
        client.sendPush({ audience, alert }, { ...basic(TEST_APP.appId, TEST_APP.appKey), ...options });
      const waiting = async () => (await scrape(stack.core)).get('onepush_waiting_items{kind="pushes"}');
      await send('first');

      await blocker.query('LOCK TABLES pushes WRITE');
      const committing = send('being committed');
      await eventually(async () => {
        const [rows] = await blocker.query('SHOW PROCESSLIST');
        return (
          Array.isArray(rows) && rows.some((row) => 'State' in row && /table metadata lock/.test(String(row.State)))
        );
      });
      const controller = new AbortController();
      const cancelled = failureOf(send('cancelled', { signal: controller.signal }));
      const late = failureOf(send('out of time', { timeoutMs: 1500 }));
      await eventually(async () => (await waiting()) === 2);
      controller.abort();
      expect([(await cancelled).code, (await late).code]).toEqual([Code.Canceled, Code.DeadlineExceeded]);
      // On the same connection: when it waits, the core has been told of what came before it.
      const last = send('last');
      await eventually(async () => (await waiting()) === 3);
      await blocker.query('UNLOCK TABLES');
      await Promise.all([committing, last]);

      const rows = await readRows(stack.databaseUrl, 'SELECT content FROM pushes ORDER BY id');
      expect(rows.map(({ content }) => JSON.parse(String(content)).alert)).toEqual([
        'first',
        'being committed',
        'last',
      ]);
    } finally {
      blocker.destroy();
      await stack.stop();
    }
  },
);
