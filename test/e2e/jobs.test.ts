import { timestampDate, timestampFromDate } from '@bufbuild/protobuf/wkt';
import { Code } from '@connectrpc/connect';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { GetPushResponse_State as State } from '../../gen/onepush/v1/query_pb.js';
import { type Audience, createAudience } from '../support/audience.js';
import { eventually } from '../support/eventually.js';
import { createApp } from '../support/rest.js';
import { readRows } from '../support/rows.js';
import { basic, failureOf, type PushCoreClient, pushCoreClient } from '../support/rpc.js';
import { aliases, tag } from '../support/rpc-audiences.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { type FreshDatabase, freshDatabase, storeKinds } from '../support/stores.js';
import { uniqueName } from '../support/users.js';

const app = basic(TEST_APP.appId, TEST_APP.appKey);
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
});
