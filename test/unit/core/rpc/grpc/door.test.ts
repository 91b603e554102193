import type { ClientHttp2Session } from 'node:http2';
import { create } from '@bufbuild/protobuf';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { OnePushError } from '../../../../../common/errors.js';
import { createGrpcServer, type GrpcServer } from '../../../../../core/rpc/grpc/server.js';
import { createHealth } from '../../../../../core/rpc/health.js';
import { createPools } from '../../../../../core/rpc/pools.js';
import type { PushCoreHandlers } from '../../../../../core/rpc/service/handlers.js';
import { SendPushStreamResponseSchema } from '../../../../../gen/onepush/v1/push_pb.js';
import { ADMIT_ALL } from '../../../../support/callers.js';
import { eventually } from '../../../../support/eventually.js';
import { callRaw, connectRaw, frame, openCall } from '../../../../support/raw-grpc.js';

const SEND = '/onepush.v1.PushCore/SendPush';
const STREAM = '/onepush.v1.PushCore/SendPushStream';
const REGISTER = '/onepush.v1.PushCore/RegisterDevice';
const REFLECT = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
const DEADLINE_EXCEEDED = 4;

const log = pino({ level: 'silent' });
/** What became of calls: handlers that answer nothing, and a stream that answers each message. */
const handlers = {
  sendPush: () => new Promise(() => {}),
  registerDevice: () => new Promise(() => {}),
  async *sendPushStream(requests: AsyncIterable<unknown>) {
    for await (const _ of requests) yield create(SendPushStreamResponseSchema);
  },
  // The tests call nothing else.
} as unknown as PushCoreHandlers;

let server: GrpcServer;
let session: ClientHttp2Session;
/** Whether the server has let the call of the test in. */
let isLetIn: () => boolean;
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  const health = createHealth(async () => {}).handlers;
  const pools = createPools();
  const entered = [vi.spyOn(pools.strangers, 'enter'), vi.spyOn(pools.callers, 'enter')];
  isLetIn = () => entered.some((enter) => enter.mock.calls.length > 0);
  server = createGrpcServer({ handlers, health, attach: () => {}, admit: ADMIT_ALL, pools, log });
  session = connectRaw(await server.listen({ host: '127.0.0.1', port: 0 }));
});
afterEach(async () => {
  session.destroy();
  vi.useRealTimers();
  await server.stop(0);
});

/** Resolves when the server has let the call in, and has all that was sent until now. */
async function arrived(): Promise<void> {
  await eventually(isLetIn);
  await new Promise<void>((resolve) => session.ping(() => resolve()));
}

describe('the door of the gRPC port', () => {
  it.each([
    ['a message that stays half', SEND, frame(Buffer.alloc(5), { length: 9 })],
    ['nothing at all', REGISTER, Buffer.alloc(0)],
    ['a request that does not end', SEND, frame(Buffer.alloc(0))],
    ['a stream of a stranger that is quiet', REFLECT, frame(Buffer.alloc(0))],
  ])('waits half a minute for %s', async (_, path, bytes) => {
    const { stream, ended } = openCall(session, path);
    stream.write(bytes);
    await arrived();
    vi.advanceTimersByTime(25_000);
    await arrived();
    expect(stream.closed).toBe(false);
    vi.advanceTimersByTime(10_000);
    expect((await ended).status).toBe(DEADLINE_EXCEEDED);
  });

  it('waits a minute for an answer to be taken', async () => {
    const { stream, ended } = openCall(session, SEND);
    stream.end(frame(Buffer.alloc(0)));
    await arrived();
    vi.advanceTimersByTime(65_000);
    expect((await ended).status).toBe(DEADLINE_EXCEEDED);
  });

  it("waits as long as it takes for a caller's next message", async () => {
    const { stream } = openCall(session, STREAM);
    stream.write(frame(Buffer.alloc(0)));
    await arrived();
    vi.advanceTimersByTime(3_600_000);
    await arrived();
    expect(stream.closed).toBe(false);
    stream.close();
  });

  it('ends the stream of who was refused and still sends', async () => {
    const { stream, ended } = openCall(session, REGISTER);
    stream.write(frame(Buffer.alloc(0), { length: 70_000 }));
    expect((await ended).status).toBe(8);
    const closed = new Promise((resolve) => stream.once('close', resolve));
    vi.advanceTimersByTime(5000);
    await closed;
  });

  it('answers what its admission throws, whatever that is', async () => {
    const failures = [new OnePushError('WRONG_APP_KEY'), new Error('secret'), 'secret'];
    const admit = async () => {
      throw failures.shift();
    };
    const health = createHealth(async () => {}).handlers;
    const other = createGrpcServer({ handlers, health, attach: () => {}, admit, pools: createPools(), log });
    const caller = connectRaw(await other.listen({ host: '127.0.0.1', port: 0 }));
    for (const status of [16, 13, 13]) {
      const answer = await callRaw(caller, SEND, frame(Buffer.alloc(0)));
      expect(answer.status).toBe(status);
      expect(JSON.stringify(answer)).not.toContain('secret');
    }
    caller.destroy();
    await other.stop(0);
  });
});
