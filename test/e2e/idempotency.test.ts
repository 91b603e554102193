import { randomUUID } from 'node:crypto';
import { Code } from '@connectrpc/connect';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Audience, createAudience } from '../support/audience.js';
import { eventually } from '../support/eventually.js';
import { expectError } from '../support/expect-error.js';
import { createApp, type SendBody, send } from '../support/rest.js';
import { readRows } from '../support/rows.js';
import { basic, failureOf, pushCoreClient } from '../support/rpc.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { storeKinds } from '../support/stores.js';

describe.each(storeKinds())('a push that is sent again with its idempotency key, on %s', (store) => {
  let stack: Stack;
  let audience: Audience;
  beforeAll(async () => {
    stack = await startStack({ store });
  });
  afterAll(() => stack.stop());
  beforeEach(() => {
    audience = createAudience(stack);
  });
  afterEach(() => audience.close());

  const sendKeyed = (key: string, alias: string, given: Partial<SendBody> = {}) =>
    send(stack.httpUrl, { ...TEST_APP, audiences: [alias], alert: 'once', ...given }, { 'Idempotency-Key': key });

  it('is answered with the first requestId and delivered once', async () => {
    const listener = await audience.listen();
    const key = randomUUID();
    const answers: Awaited<ReturnType<typeof sendKeyed>>[] = [];
    for (let attempt = 0; attempt < 3; attempt++) answers.push(await sendKeyed(key, listener.alias));
    expect(answers.map(({ status, body }) => [status, body])).toEqual(answers.map(() => [200, answers[0]?.body]));
    expect(await audience.got(listener)).toHaveLength(1);
  });

  it('is the same push over RPC as over REST', async () => {
    const listener = await audience.listen();
    const idempotencyKey = randomUUID();
    const push = {
      audience: { audience: { case: 'aliases' as const, value: { values: [listener.alias] } } },
      alert: 'once',
      pushMsgType: 1,
      extraJson: '{"id": 12345678901234567890}',
      idempotencyKey,
    };
    const app = basic(TEST_APP.appId, TEST_APP.appKey);
    const ids: string[] = [];
    for (const protocol of ['grpc', 'connect', 'grpc'] as const)
      ids.push((await pushCoreClient(stack, protocol).sendPush(push, app)).requestId);
    const body = `{"appId":"testapp1","appKey":"dkdka","audiences":["${listener.alias}"],"alert":"once",
      "extra":{"id": 12345678901234567890}}`;
    ids.push((await send(stack.httpUrl, body, { 'Idempotency-Key': idempotencyKey })).body.requestId);
    expect(new Set(ids).size).toBe(1);
    expect(await audience.got(listener)).toHaveLength(1);
  });

  it.each(['REST', 'RPC'])('is delivered once when it is sent 50 times at the same time over %s', async (how) => {
    const listener = await audience.listen();
    const key = randomUUID();
    const client = pushCoreClient(stack, 'grpc');
    const value = { values: [listener.alias] };
    const push = { audience: { audience: { case: 'aliases' as const, value } }, alert: 'once', idempotencyKey: key };
    const ids = await Promise.all(
      Array.from({ length: 50 }, async () =>
        how === 'REST'
          ? (await sendKeyed(key, listener.alias)).body.requestId
          : (await client.sendPush(push, basic(TEST_APP.appId, TEST_APP.appKey))).requestId,
      ),
    );
    expect(new Set(ids)).toEqual(new Set([expect.stringMatching(/^\d+$/)]));
    expect(await audience.got(listener)).toHaveLength(1);
    const receipts = 'SELECT push_id FROM receipts WHERE push_id = ?';
    // It is committed a little later than the device has the message.
    const rows = await eventually(async () => {
      const found = await readRows(stack.databaseUrl, receipts, [Number(ids[0])]);
      return found.length > 0 && found;
    });
    expect(rows).toHaveLength(1);
  });

  it('is known after the core was killed, also when it was killed while it was sent to', {
    timeout: 60_000,
  }, async () => {
    const listener = await audience.listen();
    const key = randomUUID();
    const first = await sendKeyed(key, listener.alias);
    const keys = Array.from({ length: 40 }, () => randomUUID());
    const cut = keys.map((each) => sendKeyed(each, listener.alias));
    await Promise.race(cut);
    await stack.core.kill();
    const answers = await Promise.all(cut);
    await stack.restartCore();
    await stack.waitUntilReady();
    expect((await sendKeyed(key, listener.alias)).body).toEqual(first.body);
    const again = await Promise.all(keys.map((each) => sendKeyed(each, listener.alias)));
    expect(again.every(({ status }) => status === 200)).toBe(true);
    for (const [index, { status, body }] of answers.entries()) {
      if (status === 200) expect(again[index]?.body).toEqual(body);
    }
    const ids = (await audience.got(listener)).map((frame) => /"id":"(\d+)"/.exec(frame)?.[1]);
    expect(ids.toSorted()).toEqual([first, ...again].map(({ body }) => body.requestId).toSorted());
  });

  it('is refused if it is another push, and the first one stays what it is', async () => {
    const listener = await audience.listen();
    const key = randomUUID();
    const first = await sendKeyed(key, listener.alias);
    for (const other of [{ alert: 'twice' }, { needConfirm: true }, { audiences: 'ALL' as const }, { extra: 1 }]) {
      expectError(await sendKeyed(key, listener.alias, other), 40901);
    }
    const push = {
      audience: { audience: { case: 'everyone' as const, value: {} } },
      alert: 'once',
      idempotencyKey: key,
    };
    const client = pushCoreClient(stack, 'grpc');
    const error = await failureOf(client.sendPush(push, basic(TEST_APP.appId, TEST_APP.appKey)));
    expect(error.code).toBe(Code.AlreadyExists);
    expect((await sendKeyed(key, listener.alias)).body).toEqual(first.body);
    expect(await audience.got(listener)).toHaveLength(1);
  });

  it('is another push under the same key of another app', async () => {
    const listener = await audience.listen();
    const key = randomUUID();
    const { body: app } = await createApp(stack.httpUrl, stack.adminToken, 'another');
    const mine = await sendKeyed(key, listener.alias);
    const theirs = await sendKeyed(key, listener.alias, { appId: app.id, appKey: app.appKey });
    const changed = await sendKeyed(key, listener.alias, { appId: app.id, appKey: app.appKey, alert: 'changed' });
    expect([mine.status, theirs.status]).toEqual([200, 200]);
    expect(theirs.body.requestId).not.toBe(mine.body.requestId);
    expectError(changed, 40901);
  });

  it('is another push without the key, and under another key', async () => {
    const listener = await audience.listen();
    const body = { ...TEST_APP, audiences: [listener.alias], alert: 'once' };
    const answers = [
      await sendKeyed(randomUUID(), listener.alias),
      await sendKeyed(randomUUID(), listener.alias),
      await send(stack.httpUrl, body),
      await send(stack.httpUrl, body),
    ];
    expect(new Set(answers.map((answer) => answer.body.requestId)).size).toBe(4);
    expect(await audience.got(listener)).toHaveLength(4);
  });

  it('may have a key of 255 characters, and is told which field is wrong beyond that', async () => {
    const listener = await audience.listen();
    expect((await sendKeyed('k'.repeat(255), listener.alias)).status).toBe(200);
    expectError(await sendKeyed('k'.repeat(256), listener.alias), 40001, 'Idempotency-Key');
    const push = {
      audience: { audience: { case: 'everyone' as const, value: {} } },
      alert: 'once',
      idempotencyKey: 'k'.repeat(256),
    };
    const client = pushCoreClient(stack, 'connect');
    const error = await failureOf(client.sendPush(push, basic(TEST_APP.appId, TEST_APP.appKey)));
    expect(error.code).toBe(Code.InvalidArgument);
    expect(error.message).toContain('idempotencyKey');
    expect(await audience.got(listener)).toHaveLength(1);
  });
});
