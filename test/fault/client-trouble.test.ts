import { createServer as createHttp2Server } from 'node:http2';
import { createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createOnePushClient, type OnePushClient, type Push, to } from '../../client/index.js';
import { connectDevice } from '../support/device.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { newDevice, uniqueName } from '../support/users.js';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.stop());

/** Time in which a busy machine, too, connects and is refused. */
const PATIENCE_MS = 3000;

/** What a program in JavaScript may hand in. */
const WRONG: [string, object][] = [
  ['ttlSeconds', { ttlSeconds: 1.5 }],
  ['ttlSeconds', { ttlSeconds: -1 }],
  ['badge', { badge: 2 ** 40 }],
  ['badge', { badge: 1n }],
  ['platform', { platform: 'iPhone' }],
  ['sendAt', { sendAt: 'tomorrow' }],
  ['extra', { extra: { id: 1n } }],
  ['alert', { alert: '\udc00' }],
  [
    'audience.aliases.values',
    { audience: { audience: { case: 'aliases', value: { values: Array(400_000).fill('a') } } } },
  ],
];

describe.each(['gRPC', 'Connect'])('over %s', (protocol) => {
  let client: OnePushClient;
  const place = () => (protocol === 'gRPC' ? { address: stack.grpcAddr } : { baseUrl: stack.connectUrl });
  beforeEach(() => {
    client = createOnePushClient({ ...place(), ...TEST_APP });
  });
  afterEach(() => client.close());

  it('a push that cannot be sent fails alone and at once, and the others arrive', async () => {
    const alias = uniqueName();
    const device = connectDevice(stack.wsUrl, await newDevice(stack.httpUrl, alias));
    await device.opened;
    const good = (alert: string) => client.send({ audience: to.aliases(alias), alert });
    const before = good('before');
    const wrong = WRONG.map(async ([field, more]) => {
      const push = { audience: to.aliases(alias), alert: 'wrong', ...more } as Push;
      await expect(client.send(push)).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        inDoubt: false,
        violations: [{ field }],
      });
    });
    // What can be encoded, and the service refuses.
    const refused = [{ idempotencyKey: 'Schlüssel' }, { ttlSeconds: 0 }, { alert: 'x'.repeat(65_537) }].map((more) =>
      expect(client.send({ audience: to.aliases(alias), alert: 'refused', ...more })).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        inDoubt: false,
        violations: [{ field: Object.keys(more)[0] }],
      }),
    );
    const huge = expect(
      client.send({ audience: to.aliases(alias), alert: 'x', extra: 'x'.repeat(17 * 1024 * 1024) }),
    ).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', inDoubt: false });
    const ids = [await before, await good('after')];
    await Promise.all([...wrong, ...refused, huge]);
    expect((await device.waitForCount(2)).map(({ id }) => id)).toEqual(ids);
    await device.close();
  });

  it('a push is what it was when it was handed over', async () => {
    const alias = uniqueName();
    const device = connectDevice(stack.wsUrl, await newDevice(stack.httpUrl, alias));
    await device.opened;
    const push = { audience: to.aliases(alias), alert: 'one' };
    const first = client.send(push);
    push.alert = 'two';
    await first;
    expect((await device.waitForCount(1)).map(({ alert }) => alert)).toEqual(['one']);
    await device.close();
  });

  it('other calls that cannot be encoded name the field, too', async () => {
    await expect(client.getPresence({ aliases: [5 as never] })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      violations: [{ field: 'aliases[0]' }],
    });
    await expect(client.watchReceipts({ position: 5 as never }).next()).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      violations: [{ field: 'position' }],
    });
  });

  it('a call without time, with an aborted signal or after the end is not made, and says so', async () => {
    const push = { audience: to.everyone(), alert: 'x' };
    for (const call of [client.send, client.sendPush] as const) {
      const late = { code: 'DEADLINE_EXCEEDED', inDoubt: false };
      await expect(call(push, { timeoutMs: 0 })).rejects.toMatchObject(late);
      await expect(call(push, { timeoutMs: -5 })).rejects.toMatchObject(late);
      await expect(call(push, { timeoutMs: Number.NaN })).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        violations: [{ field: 'timeoutMs' }],
      });
      const cancelled = { code: 'CANCELLED', inDoubt: false };
      await expect(call(push, { signal: AbortSignal.abort() })).rejects.toMatchObject(cancelled);
    }
    const last = client.sendPush(push);
    await client.close();
    expect(await last).toHaveProperty('requestId');
    for (const call of [client.send, client.sendPush] as const) {
      await expect(call(push)).rejects.toMatchObject({ code: 'CANCELLED', message: /closed/, inDoubt: false });
    }
  });

  it('a closed port is named, and that nothing was sent', async () => {
    const nowhere = protocol === 'gRPC' ? { address: '127.0.0.1:1' } : { baseUrl: 'http://127.0.0.1:1' };
    const lost = createOnePushClient({ ...nowhere, ...TEST_APP, adminToken: 'x', timeoutMs: PATIENCE_MS });
    const push = { audience: to.everyone(), alert: 'x' };
    const calls = [lost.send(push), lost.sendPush(push), lost.createApp({ name: 'x' })].map((call) =>
      expect(call).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        message: expect.stringMatching(/ECONNREFUSED.*; nothing was sent$/),
        inDoubt: false,
      }),
    );
    await Promise.all(calls);
    await lost.close();
  });
});

/** Servers that speak, but nothing that makes sense. */
describe('a service that is none', () => {
  const closers: (() => void)[] = [];
  afterEach(() => {
    for (const close of closers.splice(0)) close();
  });

  async function listen(server: { listen(port: number, host: string, done: () => void): unknown; address(): unknown }) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    // A server that listens on TCP has the address of a port.
    return (server.address() as { port: number }).port;
  }

  /** Answers every connection with these bytes, once it has sent something, and closes it. */
  async function garbage(bytes: string): Promise<number> {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end(bytes));
    });
    closers.push(() => server.close());
    return listen(server);
  }

  it.each([
    ['nothing', ''],
    ['noise', '\u0000\u0001\u0002 noise'],
    ['a web page', 'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\n<p/>'],
    ['a login page', 'HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n'],
    ['half an answer', 'HTTP/1.1 200 OK\r\nContent-Type: application/proto\r\nContent-Length: 400\r\n\r\nxx'],
    ['no Protobuf', 'HTTP/1.1 200 OK\r\nContent-Type: application/proto\r\nContent-Length: 2\r\n\r\n\u000f\u000f'],
  ])('and that answers %s fails a push in time', async (_what, bytes) => {
    const port = await garbage(bytes);
    const places = [{ address: `127.0.0.1:${port}` }, { baseUrl: `http://127.0.0.1:${port}` }];
    const tried = places.map(async (place) => {
      const client = createOnePushClient({ ...place, ...TEST_APP, timeoutMs: 200 });
      const push = { audience: to.everyone(), alert: 'x' };
      const calls = [client.send(push), client.sendPush(push)].map((call) =>
        expect(call).rejects.toMatchObject({ name: 'CallError', code: expect.any(String) }),
      );
      await Promise.all(calls);
      await client.close();
    });
    await Promise.all(tried);
  });

  it('and that answers gRPC with what is no message leaves a push in doubt', async () => {
    const server = createHttp2Server();
    server.on('stream', (stream) => {
      stream.on('error', () => {});
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
      stream.once('data', () => stream.end(Buffer.from([0, 0, 0, 0, 2, 0x0f, 0x0f])));
    });
    const sessions = new Set<{ destroy(): void }>();
    server.on('session', (session) => sessions.add(session));
    closers.push(() => {
      for (const session of sessions) session.destroy();
      server.close();
    });
    const client = createOnePushClient({
      address: `127.0.0.1:${await listen(server)}`,
      ...TEST_APP,
      timeoutMs: PATIENCE_MS,
    });
    const push = { audience: to.everyone(), alert: 'x' };
    const calls = [client.send(push), client.sendPush(push)].map((call) =>
      expect(call).rejects.toMatchObject({ name: 'CallError', inDoubt: true, message: /may have been/ }),
    );
    await Promise.all(calls);
    await client.close();
  });
});
