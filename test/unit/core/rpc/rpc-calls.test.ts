import { once } from 'node:events';
import { BlockList, connect as connectTo } from 'node:net';
import { create } from '@bufbuild/protobuf';
import { type CallOptions, Code } from '@connectrpc/connect';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OnePushError } from '../../../../common/errors.js';
import { createClientOf } from '../../../../core/rpc/connect/client.js';
import { createConnectServer } from '../../../../core/rpc/connect/server.js';
import { createGrpcServer } from '../../../../core/rpc/grpc/server.js';
import { createHealth } from '../../../../core/rpc/health.js';
import { createPools } from '../../../../core/rpc/pools.js';
import type { CallContext, PushCoreHandlers } from '../../../../core/rpc/service/handlers.js';
import { ErrorInfoSchema, RetryInfoSchema } from '../../../../gen/google/rpc/error_details_pb.js';
import { ErrorDetailSchema } from '../../../../gen/onepush/v1/error_pb.js';
import { SendPushResponseSchema } from '../../../../gen/onepush/v1/push_pb.js';
import { WatchReceiptsResponseSchema } from '../../../../gen/onepush/v1/receipt_pb.js';
import { ADMIT_ALL } from '../../../support/callers.js';
import { failureOf, PROTOCOLS, pushCoreClient } from '../../../support/rpc.js';

/** What SendPush does in the test that runs. */
let sendPush: (call: CallContext) => Promise<unknown>;
const handlers = {
  sendPush: async (_request: unknown, call: CallContext) => {
    await sendPush(call);
    return create(SendPushResponseSchema);
  },
  // The tests call nothing else.
} as unknown as PushCoreHandlers;

const log = pino({ level: 'silent' });
const pools = createPools();
const clientOf = createClientOf({ trusted: new BlockList(), header: 'forwarded' });
const grpc = createGrpcServer({
  handlers,
  health: createHealth(async () => {}).handlers,
  attach: () => {},
  admit: ADMIT_ALL,
  pools,
  log,
});
const connect = createConnectServer({
  handlers,
  checkReadiness: async () => undefined,
  clientOf,
  origins: new Set(),
  admit: ADMIT_ALL,
  pools,
  log,
});
const ANY_PORT = { host: '127.0.0.1', port: 0 };
let addresses: { grpcAddr: string; connectUrl: string };
beforeAll(async () => {
  addresses = { grpcAddr: await grpc.listen(ANY_PORT), connectUrl: `http://${await connect.listen(ANY_PORT)}` };
});
afterAll(async () => {
  await connect.stop(0);
  await grpc.stop(0);
});

describe.each(PROTOCOLS)('a call over %s', (protocol) => {
  const send = (options?: CallOptions) => pushCoreClient(addresses, protocol).sendPush({}, options);

  it('that may be tried again says when', async () => {
    sendPush = () => Promise.reject(new OnePushError('OVERLOADED'));
    const error = await failureOf(send());
    expect(error.code).toBe(Code.ResourceExhausted);
    expect(error.findDetails(RetryInfoSchema)).toMatchObject([{ retryDelay: { seconds: 1n, nanos: 0 } }]);
    expect(error.findDetails(ErrorDetailSchema)).toMatchObject([{ reason: 'OVERLOADED', retryAfterSeconds: 1 }]);
  });

  it('that failed unexpectedly has a request id, and nothing of its cause', async () => {
    sendPush = () => Promise.reject(new Error('secret'));
    const error = await failureOf(send());
    const [detail] = error.findDetails(ErrorDetailSchema);
    const metadata = { requestId: detail?.requestId };
    expect(metadata.requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(error.findDetails(ErrorInfoSchema)).toMatchObject([{ reason: 'UNEXPECTED', metadata }]);
    expect(JSON.stringify([error.message, [...error.metadata], error.details])).not.toContain('secret');
  });

  /** The call, once it is known to be cancelled. */
  function cancelledCall(): Promise<CallContext> {
    return new Promise((resolve) => {
      sendPush = async (call) => {
        if (!call.signal.aborted) await once(call.signal, 'abort');
        resolve(call);
      };
    });
  }

  it('whose caller cancels is known to be cancelled', async () => {
    const cancelled = cancelledCall();
    const caller = new AbortController();
    const begun = new Promise<void>((resolve) => {
      const wait = sendPush;
      sendPush = (call) => {
        resolve();
        expect(call.cancelled).toBe(false);
        return wait(call);
      };
    });
    const failure = failureOf(send({ signal: caller.signal }));
    await begun;
    caller.abort();
    expect((await cancelled).cancelled).toBe(true);
    expect((await failure).code).toBe(Code.Canceled);
  });

  it('whose deadline has passed is known to be cancelled', async () => {
    const cancelled = cancelledCall();
    const failure = failureOf(send({ timeoutMs: 1000 }));
    expect((await cancelled).cancelled).toBe(true);
    expect((await failure).code).toBe(Code.DeadlineExceeded);
  });
});

it('a caller that does not read its stream does not keep the Connect port from stopping', async () => {
  async function* endless() {
    for (;;) yield create(WatchReceiptsResponseSchema, { position: 'x'.repeat(100_000) });
  }
  const streaming = { watchReceipts: () => endless() } as unknown as PushCoreHandlers;
  const checkReadiness = async () => undefined;
  const server = createConnectServer({
    handlers: streaming,
    checkReadiness,
    clientOf,
    origins: new Set(),
    admit: ADMIT_ALL,
    pools,
    log,
  });
  const [, port] = (await server.listen(ANY_PORT)).split(':');
  const socket = connectTo(Number(port), '127.0.0.1');
  const body = '\0\0\0\0\x02{}';
  socket.write(
    'POST /onepush.v1.PushCore/WatchReceipts HTTP/1.1\r\nHost: x\r\nContent-Type: application/connect+json\r\n' +
      `Content-Length: ${body.length}\r\n\r\n${body}`,
  );
  // Once it streams, nobody reads on.
  await once(socket, 'readable');
  await server.stop(0);
  socket.destroy();
});
