import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { rawRequest } from '../support/raw-request.js';
import { request, unregister } from '../support/rest.js';
import { ENDING, endingsOf } from '../support/rows.js';
import { type Stack, startStack } from '../support/stack.js';
import { type Connect, confirm, poll, readEvents, type StreamEvent, TRANSPORTS } from '../support/transports.js';
import { newDevice, sendPush, uniqueName } from '../support/users.js';

const ORIGIN = 'https://shop.example.com';
let stack: Stack;
const cuts: (() => void)[] = [];
beforeAll(async () => {
  stack = await startStack({
    edgeEnv: { ONEPUSH_CONFIRM_INTERVAL: '150', ONEPUSH_PONG_TIMEOUT: '1', ONEPUSH_HTTP_ORIGINS: ORIGIN },
  });
});
afterEach(() => {
  for (const cut of cuts.splice(0)) cut();
});
afterAll(() => stack?.stop());

/** A device of a user of its own. */
async function newUser() {
  const alias = uniqueName();
  const deviceId = await newDevice(stack.httpUrl, alias);
  return { alias, deviceId, push: (more = {}) => sendPush(stack.httpUrl, { audiences: [alias], ...more }) };
}

async function start(connect: Connect, deviceId: string, options: Parameters<Connect>[2] = {}) {
  const device = await connect(stack.httpUrl, deviceId, options);
  cuts.push(device.cut);
  return device;
}

const { 'Server-Sent Events': stream } = TRANSPORTS;
const idsOf = (messages: readonly { id: string }[]): string[] => messages.map(({ id }) => id);

describe.each(Object.entries(TRANSPORTS))('a device that receives by %s', (_, connect) => {
  it('has what waited, then what comes, to it and to everyone, each once and in order', async () => {
    const { deviceId, push } = await newUser();
    const sent = [await push(), await push({ needConfirm: true, duration: 600 }), await push({ audiences: 'ALL' })];
    const device = await start(connect, deviceId);
    await device.ids(3);
    await device.confirm(sent[1] ?? '');
    for (let count = 0; count < 5; count++) sent.push(await push(count % 2 === 0 ? {} : { audiences: 'ALL' }));
    await device.ids(8);
    // What must be confirmed may have come again before it was.
    expect([...new Set(idsOf(device.messages))]).toEqual(sent);
    await eventually(async () => (await endingsOf(stack.databaseUrl, sent[0] ?? '')).join() === `${ENDING.delivered}`);
    expect(await endingsOf(stack.databaseUrl, sent[1] ?? '')).toEqual([ENDING.confirmed]);
  });

  it('has a message again until it confirms it; another device cannot', async () => {
    const [{ deviceId, push }, stranger] = [await newUser(), await newUser()];
    const device = await start(connect, deviceId);
    const id = await push({ needConfirm: true });
    await device.ids(2);
    const other = await start(connect, stranger.deviceId);
    await other.confirm(id);
    await device.ids(device.messages.length + 1);
    await device.confirm(id);
    await eventually(async () => (await endingsOf(stack.databaseUrl, id)).join() === `${ENDING.confirmed}`);
    const last = await push();
    await eventually(() => device.messages.at(-1)?.id === last);
    expect(new Set(idsOf(device.messages))).toEqual(new Set([id, last]));
  });

  it.each(Object.entries(TRANSPORTS))('is replaced by a newer session of it, by %s', async (_, connectNext) => {
    const { deviceId, push } = await newUser();
    const device = await start(connect, deviceId);
    const next = await start(connectNext, deviceId);
    expect(await device.closed).toEqual({ code: 4409, reason: 'replaced by a newer connection' });
    const id = await push();
    expect(await next.ids(1)).toEqual([id]);
  });

  it('is told why it is closed: not known, or unregistered', async () => {
    const nobody = await start(connect, 'a'.repeat(32));
    expect(await nobody.closed).toMatchObject({ code: 4404 });
    const { deviceId } = await newUser();
    const device = await start(connect, deviceId);
    await unregister(stack.httpUrl, deviceId);
    expect(await device.closed).toMatchObject({ code: 4410 });
  });
});

describe('what a client has not acknowledged', () => {
  it('comes again, and what it has acknowledged does not', async () => {
    const { deviceId, push } = await newUser();
    const sent = [await push(), await push()];
    const one = await start(stream, deviceId, { acknowledges: false });
    expect(await one.ids(2)).toEqual(sent);
    one.cut();
    const two = await start(stream, deviceId, { acknowledges: false });
    expect(await two.ids(2)).toEqual(sent);
    two.cut();
    // A client that another has replaced while it had no request.
    const stale = await start(stream, deviceId, { cursor: one.cursor() });
    expect(await stale.closed).toMatchObject({ code: 4409 });
    const three = await start(stream, deviceId, { cursor: two.cursor(), acknowledges: false });
    sent.push(await push());
    expect(await three.ids(1)).toEqual([sent[2]]);
    await confirm(stack.httpUrl, deviceId, { cursor: three.cursor() });
    for (const id of sent)
      await eventually(async () => (await endingsOf(stack.databaseUrl, id)).join() === `${ENDING.delivered}`);
  });

  it('is not lost with an answer that did not come: a poll with the cursor before it has it again', async () => {
    const { deviceId, push } = await newUser();
    const { cursor = '' } = await poll(stack.httpUrl, deviceId, '', 0);
    const sent = [await push(), await push()];
    const lost = await poll(stack.httpUrl, deviceId, cursor, 20);
    expect(lost.messages.length).toBeGreaterThan(0);
    const all: string[] = [];
    // That answer is lost, too.
    await poll(stack.httpUrl, deviceId, cursor, 20);
    for (let at = cursor; all.length < 2; ) {
      const answer = await poll(stack.httpUrl, deviceId, at, 20);
      all.push(...idsOf(answer.messages));
      at = answer.cursor ?? '';
    }
    expect(all).toEqual(sent);
  });

  it('is there for polls that do not wait, also where each begins a session', async () => {
    const { deviceId, push } = await newUser();
    const id = await push();
    const { messages } = await eventually(async () => {
      const answer = await poll(stack.httpUrl, deviceId, '', 0);
      return answer.messages.length > 0 && answer;
    });
    expect(idsOf(messages)).toEqual([id]);
  });

  it('comes again where the cursor is rubbish, from the future, or of another device', async () => {
    const { deviceId, push } = await newUser();
    const id = await push();
    const other = await newUser();
    const foreign = (await poll(stack.httpUrl, other.deviceId, '', 0)).cursor ?? '';
    const own = await stream(stack.httpUrl, deviceId, { acknowledges: false });
    await own.ids(1);
    const future = own.cursor().replace(/\d+$/, '99');
    own.cut();
    for (const cursor of [future, foreign, 'rubbish', `${'f'.repeat(16)}.1`, '0', '-1', 'closed.x', 'x'.repeat(5000)]) {
      const device = await stream(stack.httpUrl, deviceId, { cursor, acknowledges: false });
      expect(await device.ids(1)).toEqual([id]);
      device.cut();
    }
  });
});

describe('a stream', () => {
  /** What comes until it ends. */
  async function gather(headers: Record<string, string>): Promise<{ status: number; events: StreamEvent[] }> {
    const response = await fetch(`${stack.httpUrl}/msgpush/events`, { headers });
    const events: StreamEvent[] = [];
    await readEvents(response, (event) => events.push(event));
    return { status: response.status, events };
  }

  it('is ended for good: who comes back all the same is told to stop', async () => {
    const { events } = await gather({ authorization: `Bearer ${'b'.repeat(32)}` });
    const close = events.at(-1);
    expect(close).toMatchObject({ event: 'close', id: 'closed.4404' });
    const again = { authorization: `Bearer ${'b'.repeat(32)}`, 'last-event-id': close?.id ?? '' };
    expect(await gather(again)).toEqual({ status: 204, events: [] });
  });

  it('may be asked for with the id in the address, and is not cached or buffered', async () => {
    const { deviceId } = await newUser();
    const controller = new AbortController();
    const response = await fetch(`${stack.httpUrl}/msgpush/events?deviceId=${deviceId}`, {
      signal: controller.signal,
      headers: { origin: ORIGIN },
    });
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'access-control-allow-origin': ORIGIN,
    });
    controller.abort();
    const head = await request(stack.httpUrl, `/msgpush/events?deviceId=${deviceId}`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  });

  it('carries line breaks within a message', async () => {
    const { deviceId, push } = await newUser();
    const device = await start(stream, deviceId);
    await push({ alert: 'one\ntwo\r\nthree', extra: { text: '\n\nid: 1\n\n' } });
    await device.ids(1);
    expect(device.messages[0]).toMatchObject({ alert: 'one\ntwo\r\nthree', extra: { text: '\n\nid: 1\n\n' } });
  });
});

describe('a request of a device', () => {
  it('without an id, or with a malformed one, is answered 404', async () => {
    for (const path of ['/msgpush/events', '/msgpush/events?deviceId=x', '/msgpush/events?wait=1'])
      expect(await request(stack.httpUrl, path)).toMatchObject({ status: 404, body: { code: 40403 } });
    const answer = await confirm(stack.httpUrl, 'x', { ids: ['1'] });
    expect(answer).toMatchObject({ status: 404, body: { code: 40403 } });
  });

  it.each(['-1', '51', '1.5', 'x'])('waits for a number of seconds that is documented, not for "%s"', async (wait) => {
    const { status, body } = await request<object>(stack.httpUrl, `/msgpush/events?wait=${wait}`);
    expect([status, body.field]).toEqual([400, 'wait']);
  });

  it('of HTTP/1.0 is refused, and another method than GET', async () => {
    expect(await rawRequest(stack.httpUrl, 'GET /msgpush/events HTTP/1.0\r\nHost: x\r\n\r\n')).toMatchObject({
      status: 505,
    });
    const { status, headers } = await request(stack.httpUrl, '/msgpush/events', { method: 'POST' });
    expect([status, headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  it('confirms at most 1,000 ids at once, without a session too, and says what is wrong with it', async () => {
    const { deviceId, push } = await newUser();
    const id = await push({ needConfirm: true });
    const many = Array.from({ length: 10_000 }, (_, index) => `${index}`);
    expect(await confirm(stack.httpUrl, deviceId, { ids: many })).toMatchObject({ status: 413 });
    for (const ids of [many.slice(0, 1001), 'x', ['x'], [{}], ['1'.repeat(30)]])
      expect(await confirm(stack.httpUrl, deviceId, { ids })).toMatchObject({ status: 400, body: { code: 40001 } });
    const answer = await confirm(stack.httpUrl, deviceId, { ids: [...many.slice(0, 998), '99999999999999999999', id] });
    expect(answer).toMatchObject({ status: 200, text: '{}' });
    expect(await endingsOf(stack.databaseUrl, id)).toEqual([ENDING.confirmed]);
    // Another thousand: nobody was sent so many.
    await confirm(stack.httpUrl, deviceId, { ids: many.slice(0, 1000) });
    expect(await confirm(stack.httpUrl, deviceId, { ids: many.slice(0, 1000) })).toMatchObject({ status: 429 });
    expect(await confirm(stack.httpUrl, 'c'.repeat(32), { ids: [id] })).toMatchObject({ status: 404 });
    expect(await confirm(stack.httpUrl, 'c'.repeat(32), { cursor: 'x' })).toMatchObject({ status: 404 });
  });
});
