import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectDevice } from '../support/device.js';
import { eventually } from '../support/eventually.js';
import { scrape } from '../support/metrics.js';
import { connectRawDevice, type RawDevice } from '../support/raw-device.js';
import { ENDING, endingsOf } from '../support/rows.js';
import { type Stack, startStack } from '../support/stack.js';
import { newDevice, sendPush, uniqueName } from '../support/users.js';

/** What an edge hands a session that acknowledges nothing: a window, and at most one message more. */
const WINDOW = 64 * 1024;
const PONG_SECONDS = 3;

let stack: Stack;

/** A new user with one device. */
async function newUser(tag?: string[]) {
  const alias = uniqueName();
  const deviceId = await newDevice(stack.httpUrl, alias, tag === undefined ? {} : { tag });
  return {
    deviceId,
    send: (more: { alert?: string; needConfirm?: boolean } = {}) =>
      sendPush(stack.httpUrl, { audiences: [alias], ...more }),
    connect: () => connectRawDevice(stack.wsUrl, deviceId),
  };
}

const endings = (requestId: string): Promise<number[]> => endingsOf(stack.databaseUrl, requestId);

function untilDelivered(requestId: string): Promise<unknown> {
  const isDelivered = async () => (await endings(requestId)).includes(ENDING.delivered);
  return eventually(isDelivered, { message: `${requestId} to be delivered` });
}

/** Resolves when the edge has read what the device has sent so far. */
async function hasRead(device: RawDevice): Promise<void> {
  const answers = () => device.frames.filter(({ payload }) => payload.toString() === 'ACK1').length;
  const before = answers();
  device.send('HBT');
  await eventually(() => answers() > before);
}

/** A push to another user, delivered: what was reported before it is committed. */
async function afterAnother(): Promise<void> {
  const other = await newUser();
  const device = await other.connect();
  device.answerPings();
  await untilDelivered(await other.send());
  device.reset();
}

describe('a message without needConfirm', () => {
  beforeAll(async () => {
    stack = await startStack({ edgeEnv: { ONEPUSH_PONG_TIMEOUT: String(PONG_SECONDS) } });
  });
  afterAll(() => stack.stop());

  it.concurrent('is delivered when its device has answered the ping behind it, and not before', async () => {
    const { send, connect } = await newUser();
    const device = await connect();
    const id = await send();
    const [ping = Buffer.alloc(0)] = await device.pings(1);
    expect(device.ids()).toEqual([id]);
    await afterAnother();
    expect(await endings(id)).toEqual([]);
    device.pong(ping);
    await untilDelivered(id);
    device.reset();
  });

  it.concurrent('is not acknowledged by pongs that answer nothing, and they do no harm', async () => {
    const { send, connect } = await newUser();
    const device = await connect();
    device.pong(Buffer.alloc(0));
    const id = await send();
    const [ping = Buffer.alloc(0)] = await device.pings(1);
    const next = Buffer.from(ping);
    next.writeDoubleBE(ping.readDoubleBE() + 1);
    for (const wrong of [
      Buffer.alloc(0),
      next,
      Buffer.alloc(8),
      ping.subarray(1),
      Buffer.from('keepalive'),
      Buffer.alloc(125),
    ])
      device.pong(wrong);
    await hasRead(device);
    await afterAnother();
    expect(await endings(id)).toEqual([]);
    device.pong(ping);
    device.pong(ping);
    await untilDelivered(id);
    await hasRead(device);
    expect(await endings(id)).toEqual([ENDING.delivered]);
    device.reset();
  });

  it.concurrent('comes again to a device that answers no pings, whose connection is closed in time', async () => {
    const { send, connect } = await newUser();
    const before = (await scrape(stack.edge)).get('onepush_sessions_dead_total') ?? 0;
    const first = await connect();
    const began = performance.now();
    const ids = [await send(), await send({ needConfirm: true })];
    await first.messages(2);
    await first.closed;
    expect(performance.now() - began).toBeGreaterThan(PONG_SECONDS * 1000);
    expect((await scrape(stack.edge)).get('onepush_sessions_dead_total')).toBeGreaterThan(before);
    expect(await endings(ids[0] ?? '')).toEqual([]);
    const second = await connect();
    second.answerPings();
    expect(await second.messages(2)).toEqual(ids);
    await untilDelivered(ids[0] ?? '');
    second.reset();
  });

  it.concurrent('comes again after a half-open connection, without any answer from there', async () => {
    const { send, connect } = await newUser();
    const first = await connect();
    first.deafen();
    const id = await send();
    await eventually(async () => ((await scrape(stack.edge)).get('onepush_unacknowledged_bytes') ?? 0) > 0);
    const second = await connect();
    second.answerPings();
    expect(await second.messages(1)).toEqual([id]);
    await untilDelivered(id);
    first.reset();
    second.reset();
  });

  it.concurrent('is delivered to a device that answers late, but in time', async () => {
    const { send, connect } = await newUser();
    const device = await connect();
    const id = await send();
    const [ping = Buffer.alloc(0)] = await device.pings(1);
    await new Promise((resolve) => setTimeout(resolve, PONG_SECONDS * 500));
    device.pong(ping);
    await untilDelivered(id);
    await hasRead(device);
    device.reset();
  });

  it.concurrent('waits when its device closes before it has answered, and comes again under its id', async () => {
    const { send, connect } = await newUser();
    const first = await connect();
    const id = await send();
    await first.messages(1);
    first.close();
    await first.closed;
    const second = await connect();
    expect(await second.messages(1)).toEqual([id]);
    second.answerPings();
    await untilDelivered(id);
    second.reset();
  });

  it.concurrent('is delivered to a device that reads it and closes at once', async () => {
    const { send, connect } = await newUser();
    const first = await connect();
    first.answerPings();
    const id = await send();
    // The answer to the ping goes out in front of the close frame.
    await first.pings(1);
    first.close();
    await untilDelivered(id);
    const second = await connect();
    second.answerPings();
    const last = await send();
    expect(await second.messages(1)).toEqual([last]);
    second.reset();
  });

  it.concurrent('has one ping at a time behind it, and the next one a second later', async () => {
    const { send, connect } = await newUser();
    const device = await connect();
    const ids = [await send()];
    const [first = Buffer.alloc(0)] = await device.pings(1);
    const pinged = performance.now();
    for (let n = 0; n < 4; n++) ids.push(await send());
    await device.messages(5);
    expect(device.frames.map(({ opcode }) => opcode)).toEqual([1, 9, 1, 1, 1, 1]);
    device.pong(first);
    await untilDelivered(ids[0] ?? '');
    const [, second = Buffer.alloc(0)] = await device.pings(2);
    expect(performance.now() - pinged).toBeGreaterThan(800);
    expect(await endings(ids[4] ?? '')).toEqual([]);
    device.pong(second);
    for (const id of ids) await untilDelivered(id);
    device.reset();
  });

  it.concurrent('waits in the store while a window is not acknowledged; all come in order, each once', async () => {
    const { send, connect } = await newUser();
    const alert = 'x'.repeat(8000);
    const device = await connect();
    const sent = await Promise.all(Array.from({ length: 30 }, () => send({ alert })));
    const ids = sent.toSorted((a, b) => Number(a) - Number(b));
    await hasRead(device);
    const bytes = device.frames.reduce((sum, { payload }) => sum + payload.length, 0);
    expect(bytes).toBeGreaterThan(WINDOW / 2);
    expect(bytes).toBeLessThan(WINDOW + 2 * alert.length);
    device.answerPings();
    expect(await device.messages(30)).toEqual(ids);
    for (const id of ids) await untilDelivered(id);
    expect(device.ids()).toEqual(ids);
    device.reset();
  });

  it.concurrent('comes over a slow line together with its backlog, and the connection stays open', async () => {
    const { send, connect } = await newUser();
    const alert = 'x'.repeat(3000);
    const ids = await Promise.all(Array.from({ length: 50 }, () => send({ alert })));
    const device = await connect();
    device.readSlowly(40_000);
    device.answerPings();
    expect(await device.messages(50, 15_000)).toEqual(ids.toSorted((a, b) => Number(a) - Number(b)));
    await hasRead(device);
    device.reset();
  });

  it.concurrent('of a topic is not counted as read before its device has answered', async () => {
    const tag = uniqueName('tag');
    const { send, connect } = await newUser([tag]);
    const push = () => sendPush(stack.httpUrl, { audienceType: 'TAG', audiences: [tag] });
    const first = await connect();
    const id = await push();
    await first.messages(1);
    first.close();
    await first.closed;
    const second = await connect();
    expect(await second.messages(1)).toEqual([id]);
    const [ping = Buffer.alloc(0)] = await second.pings(1);
    second.pong(ping);
    await hasRead(second);
    second.close();
    await second.closed;
    const third = await connect();
    third.answerPings();
    const last = await send();
    expect(await third.messages(1)).toEqual([last]);
    third.reset();
  });

  it.concurrent('is not acknowledged over the connection that replaces the one that it came over', async () => {
    const { send, connect } = await newUser();
    const first = await connect();
    const id = await send();
    const [old = Buffer.alloc(0)] = await first.pings(1);
    const second = await connect();
    await second.messages(1);
    await first.closed;
    const [ping = Buffer.alloc(0)] = await second.pings(1);
    second.pong(old);
    await hasRead(second);
    await afterAnother();
    expect(await endings(id)).toEqual([]);
    second.pong(ping);
    await untilDelivered(id);
    second.reset();
  });
});

describe('an edge that stops', () => {
  it('asks its devices for what they have, so that nothing of it comes again', async () => {
    stack = await startStack();
    try {
      const { send, deviceId } = await newUser();
      const first = connectDevice(stack.wsUrl, deviceId);
      await first.opened;
      // Only the first has a ping behind it at once.
      for (let n = 0; n < 3; n++) await send();
      await first.waitForCount(3);
      await stack.restartEdge();
      expect(await first.closed).toMatchObject({ code: 1012 });
      const second = connectDevice(stack.wsUrl, deviceId);
      await second.opened;
      const last = await send();
      await second.waitForCount(1);
      expect(second.messages.map(({ id }) => id)).toEqual([last]);
      await second.close();
    } finally {
      await stack.stop();
    }
  });
});

describe('with ONEPUSH_DELIVERED=written', () => {
  it('a message is delivered when the system has taken its bytes, and no ping goes with it', async () => {
    stack = await startStack({ edgeEnv: { ONEPUSH_DELIVERED: 'written' } });
    try {
      const { send, connect } = await newUser();
      const device = await connect();
      const ids = [await send(), await send()];
      for (const id of ids) await untilDelivered(id);
      expect(await device.messages(2)).toEqual(ids);
      expect(device.frames.map(({ opcode }) => opcode)).toEqual([1, 1]);
      device.reset();
    } finally {
      await stack.stop();
    }
  });
});
