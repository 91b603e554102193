import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type Audience, createAudience } from '../support/audience.js';
import { connectDevice } from '../support/device.js';
import { eventually } from '../support/eventually.js';
import { expectError } from '../support/expect-error.js';
import { rawRequest } from '../support/raw-request.js';
import { request, unregister } from '../support/rest.js';
import { type Stack, startStack } from '../support/stack.js';
import { newDevice, sendPush, uniqueName } from '../support/users.js';
import { expectAlive, isAck } from './heartbeat.js';

let stack: Stack;
let audience: Audience;
beforeAll(async () => {
  stack = await startStack();
  audience = createAudience(stack);
});
afterEach(() => audience.close());
afterAll(() => stack?.stop());

/** The code and the reason with which a connection to this query is closed. */
async function closing(query: string): Promise<{ code: number; reason: string; frames: number }> {
  const socket = new WebSocket(stack.wsUrl + query);
  let frames = 0;
  socket.on('message', () => frames++);
  const [code, reason] = await once(socket, 'close');
  return { code, reason: String(reason), frames };
}

describe('a connection', () => {
  it.each([
    ['no query', ''],
    ['no deviceId', '?device=0123456789abcdef0123456789abcdef'],
    ['an empty deviceId', '?deviceId='],
    ['a short one', '?deviceId=0123456789abcdef'],
    ['a long one', `?deviceId=${'f'.repeat(33)}`],
    ['a very long one', `?deviceId=${'f'.repeat(3000)}`],
    ['one with other letters', `?deviceId=${'g'.repeat(32)}`],
    ['an encoded line break', `?deviceId=${'f'.repeat(32)}%0A`],
    ['broken encoding', '?deviceId=%'],
  ])('is closed with 4400 where it names %s', async (_, query) => {
    expect(await closing(query)).toMatchObject({ code: 4400, reason: expect.stringContaining('deviceId'), frames: 0 });
  });

  it('is closed with 4404 where nobody registered the device', async () => {
    expect(await closing(`?deviceId=${'f'.repeat(32)}`)).toMatchObject({ code: 4404, frames: 0 });
  });

  it('is closed with 4410 where the device has unregistered', async () => {
    const deviceId = await newDevice(stack.httpUrl, uniqueName());
    await unregister(stack.httpUrl, deviceId);
    expect(await closing(`?deviceId=${deviceId}`)).toMatchObject({ code: 4410, frames: 0 });
  });

  it('may name more than the deviceId', async () => {
    const { alias, deviceId } = await audience.listen();
    const socket = new WebSocket(`${stack.wsUrl}?v=2&deviceId=${deviceId}&deviceId=x&token=%zz`);
    await once(socket, 'open');
    const arrived = once(socket, 'message');
    const id = await sendPush(stack.httpUrl, { audiences: [alias] });
    expect(JSON.parse(String((await arrived)[0]))).toMatchObject({ id });
    socket.close();
    await once(socket, 'close');
  });

  it('is replaced by a newer one of the device: 4409, and what is pushed goes to the new one', async () => {
    const first = await audience.listen();
    await audience.got(first);
    const second = connectDevice(stack.wsUrl, first.deviceId);
    expect((await first.device.closed).code).toBe(4409);
    const id = await sendPush(stack.httpUrl, { audiences: [first.alias] });
    expect((await second.waitForCount(1)).map((message) => message.id)).toEqual([id]);
    expect(first.device.messages.map(({ alert }) => alert)).toEqual(['marker']);
    await second.close();
  });

  it('leaves one of many that come at once', async () => {
    const alias = uniqueName();
    const deviceId = await newDevice(stack.httpUrl, alias);
    const all = Array.from({ length: 20 }, () => connectDevice(stack.wsUrl, deviceId));
    const codes: number[] = [];
    for (const device of all) device.closed.then(({ code }) => codes.push(code));
    await eventually(() => codes.length === 19, { message: '19 of 20 to be closed' });
    expect(new Set(codes)).toEqual(new Set([4409]));
    const id = await sendPush(stack.httpUrl, { audiences: [alias] });
    await eventually(() => all.some((device) => device.messages.some((message) => message.id === id)));
    expect(all.flatMap((device) => device.messages).length).toBe(1);
    await Promise.all(all.map((device) => device.close()));
  });
});

describe('a request at /msgpush.ws that is no upgrade', () => {
  it('is answered 426', async () => {
    for (const method of ['GET', 'POST', 'HEAD']) {
      const answer = await request(stack.httpUrl, '/msgpush.ws?deviceId=x', { method });
      expect([answer.status, answer.headers.get('upgrade')]).toEqual([426, 'websocket']);
      if (method !== 'HEAD') expectError(answer, 42601);
    }
  });

  it.each(['', 'Sec-WebSocket-Key: abc\r\n', 'Sec-WebSocket-Version: 13\r\n'])(
    'nor with half an upgrade: %j',
    async (more) => {
      const head = `GET /msgpush.ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${more}\r\n`;
      expect((await rawRequest(stack.httpUrl, head)).status).toBe(426);
    },
  );
});

describe('a frame', () => {
  it.each(['HBT', 'HBT123', 'HBT ', ' hbt\n', 'Hbt1', 'HBT{"a":1}', `HBT${'x'.repeat(253)}`, 'HBT\u0000é'])(
    '%j is answered ACK1',
    async (text) => {
      const { device } = await audience.listen();
      device.send(text);
      await device.waitForFrame(isAck);
      expect(device.frames).toEqual(['ACK1']);
    },
  );

  it('may come in fragments, and pings are answered', async () => {
    const { deviceId } = await audience.listen();
    const socket = new WebSocket(`${stack.wsUrl}?deviceId=${deviceId}`);
    await once(socket, 'open');
    const [acknowledged, ponged] = [once(socket, 'message'), once(socket, 'pong')];
    socket.send('H', { fin: false });
    socket.send('B', { fin: false });
    socket.ping('x'.repeat(125));
    socket.send('T', { fin: true });
    expect(String((await acknowledged)[0])).toBe('ACK1');
    expect(String((await ponged)[0])).toBe('x'.repeat(125));
    socket.close();
    await once(socket, 'close');
  });

  it.each([
    ['binary', Buffer.from('HBT'), [4400]],
    ['empty and binary', Buffer.alloc(0), [4400]],
    ['257 bytes long', `HBT${'x'.repeat(254)}`, [4400]],
    ['257 bytes long in fewer characters', `HBT${'é'.repeat(127)}`, [4400]],
    ['300 bytes long', 'x'.repeat(300), [4400]],
    ['100 kB long', 'x'.repeat(100_000), [1006, 1009]],
    ['not UTF-8', undefined, [1006, 1007]],
  ])('that is %s ends the connection', async (_, data, codes) => {
    const { deviceId } = await audience.listen();
    const socket = new WebSocket(`${stack.wsUrl}?deviceId=${deviceId}`);
    await once(socket, 'open');
    const closed = once(socket, 'close');
    if (data === undefined) socket.send(Buffer.from([0x48, 0x42, 0x54, 0xff]), { binary: false });
    else socket.send(data);
    const [code] = await closed;
    expect(codes).toContain(code);
  });

  it.each(['', 'hello', 'HB', 'ACK1', '{"HBT":1}', 'CF', '\u0000', 'x'.repeat(256)])(
    '%j changes nothing',
    async (text) => {
      const { device } = await audience.listen();
      device.send(text);
      await expectAlive(device);
      expect(device.frames).toEqual(['ACK1']);
    },
  );

  it('is answered each time where 1,500 come at once', async () => {
    const listener = await audience.listen();
    for (let n = 0; n < 1500; n++) listener.device.send(n % 2 === 0 ? `HBT${n}` : `CFM:${n}`);
    await eventually(() => listener.device.frames.length >= 750, { timeoutMs: 10_000, message: '750 answers' });
    expect(await audience.got(listener)).toEqual(Array(750).fill('ACK1'));
  });

  it('ends the connection where there are more than a device has to send, also after it has connected again', async () => {
    const { deviceId, device } = await audience.listen();
    for (let n = 0; n < 3000; n++) device.send(n % 2 === 0 ? 'rubbish' : `CFM:${n}`);
    expect(await device.closed).toEqual({ code: 1008, reason: 'too many frames' });
    const again = connectDevice(stack.wsUrl, deviceId);
    await again.opened;
    for (let n = 0; n < 500; n++) again.send('HBT');
    expect((await again.closed).code).toBe(1008);
  });

  it('ends the connection for pings without end, too', async () => {
    const { deviceId } = await audience.listen();
    const socket = new WebSocket(`${stack.wsUrl}?deviceId=${deviceId}`);
    await once(socket, 'open');
    const closed = once(socket, 'close');
    for (let n = 0; n < 3000; n++) socket.ping();
    expect((await closed)[0]).toBe(1008);
  });

  it('never ends the connection for confirmations of what was sent', async () => {
    const { alias, device } = await audience.listen();
    const ids = await Promise.all(
      Array.from({ length: 100 }, () => sendPush(stack.httpUrl, { audiences: [alias], needConfirm: true })),
    );
    await device.waitForCount(ids.length);
    for (let n = 0; n < 1900; n++) device.send('x');
    for (const id of ids) device.send(`CFM:${id}`);
    await expectAlive(device);
  });

  it('harms nobody where 200,000 come from a device that reads nothing', async () => {
    const [flood, bystander] = [await audience.listen(), await audience.listen()];
    flood.device.pause();
    for (let n = 0; n < 200_000; n++) flood.device.send('HBT');
    expect(await audience.got(bystander)).toEqual([]);
    await expectAlive(bystander.device);
    flood.device.terminate();
    await flood.device.closed;
    await audience.got(bystander);
  });
});
