import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { create, toBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { to } from '../../client/index.js';
import { SendPushRequestSchema } from '../../gen/onepush/v1/push_pb.js';
import { CREDENTIALS, callRaw, connectRaw, frame } from '../support/raw-grpc.js';
import { type Stack, startStack } from '../support/stack.js';

const SEND = '/onepush.v1.PushCore/SendPush';
const REGISTER = '/onepush.v1.PushCore/RegisterDevice';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.stop());

/** Bounds of what anybody may send: what those who go beyond them do to others is seen by `make hostile`. */
describe('a message over gRPC', () => {
  async function call(path: string, body: Uint8Array, headers = {}) {
    const session = connectRaw(stack.grpcAddr);
    try {
      return await callRaw(session, path, body, headers);
    } finally {
      session.destroy();
    }
  }

  it('may be as large as a caller needs', async () => {
    const push = create(SendPushRequestSchema, {
      audience: to.aliases(...Array.from({ length: 1000 }, (_, n) => `${n}${'\u4e2d'.repeat(250)}`)),
      alert: '\u4e2d'.repeat(65_536),
      extraJson: JSON.stringify('x'.repeat(1_000_000)),
    });
    const bytes = toBinary(SendPushRequestSchema, push);
    expect(bytes.length).toBeGreaterThan(1_900_000);
    expect((await call(SEND, frame(bytes), CREDENTIALS)).status).toBe(0);
  });

  it('may have 64 KB where no credentials are needed, and its head is enough to refuse it', async () => {
    expect((await call(REGISTER, frame(Buffer.alloc(64 * 1024 + 1)))).status).toBe(8);
    expect((await call(REGISTER, frame(Buffer.alloc(0), { length: 2 ** 31 }))).status).toBe(8);
  });

  it('must not be compressed', async () => {
    const body = frame(gzipSync(Buffer.alloc(1000)), { compressed: true });
    const { status, headers } = await call(SEND, body, { ...CREDENTIALS, 'grpc-encoding': 'gzip' });
    expect([status, headers['grpc-accept-encoding']]).toEqual([12, 'identity']);
  });

  it('comes on one of 100 streams of its connection', async () => {
    const session = connectRaw(stack.grpcAddr);
    await once(session, 'remoteSettings');
    expect(session.remoteSettings.maxConcurrentStreams).toBe(100);
    session.destroy();
  });
});

describe('a message on the Connect port', () => {
  it.each([
    ['gzip', 'application/grpc-web+proto', 'grpc-encoding'],
    ['br', 'application/grpc-web+proto', 'x-none'],
  ])('must not be compressed: %s, %s, %s', async (encoding, type, header) => {
    const body = frame(gzipSync(Buffer.alloc(1000)), { compressed: true });
    const headers = { ...CREDENTIALS, 'content-type': type, [header]: encoding };
    const response = await fetch(stack.connectUrl + SEND, { method: 'POST', body, headers });
    expect(response.headers.get('grpc-status') ?? (await response.text())).toMatch(/12/);
  });
});
