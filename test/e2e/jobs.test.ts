import { timestampDate, timestampFromDate } from '@bufbuild/protobuf/wkt';
import { Code } from '@connectrpc/connect';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { GetPushResponse_State as State } from '../../gen/onepush/v1/query_pb.js';
import { type Audience, createAudience } from '../support/audience.js';
import { eventually } from '../support/eventually.js';
import { createApp } from '../support/rest.js';
import { changeRows, readRows } from '../support/rows.js';
import { basic, failureOf, type PushCoreClient, pushCoreClient } from '../support/rpc.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { type FreshDatabase, freshDatabase, storeKinds } from '../support/stores.js';
import { newDevice, uniqueName } from '../support/users.js';
import { verify } from '../support/verify.js';

const app = basic(TEST_APP.appId, TEST_APP.appKey);
const aliases = (...values: string[]) => ({ audience: { case: 'aliases' as const, value: { values } } });
const tag = (name: string) => ({ audience: { case: 'tags' as const, value: { values: [name] } } });
/** The same devices, where it is not a topic. */
const tree = (name: string) => ({
  audience: {
    case: 'allOf' as const,
    value: { audiences: [tag(name), { audience: { case: 'not' as const, value: aliases('nobody') } }] },
  },
});
const fromNow = (milliseconds: number) => timestampFromDate(new Date(Date.now() + milliseconds));

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
    await stack.stop();
    await database.drop();
  });
  beforeEach(() => {
    audience = createAudience(stack);
  });
  afterEach(() => audience.close());

  describe('a scheduled push', () => {
    it('comes when it is due, to the devices that its audience has then', async () => {
      const alias = uniqueName();
      const sendAt = fromNow(3000);
      const { requestId } = await client.sendPush({ audience: aliases(alias), alert: 'later', sendAt }, app);
      const report = await client.getPush({ requestId }, app);
      expect(report).toMatchObject({ state: State.SCHEDULED, content: { alert: 'later' }, messageIds: [] });
      expect(report.sendAt && timestampDate(report.sendAt)).toEqual(timestampDate(sendAt));
      const { device } = await audience.listen({ alias });
      const message = await device.waitForMessage(({ alert }) => alert === 'later');
      expect(Date.now()).toBeGreaterThanOrEqual(timestampDate(sendAt).getTime());
      await eventually(async () => {
        const { reach } = await client.getPush({ requestId }, app);
        return reach.case === 'deliveries' && reach.value.delivered === 1;
      });
      expect(await client.getPush({ requestId }, app)).toMatchObject({
        state: State.SENT,
        messageIds: [message.id],
        reach: { value: { targeted: 1 } },
      });
      expect(device.messages).toHaveLength(1);
    });

    it('to a topic becomes one push of the topic', async () => {
      const name = uniqueName('tag');
      const { device } = await audience.listen({ tag: [name] });
      const { requestId } = await client.sendPush({ audience: tag(name), alert: 'topic', sendAt: fromNow(200) }, app);
      const { id } = await device.waitForMessage(({ alert }) => alert === 'topic');
      await eventually(async () => {
        const { reach } = await client.getPush({ requestId }, app);
        return reach.case === 'topics' && reach.value.published === 1;
      });
      expect((await client.getPush({ requestId }, app)).messageIds).toEqual([id]);
    });

    it('does not come once it is recalled, which only its own app can', async () => {
      const { alias, device } = await audience.listen();
      const push = { audience: aliases(alias), sendAt: fromNow(2500) };
      const { requestId } = await client.sendPush({ ...push, alert: 'cancelled' }, app);
      const { body } = await createApp(stack.httpUrl, stack.adminToken, 'another');
      const others = basic(body.id, body.appKey);
      expect((await failureOf(client.recallPush({ requestId }, others))).code).toBe(Code.NotFound);
      expect((await failureOf(client.getPush({ requestId }, others))).code).toBe(Code.NotFound);
      for (let times = 0; times < 2; times++)
        expect(await client.recallPush({ requestId }, app)).toMatchObject({ recalled: 0 });
      await client.sendPush({ ...push, alert: 'kept' }, app);
      await device.waitForMessage(({ alert }) => alert === 'kept');
      expect(device.messages.map(({ alert }) => alert)).toEqual(['kept']);
      const report = await client.getPush({ requestId }, app);
      expect(report.state).toBe(State.RECALLED);
      expect(report.content).toBeUndefined();
    });

    it('is made once however often it is sent with its key', async () => {
      const { alias, device } = await audience.listen();
      const push = { audience: aliases(alias), alert: 'once', sendAt: fromNow(700), idempotencyKey: uniqueName('key') };
      const answers = await Promise.all([1, 2, 3].map(() => client.sendPush(push, app)));
      expect(new Set(answers.map(({ requestId }) => requestId)).size).toBe(1);
      for (const sendAt of [fromNow(800), undefined]) {
        expect((await failureOf(client.sendPush({ ...push, sendAt }, app))).code).toBe(Code.AlreadyExists);
      }
      await device.waitForMessage(({ alert }) => alert === 'once');
      // Its time has passed: it would be sent at once.
      expect(await client.sendPush(push, app)).toEqual(answers[0]);
      await client.sendPush({ audience: aliases(alias), alert: 'last' }, app);
      await device.waitForMessage(({ alert }) => alert === 'last');
      expect(device.messages.map(({ alert }) => alert)).toEqual(['once', 'last']);
    });

    it('is an ordinary one if its time has passed, and refused if it is more than 7 days away', async () => {
      const { alias, device } = await audience.listen();
      const push = { audience: aliases(alias), alert: 'now' };
      const { requestId } = await client.sendPush({ ...push, sendAt: fromNow(-60_000) }, app);
      expect((await device.waitForCount(1))[0]?.id).toBe(requestId);
      const far = { ...push, sendAt: fromNow(7 * 86_400_000 + 60_000) };
      expect((await failureOf(client.sendPush(far, app))).message).toContain('sendAt must be at most 7 days');
      const jobs = () => readRows(stack.databaseUrl, 'SELECT COUNT(*) AS count FROM jobs');
      const before = await jobs();
      await client.sendPush({ ...push, sendAt: fromNow(60_000), dryRun: true }, app);
      expect(await jobs()).toEqual(before);
    });

    it('comes although the core was killed after it had accepted it', async () => {
      const { alias, device } = await audience.listen();
      await client.sendPush({ audience: aliases(alias), alert: 'survives', sendAt: fromNow(500) }, app);
      await stack.core.kill();
      await stack.restartCore();
      await device.waitForMessage(({ alert }) => alert === 'survives', 15_000);
      await stack.waitUntilReady();
    });
  });

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
    }, 120_000);

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
    const goOn = () => changeRows(stack.databaseUrl, 'DROP TRIGGER stop');

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
      await eventually(async () => (await state(requestId)) === State.SENT, { timeoutMs: 20_000 });
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
    }, 60_000);

    it('ends where it is when it is recalled in the middle of it', async () => {
      await stopAfter(3);
      const { requestId } = await client.sendPush({ audience: tree(name), alert: 'mistake' }, app);
      await eventually(async () => (await partsOf(requestId)) === 3);
      expect(await client.recallPush({ requestId }, app)).toMatchObject({ recalled: 3 * PART });
      await goOn();
      // What comes later is made later: by then another part would have been.
      const later = await client.sendPush({ audience: tree(name), alert: 'right' }, app);
      await eventually(async () => (await state(later.requestId)) === State.SENT, { timeoutMs: 20_000 });
      expect(await partsOf(requestId)).toBe(3);
      expect(await client.recallPush({ requestId: later.requestId }, app)).toMatchObject({ recalled: DEVICES });
    }, 60_000);

    it('comes once to a device that is connected', async () => {
      const { alias, device } = await audience.listen({ tag: [name] });
      const { requestId } = await client.sendPush({ audience: tree(name), alert: 'large' }, app);
      await client.sendPush({ audience: aliases(alias), alert: 'small' }, app);
      await device.waitForCount(2);
      expect(device.messages.map(({ alert }) => alert).toSorted()).toEqual(['large', 'small']);
      await eventually(async () => (await state(requestId)) === State.SENT, { timeoutMs: 20_000 });
      expect(device.messages).toHaveLength(2);
    }, 60_000);

    it('leaves sums that are right', async () => {
      await audience.close();
      // SQLite's file is the core's while it runs.
      await stack.stop();
      expect(await verify(database.url)).toMatchObject({ code: 0 });
    });
  });
});
