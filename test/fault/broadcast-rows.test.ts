import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectDevice, type TestDevice } from '../support/device.js';
import { eventually } from '../support/eventually.js';
import { scrape } from '../support/metrics.js';
import { insertMany, readRows } from '../support/rows.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { storeKinds } from '../support/stores.js';
import { newDevice, sendPush, uniqueName } from '../support/users.js';

const REGISTERED = 100_000;
const ONLINE = 100;
const TABLES = [
  'apps',
  'app_keys',
  'devices',
  'topics',
  'device_tags',
  'pushes',
  'inbox',
  'timeline',
  'receipts',
  'cursors',
  'idempotency_keys',
];

describe.each(storeKinds())('a push to everyone of 100,000 devices, on %s', (store) => {
  let stack: Stack;
  let online: TestDevice[];
  beforeEach(async () => {
    online = [];
    stack = await startStack({ store });
    const [app] = await readRows(stack.databaseUrl, 'SELECT num FROM apps WHERE id = ?', [TEST_APP.appId]);
    const columns = 'id, app_num, alias, platform, native_token, token_hash, since_id, registered_at';
    const devices = Array.from({ length: REGISTERED }, (_, index) => [
      index.toString(16).padStart(32, '0'),
      Number(app?.num),
      `offline-${index}`,
      1,
      `token-${index}`,
      String(index).padStart(43, '0'),
      0,
      0,
    ]);
    await insertMany(stack.databaseUrl, `devices (${columns})`, devices);
    for (let n = 0; n < ONLINE; n++) {
      const device = connectDevice(stack.wsUrl, await newDevice(stack.httpUrl, uniqueName()));
      online.push(device);
      await device.opened;
    }
  });
  afterEach(() => stack?.stop());

  /** How many rows each table has. */
  async function counts(): Promise<Record<string, number>> {
    const found: Record<string, number> = {};
    for (const table of TABLES) {
      const [row] = await readRows(stack.databaseUrl, `SELECT COUNT(*) AS count FROM ${table}`);
      found[table] = Number(row?.count);
    }
    return found;
  }

  it('is one row, and one on its timeline; a cursor for each device that was online when it leaves', async () => {
    const marker = await sendPush(stack.httpUrl, { audiences: 'ALL' });
    await Promise.all(online.map((device) => device.waitForMessage(({ id }) => id === marker)));
    // How far they have read is written down every few seconds: from then on the rows are there.
    await eventually(async () => (await counts()).cursors === ONLINE, { intervalMs: 200 });
    const before = await counts();
    expect(before.devices).toBe(REGISTERED + ONLINE);
    const pushes = [
      await sendPush(stack.httpUrl, { audiences: 'ALL' }),
      await sendPush(stack.httpUrl, { audiences: 'ALL', needConfirm: true }),
    ];
    for (const device of online) await device.waitForMessage(({ id }) => id === pushes[1]);
    for (const device of online) expect(device.messages.map(({ id }) => id)).toEqual([marker, ...pushes]);
    // Whatever is committed for what has happened is committed before this.
    const alone = await sendPush(stack.httpUrl, { audiences: [uniqueName()] });
    expect(alone).toMatch(/^\d+$/);
    const after = await counts();
    expect(after).toEqual({ ...before, pushes: (before.pushes ?? 0) + 3, timeline: (before.timeline ?? 0) + 2 });

    // What the others cost when these leave: nothing.
    await Promise.all(online.map((device) => device.close()));
    await eventually(async () => (await scrape(stack.edge)).get('onepush_sessions{state="live"}') === 0);
    await sendPush(stack.httpUrl, { audiences: [uniqueName()] });
    expect(await counts()).toEqual({ ...after, pushes: (after.pushes ?? 0) + 1 });
  });
});
