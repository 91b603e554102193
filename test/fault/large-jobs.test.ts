import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { GetPushResponse_State as State } from '../../gen/onepush/v1/query_pb.js';
import { type Audience, createAudience } from '../support/audience.js';
import { eventually } from '../support/eventually.js';
import { changeRows, readRows } from '../support/rows.js';
import { basic, type PushCoreClient, pushCoreClient } from '../support/rpc.js';
import { aliases, tree } from '../support/rpc-audiences.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { type FreshDatabase, freshDatabase, storeKinds } from '../support/stores.js';
import { newDevice, uniqueName } from '../support/users.js';
import { verify } from '../support/verify.js';

const app = basic(TEST_APP.appId, TEST_APP.appKey);

describe.each(storeKinds())('on %s', (store) => {
  let stack: Stack;
  let client: PushCoreClient;
  let audience: Audience;
  let database: FreshDatabase;
  beforeAll(async () => {
    database = await freshDatabase(store);
    stack = await startStack({ store, databaseUrl: database.url });
    client = pushCoreClient(stack, 'grpc');
  });
  afterAll(async () => {
    await stack?.stop();
    await database?.drop();
  });
  beforeEach(async () => {
    await stack.revive();
    audience = createAudience(stack);
  });
  afterEach(() => audience.close());

  describe('a push to more devices than one transaction should hold', () => {
    const DEVICES = 5200;
    const PART = 1000;
    const name = uniqueName('large');
    const registered: string[] = [];

    beforeAll(async () => {
      for (let left = DEVICES; left > 0; left -= 200) {
        const some = Array.from({ length: 200 }, () => newDevice(stack.httpUrl, uniqueName(), { tag: [name] }));
        registered.push(...(await Promise.all(some)));
      }
    });

    const state = async (requestId: string): Promise<State> => (await client.getPush({ requestId }, app)).state;

    /** From now on every job stops after so many parts, until `goOn`. */
    async function stopAfter(parts: number): Promise<void> {
      const made = '(SELECT COUNT(*) FROM pushes WHERE job_id = NEW.id)';
      await changeRows(
        stack.databaseUrl,
        store === 'sqlite'
          ? `CREATE TRIGGER stop BEFORE UPDATE OF after_device ON jobs WHEN NEW.state <> 3 AND ${made} >= ${parts}
             BEGIN SELECT RAISE(ABORT, 'stopped'); END`
          : `CREATE TRIGGER stop BEFORE UPDATE ON jobs FOR EACH ROW
             IF NEW.state <> 3 AND ${made} >= ${parts} THEN SIGNAL SQLSTATE '45000'; END IF`,
      );
    }
    const goOn = () => changeRows(stack.databaseUrl, 'DROP TRIGGER IF EXISTS stop');
    // A test that fails in the middle stops none after it.
    afterEach(goOn);

    async function partsOf(requestId: string): Promise<number> {
      const sql = 'SELECT COUNT(*) AS count FROM pushes WHERE job_id = ?';
      return Number((await readRows(stack.databaseUrl, sql, [Number(requestId)]))[0]?.count);
    }

    it('reaches each of them once, although the core is killed in the middle of it', async () => {
      await stopAfter(2);
      const { requestId } = await client.sendPush({ audience: tree(name), alert: 'large' }, app);
      await eventually(async () => (await partsOf(requestId)) === 2);
      expect(await state(requestId)).toBe(State.RUNNING);
      await stack.core.kill();
      await goOn();
      await stack.restartCore();
      await eventually(async () => (await partsOf(requestId)) > 2, { intervalMs: 1 });
      await stack.core.kill();
      await stack.restartCore();
      await stack.waitUntilReady();
      await eventually(async () => (await state(requestId)) === State.SENT, { timeoutMs: 60_000 });
      const rows = await readRows(
        stack.databaseUrl,
        `SELECT COUNT(*) AS deliveries, COUNT(DISTINCT i.device_num) AS devices, COUNT(DISTINCT p.id) AS parts
         FROM pushes p JOIN inbox i ON i.push_id = p.id WHERE p.job_id = ?`,
        [Number(requestId)],
      );
      expect(rows.map(({ deliveries, devices, parts }) => [deliveries, devices, parts].map(Number))).toEqual([
        [DEVICES, DEVICES, Math.ceil(DEVICES / PART)],
      ]);
      const report = await client.getPush({ requestId }, app);
      expect(report.sendAt).toBeUndefined();
      expect(report).toMatchObject({ reach: { value: { targeted: DEVICES, pending: DEVICES } } });
      expect(report.messageIds).toHaveLength(Math.ceil(DEVICES / PART));
      expect(await client.recallPush({ requestId }, app)).toMatchObject({ recalled: DEVICES });
      expect(await client.recallPush({ requestId }, app)).toMatchObject({ recalled: 0 });
      expect(await state(requestId)).toBe(State.RECALLED);
    });

    it('ends where it is when it is recalled in the middle of it', async () => {
      await stopAfter(3);
      const { requestId } = await client.sendPush({ audience: tree(name), alert: 'mistake' }, app);
      await eventually(async () => (await partsOf(requestId)) === 3);
      expect(await client.recallPush({ requestId }, app)).toMatchObject({ recalled: 3 * PART });
      await goOn();
      // What comes later is made later: by then another part would have been.
      const later = await client.sendPush({ audience: tree(name), alert: 'right' }, app);
      await eventually(async () => (await state(later.requestId)) === State.SENT, { timeoutMs: 60_000 });
      expect(await partsOf(requestId)).toBe(3);
      expect(await client.recallPush({ requestId: later.requestId }, app)).toMatchObject({ recalled: DEVICES });
    });

    it('comes once to a device that is connected', async () => {
      const { alias, device } = await audience.listen({ tag: [name] });
      const { requestId } = await client.sendPush({ audience: tree(name), alert: 'large' }, app);
      await client.sendPush({ audience: aliases(alias), alert: 'small' }, app);
      await device.waitForCount(2);
      expect(device.messages.map(({ alert }) => alert).toSorted()).toEqual(['large', 'small']);
      await eventually(async () => (await state(requestId)) === State.SENT, { timeoutMs: 60_000 });
      expect(device.messages).toHaveLength(2);
    });

    it('leaves sums that are right', async () => {
      await audience.close();
      // SQLite's file is the core's while it runs.
      await stack.core.stop();
      expect(await verify(database.url)).toMatchObject({ code: 0 });
    });
  });
});
