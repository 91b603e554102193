import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { OLDEST } from '../../../../../core/domain/receipt-position.js';
import { type Store, StoreUnavailable } from '../../../../../core/store/store.js';
import { must, openStore } from '../../../../contract/each-store.js';
import { newApp } from '../../../../contract/samples.js';
import { eventually } from '../../../../support/eventually.js';
import { type FreshDatabase, freshDatabase } from '../../../../support/stores.js';
import { type BackEnd, startBackEnd, startWebhookCore, type WebhookCore } from '../../../../support/webhook-core.js';

const DAY = 86_400_000;
let database: FreshDatabase;
let store: Store;
let backEnd: BackEnd;
let core: WebhookCore;
const others: BackEnd[] = [];

beforeAll(async () => {
  database = await freshDatabase('sqlite');
  store = await openStore(database.url);
});
afterAll(async () => {
  await store.close();
  await database.drop();
});
beforeEach(async () => {
  backEnd = await startBackEnd();
  core = await startWebhookCore(store, backEnd.server.ca);
});
afterEach(async () => {
  for (const { num, appNum } of await store.loadWebhooks()) await core.remove({ num, appNum });
  await core.stop();
  expect(backEnd.forged).toBe(0);
  await backEnd.server.stop();
  for (const { server } of others.splice(0)) await server.stop();
});

async function another(): Promise<BackEnd> {
  const made = await startBackEnd();
  others.push(made);
  return made;
}

const messages = ({ told }: BackEnd) => told.map(({ messageId }) => messageId);
const tellsAll = (ids: readonly string[], of = backEnd) =>
  eventually(() => new Set(messages(of)).size >= ids.length, { message: 'all to be told' });
const lettersOf = ({ num }: { num: number }) => store.listDeadLetters(num, Number.MAX_SAFE_INTEGER, 100);
const listed = async ({ num }: { num: number }) =>
  must((await store.listWebhooks(core.app.num)).find((each) => each.num === num));

describe('a webhook', () => {
  it('tells what ends from its creation on, in order, many in a request, with a signature', async () => {
    await core.end(2);
    const webhook = await core.create(backEnd);
    const ids = await core.end(30);
    await tellsAll(ids);
    expect(messages(backEnd)).toEqual(ids);
    const [first] = backEnd.told;
    expect(first).toEqual({
      type: 'delivery.ended',
      id: expect.stringMatching(/^evt_[\w-]{24}$/),
      requestId: ids[0],
      messageId: ids[0],
      deviceId: expect.stringMatching(/^[0-9a-f]{32}$/),
      alias: expect.stringMatching(/^alias-/),
      state: 'DELIVERED',
      time: '2027-01-15T08:00:00.000Z',
    });
    const [request] = backEnd.server.requests;
    expect(JSON.parse(must(request).body.toString())).toMatchObject({
      type: 'receipts',
      timestamp: '2027-01-15T08:00:00.000Z',
    });
    expect(await eventually(async () => (await listed(webhook)).position.seq === (await store.lastReceipt()).seq)).toBe(
      true,
    );
    expect(core.webhooks.statusOf(webhook.num).oldestUntoldAt).toBeUndefined();
  });

  it('sends no more events in a request than it is set to', async () => {
    await core.create(backEnd, { maxEvents: 3 });
    const ids = await core.end(2, 10);
    await eventually(() => backEnd.told.length >= 20);
    expect(new Set(messages(backEnd))).toEqual(new Set(ids));
    const sizes = backEnd.server.requests.map(({ body }) => JSON.parse(body.toString()).data.events.length);
    expect(Math.max(...sizes)).toBe(3);
  });

  it('tells each device in order, whatever connections do', async () => {
    await core.create(backEnd, { maxEvents: 4 });
    backEnd.server.next({ kind: 'reset' }, { kind: 'half' }, { kind: 'reset' }, { kind: 'huge' }, { kind: 'reset' });
    const ids = await core.end(25);
    await tellsAll(ids);
    expect([...new Set(messages(backEnd))]).toEqual(ids);
    const byId = new Map(backEnd.told.map((event) => [event.id, event.messageId]));
    expect(byId.size).toBe(ids.length);
    // What is sent again is the same to the byte.
    const bodies = new Map<unknown, string>();
    for (const { headers, body } of backEnd.server.requests) {
      const id = headers['webhook-id'];
      expect(bodies.get(id) ?? body.toString()).toBe(body.toString());
      bodies.set(id, body.toString());
    }
  });

  it('waits while its back end cannot be reached, or says that it cannot take it now, and loses nothing', async () => {
    const webhook = await core.create(backEnd);
    await backEnd.server.shut();
    const ids = await core.end(3);
    const failing = await eventually(async () => (await listed(webhook)).failingSince !== null && listed(webhook));
    expect(failing).toMatchObject({ reason: 'ECONNREFUSED', disabledAt: null });
    expect(core.webhooks.counts().states).toMatchObject({ failing: 1, active: 0 });
    await backEnd.server.reopen();
    const answers = [301, 401, 403, 404, 405, 408, 425, 429, 502, 503, 504].map((status) => {
      return {
        kind: 'answer',
        answer: { status, headers: { 'retry-after': '86400', location: 'https://localhost/' } },
      } as const;
    });
    backEnd.server.next(...answers);
    await tellsAll(ids);
    expect(messages(backEnd)).toEqual(ids);
    expect(await lettersOf(webhook)).toEqual([]);
    expect(
      await eventually(async () => (await listed(webhook)).failingSince === null && listed(webhook)),
    ).toMatchObject({
      reason: null,
    });
  });

  it('sets aside the one event that is refused again and again, and brings it again when asked', async () => {
    const webhook = await core.create(backEnd);
    let poison = '';
    let attempts = 0;
    backEnd.judge = (events) => {
      if (!events.some(({ messageId }) => messageId === poison)) return undefined;
      if (events.length === 1) attempts++;
      return { status: 500 };
    };
    await backEnd.server.shut();
    const ids = await core.end(40);
    poison = must(ids[17]);
    await backEnd.server.reopen();
    await eventually(() => new Set(messages(backEnd)).size === 39);
    expect([...new Set(messages(backEnd))]).toEqual(ids.filter((id) => id !== poison));
    const [letter, ...more] = await eventually(async () => {
      const found = await lettersOf(webhook);
      return found.length > 0 && found;
    });
    expect(more).toEqual([]);
    expect(letter).toMatchObject({ reason: 'http_500', attempts: 5, replaying: false });
    expect(JSON.parse(must(letter).event)).toMatchObject({ messageId: poison });
    expect(attempts).toBe(5);
    // Refused again it stays, and says how often.
    expect(await core.replay(webhook)).toBe(1);
    expect(await eventually(async () => (await lettersOf(webhook)).find((each) => each.attempts === 10))).toMatchObject(
      {
        replaying: false,
      },
    );
    backEnd.judge = () => undefined;
    await core.replay(webhook);
    await eventually(async () => (await lettersOf(webhook)).length === 0);
    expect(messages(backEnd).at(-1)).toBe(poison);
    expect(core.webhooks.counts().events).toMatchObject({ dead: 2, told: 40 });
  });

  it('sends a dead letter again once, also while it cannot be kept that it was taken', async () => {
    await core.stop();
    let [isDown, attempts] = [false, 0];
    const failing: Store = {
      ...store,
      async commitWebhookProgress(progress) {
        if (!isDown) return store.commitWebhookProgress(progress);
        attempts++;
        throw new StoreUnavailable('read only');
      },
    };
    core = await startWebhookCore(failing, backEnd.server.ca, { app: core.app });
    const webhook = await core.create(backEnd);
    backEnd.judge = () => ({ status: 422 });
    await core.end(1);
    await eventually(async () => (await lettersOf(webhook)).length === 1);
    backEnd.judge = () => {
      isDown = true;
      return undefined;
    };
    await core.replay(webhook);
    // Longer than the pause after which it is read again.
    await eventually(() => attempts >= 250);
    expect(backEnd.told).toHaveLength(1);
    isDown = false;
    await eventually(async () => (await lettersOf(webhook)).length === 0);
    expect(backEnd.told).toHaveLength(1);
  });

  it('is disabled at once when its back end is gone, and goes on where it was when it is enabled', async () => {
    const webhook = await core.create(backEnd);
    backEnd.judge = () => ({ status: 410 });
    const ids = await core.end(3);
    const disabled = await eventually(async () => (await listed(webhook)).disabledAt !== null && listed(webhook));
    expect(disabled).toMatchObject({ reason: 'http_410' });
    expect(core.webhooks.counts().states).toMatchObject({ disabled: 1 });
    backEnd.judge = () => undefined;
    const later = await core.end(1);
    await core.change(webhook, { disabled: null });
    await tellsAll([...ids, ...later]);
    expect(messages(backEnd)).toEqual([...ids, ...later]);
  });

  it('is disabled after three days without a success, and not for a failure that was long ago', async () => {
    let now = Date.now();
    await core.stop();
    core = await startWebhookCore(store, backEnd.server.ca, { app: core.app, now: () => now });
    const webhook = await core.create(backEnd);
    backEnd.judge = () => ({ status: 422 });
    await core.end(1);
    await eventually(async () => (await lettersOf(webhook)).length === 1);
    now += 4 * DAY;
    backEnd.judge = () => ({ status: 503 });
    const ids = await core.end(1);
    const failing = await eventually(async () => (await listed(webhook)).failingSince !== null && listed(webhook));
    expect(failing).toMatchObject({ failingSince: now, disabledAt: null });
    now += 3 * DAY;
    const disabled = await eventually(async () => (await listed(webhook)).disabledAt !== null && listed(webhook));
    expect(disabled).toMatchObject({ reason: 'failing_for_too_long' });
    backEnd.judge = () => undefined;
    await core.change(webhook, { disabled: null });
    await tellsAll(ids);
  });

  it('waits while its app is disabled', async () => {
    await core.create(backEnd);
    await tellsAll(await core.end(1));
    core.disable(true);
    const ids = await core.end(3);
    expect(backEnd.told).toHaveLength(1);
    core.disable(false);
    await eventually(() => backEnd.told.length === 4);
    expect(messages(backEnd).slice(1)).toEqual(ids);
  });

  it('signs with both secrets for a day after a change, then with the new one alone', async () => {
    const webhook = await core.create(backEnd);
    const { sealed, secret, oldUntil } = must(core.webhooks.rotate(webhook.num));
    expect(oldUntil).toBeGreaterThan(Date.now() + 86_000_000);
    await core.change(webhook, sealed);
    // A receiver that has not changed yet.
    const first = await core.end(1);
    await tellsAll(first);
    expect(backEnd.server.requests.at(-1)?.headers['webhook-signature']).toMatch(/^v1,\S+ v1,\S+$/);
    // One that has.
    backEnd.secrets.splice(0, 1, secret);
    await tellsAll([...first, ...(await core.end(1))]);
  });

  it('signs with each secret for its day, however often they change', async () => {
    const webhook = await core.create(backEnd);
    for (let count = 0; count < 2; count++) {
      await core.change(webhook, must(core.webhooks.rotate(webhook.num)).sealed);
    }
    await tellsAll(await core.end(1));
    expect(backEnd.server.requests.at(-1)?.headers['webhook-signature']).toMatch(/^v1,\S+ v1,\S+ v1,\S+$/);
    for (let count = 0; count < 20; count++) {
      const { sealed, secret } = must(core.webhooks.rotate(webhook.num));
      backEnd.secrets.splice(0, 1, secret);
      await core.change(webhook, sealed);
    }
    await core.webhooks.test(webhook.num);
    expect(backEnd.server.requests.at(-1)?.headers['webhook-signature']?.split(' ')).toHaveLength(10);
  });

  it('tells everything again from a time on', async () => {
    const webhook = await core.create(backEnd);
    const ids = await core.end(4);
    await tellsAll(ids);
    const before = backEnd.told.map(({ id }) => id);
    await core.change(webhook, { rewindTo: { ...OLDEST, seq: webhook.position.seq } });
    await eventually(() => backEnd.told.length >= 8);
    expect(backEnd.told.map(({ id }) => id)).toEqual([...before, ...before]);
  });

  it('tells again what it has told just now, before it was kept how far it is', async () => {
    await core.stop();
    core = await startWebhookCore(store, backEnd.server.ca, { keepMs: 60_000 });
    const webhook = await core.create(backEnd);
    const ids = await core.end(3);
    await tellsAll(ids);
    await core.change(webhook, { rewindTo: await store.lastReceipt() });
    await eventually(() => messages(backEnd).filter((id) => id === ids[2]).length === 2);
  });

  it('repeats nothing when it is changed in the middle of a request, more than once too', async () => {
    await core.stop();
    core = await startWebhookCore(store, backEnd.server.ca, { keepMs: 60_000 });
    const webhook = await core.create(backEnd);
    const first = await core.end(2);
    await tellsAll(first);
    backEnd.server.next({ kind: 'late', ms: 200 });
    const second = await core.end(1);
    await tellsAll([...first, ...second]);
    for (const name of ['one', 'two', 'three']) await core.change(webhook, { name });
    const third = await core.end(1);
    await tellsAll([...first, ...second, ...third]);
    expect(messages(backEnd)).toEqual([...first, ...second, ...third]);
  });

  it('leaves no request under way when the core stops, also where it was changed meanwhile', async () => {
    const webhook = await core.create(backEnd);
    backEnd.judge = () => 'silence';
    await core.end(1);
    await eventually(() => backEnd.server.requests.length > 0);
    await core.change(webhook, { name: 'other' });
    await core.stop();
    expect(core.webhooks.counts().requests).toMatchObject({ unreachable: 1 });
    core = await startWebhookCore(store, backEnd.server.ca, { app: core.app });
  });

  it('tells nothing more once its app is disabled, in the middle of many events too, until it is enabled', async () => {
    await core.create(backEnd, { maxEvents: 1 });
    backEnd.judge = () => {
      if (backEnd.server.requests.length === 1) core.disable(true);
      return undefined;
    };
    await backEnd.server.shut();
    const ids = await core.end(4);
    await backEnd.server.reopen();
    await eventually(() => backEnd.told.length > 0);
    // Another one would have been told by then.
    const other = await another();
    core.disable(true);
    const { num } = await core.create(other);
    for (let count = 0; count < 4; count++) await core.webhooks.test(num);
    expect(messages(backEnd)).toEqual(ids.slice(0, 1));
    core.disable(false);
    await tellsAll(ids);
    expect(messages(backEnd)).toEqual(ids);
  });

  it('is not disabled for what failed before the core stood still for days, but for what fails since', async () => {
    const webhook = await core.create(backEnd);
    await core.stop();
    const { num, rewinds, position } = webhook;
    const failed = { failingSince: Date.now() - 4 * DAY, reason: 'timeout', disabledAt: null };
    await store.commitWebhookProgress([{ num, rewinds, position, ...failed, dead: [], taken: [], refused: [] }]);
    core = await startWebhookCore(store, backEnd.server.ca, { app: core.app });
    backEnd.server.next({ kind: 'reset' }, { kind: 'reset' });
    await tellsAll(await core.end(1));
    await eventually(async () => (await listed(webhook)).failingSince === null);
    expect(core.webhooks.counts().states).toMatchObject({ active: 1 });
    await core.stop();
    await store.commitWebhookProgress([{ num, rewinds, position, ...failed, dead: [], taken: [], refused: [] }]);
    core = await startWebhookCore(store, backEnd.server.ca, { app: core.app });
    backEnd.server.always({ kind: 'reset' });
    await core.end(1);
    const disabled = await eventually(async () => (await listed(webhook)).disabledAt !== null && listed(webhook));
    expect(disabled).toMatchObject({ reason: 'failing_for_too_long' });
    expect(core.webhooks.counts().requests.unreachable).toBe(10);
  });

  it('goes on where it was when the core comes back, and repeats no more than was not kept', async () => {
    await core.create(backEnd, { maxEvents: 2 });
    const first = await core.end(5);
    await tellsAll(first);
    await core.stop();
    const { app } = core;
    core = await startWebhookCore(store, backEnd.server.ca, { app });
    const second = await core.end(5);
    await tellsAll([...first, ...second]);
    expect(messages(backEnd)).toEqual([...first, ...second]);
  });

  it('stops in the middle of a request within its time, and tells again', async () => {
    await core.create(backEnd);
    backEnd.judge = () => 'silence';
    const ids = await core.end(2);
    await eventually(() => backEnd.server.requests.length > 0);
    await core.stop();
    expect(messages(backEnd)).toEqual([]);
    backEnd.judge = () => undefined;
    core = await startWebhookCore(store, backEnd.server.ca, { app: core.app });
    await tellsAll(ids);
    expect((await store.listWebhooks(core.app.num))[0]?.failingSince).toBeNull();
  });

  it('is told nothing more once it is removed, also in the middle of a request', async () => {
    const webhook = await core.create(backEnd);
    backEnd.judge = () => 'silence';
    await core.end(1);
    await eventually(() => backEnd.server.requests.length > 0);
    await core.remove(webhook);
    backEnd.judge = () => undefined;
    const other = await another();
    await core.create(other);
    await tellsAll(await core.end(1), other);
    expect(backEnd.server.requests).toHaveLength(1);
  });

  it('waits for no other: not for one that never answers, nor for one of another app', async () => {
    const [silent, foreign] = [await another(), await another()];
    silent.judge = () => 'silence';
    await core.create(silent);
    await core.create(backEnd);
    const app = await newApp(store);
    await core.create(foreign, { app });
    const [ids, theirs] = [await core.end(5), await core.end(2, 1, app)];
    await tellsAll(ids);
    await tellsAll(theirs, foreign);
    expect([messages(backEnd), messages(foreign)]).toEqual([ids, theirs]);
    expect(silent.server.requests).toHaveLength(1);
  });

  it('is tried with an event of its own, which says what came of it', async () => {
    const webhook = await core.create(backEnd);
    expect(await core.webhooks.test(webhook.num)).toEqual({ status: 204, reason: '' });
    const { type, data } = JSON.parse(must(backEnd.server.requests[0]).body.toString());
    expect({ type, data }).toEqual({ type: 'test', data: { events: [] } });
    // Whoever asks meanwhile gets the same answer.
    const answers = await Promise.all([1, 2, 3].map(() => core.webhooks.test(webhook.num)));
    expect(answers).toEqual(Array(3).fill({ status: 204, reason: '' }));
    expect(backEnd.server.requests).toHaveLength(2);
    backEnd.judge = () => ({ status: 404 });
    expect(await core.webhooks.test(webhook.num)).toEqual({ status: 404, reason: 'http_404' });
  });
});
