import { brotliCompressSync, gzipSync } from 'node:zlib';
import { create, toBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { to } from '../../client/index.js';
import { SendPushRequestSchema } from '../../gen/onepush/v1/push_pb.js';
import { acceptableMs, harmOf } from '../support/bystander.js';
import { CREDENTIALS, callRaw, connectRaw, frame, type RawStatus } from '../support/raw-grpc.js';
import { type Stack, startStack } from '../support/stack.js';

const SEND = '/onepush.v1.PushCore/SendPush';
const STREAM = '/onepush.v1.PushCore/SendPushStream';
const REGISTER = '/onepush.v1.PushCore/RegisterDevice';
const UNAUTHENTICATED = 16;
const INVALID_ARGUMENT = 3;
const RESOURCE_EXHAUSTED = 8;
const UNIMPLEMENTED = 12;

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.stop());

/** Empty items, of two bytes each, within the heads of the messages around them. */
function emptyItems(bytes: number, ...tags: number[]): Buffer {
  let body = Buffer.alloc(bytes, Buffer.from([0x0a, 0]));
  for (const tag of tags.toReversed()) {
    const head = [tag];
    for (let left = body.length; ; left >>>= 7) {
      if (left < 0x80) {
        head.push(left);
        break;
      }
      head.push((left & 0x7f) | 0x80);
    }
    body = Buffer.concat([Buffer.from(head), body]);
  }
  return body;
}

const NEARLY_16_MB = 16 * 1024 * 1024 - 64;
const ALIASES = emptyItems(NEARLY_16_MB, 0x0a, 0x0a);
/** Messages that become hundreds of megabytes when they are decoded, and the methods that take them. */
const FULL: [string, string, Buffer][] = [
  ['empty names', SEND, ALIASES],
  ['empty audiences', SEND, emptyItems(NEARLY_16_MB, 0x0a, 0x3a)],
  ['fields that nobody knows', SEND, Buffer.alloc(NEARLY_16_MB, Buffer.from([0xf8, 0x7f, 1, 0x08, 1, 0x08, 1]))],
  ['empty pushes', STREAM, emptyItems(NEARLY_16_MB)],
  ['empty names of a push', STREAM, emptyItems(NEARLY_16_MB, 0x0a, 0x12, 0x0a, 0x0a)],
];

/** Harm that a core must not take. */
async function expectHarmless(attack: () => Promise<unknown>, grownMb = 250): Promise<void> {
  const harm = await harmOf(stack, attack);
  expect(harm.failed).toBe(0);
  expect(harm.p99Ms).toBeLessThan(acceptableMs());
  expect(harm.grownMb).toBeLessThan(grownMb);
  expect(stack.core.child.exitCode).toBeNull();
}

/** Each on a connection of its own. */
async function overGrpc(path: string, body: Uint8Array, headers = {}): Promise<RawStatus> {
  const session = connectRaw(stack.grpcAddr);
  try {
    return await callRaw(session, path, body, headers);
  } finally {
    session.destroy();
  }
}

describe('a message over gRPC', () => {
  it.each(FULL)('of a stranger is not read: 16 MB of %s', async (_, path, message) => {
    await expectHarmless(async () => expect((await overGrpc(path, frame(message))).status).toBe(UNAUTHENTICATED));
  });

  it.each(FULL)('of a caller is not made before it is counted: 16 MB of %s', async (_, path, message) => {
    await expectHarmless(async () => {
      expect((await overGrpc(path, frame(message), CREDENTIALS)).status).toBe(INVALID_ARGUMENT);
    });
  });

  it('may have 64 KB where no credentials are needed', async () => {
    const tooLarge = frame(Buffer.alloc(64 * 1024 + 1));
    expect((await overGrpc(REGISTER, tooLarge)).status).toBe(RESOURCE_EXHAUSTED);
    expect((await overGrpc('/grpc.health.v1.Health/Check', tooLarge)).status).toBe(RESOURCE_EXHAUSTED);
    // Its head is enough.
    const head = frame(Buffer.alloc(0), { length: 2 ** 31 });
    const session = connectRaw(stack.grpcAddr);
    expect((await callRaw(session, REGISTER, head)).status).toBe(RESOURCE_EXHAUSTED);
    session.destroy();
  });

  it.each([SEND, STREAM, REGISTER])('must not be compressed: %s', async (path) => {
    const bomb = frame(gzipSync(ALIASES), { compressed: true });
    await expectHarmless(async () => {
      const { status, headers } = await overGrpc(path, bomb, { ...CREDENTIALS, 'grpc-encoding': 'gzip' });
      expect(status).toBe(UNIMPLEMENTED);
      expect(headers['grpc-accept-encoding']).toBe('identity');
    });
  });

  it('may be as large as a caller needs', async () => {
    const push = create(SendPushRequestSchema, {
      audience: to.aliases(...Array.from({ length: 1000 }, (_, n) => `${n}${'\u4e2d'.repeat(250)}`)),
      alert: '\u4e2d'.repeat(65_536),
      extraJson: JSON.stringify('x'.repeat(1_000_000)),
    });
    const bytes = toBinary(SendPushRequestSchema, push);
    expect(bytes.length).toBeGreaterThan(1_900_000);
    expect((await overGrpc(SEND, frame(bytes), CREDENTIALS)).status).toBe(0);
  });
});

describe('a message on the Connect port', () => {
  async function post(path: string, type: string, body: Uint8Array, headers: Record<string, string> = {}) {
    const response = await fetch(stack.connectUrl + path, {
      method: 'POST',
      body,
      headers: { 'content-type': type, connection: 'close', ...headers },
    });
    return { status: response.status, text: await response.text(), headers: response.headers };
  }
  const json = (text: string) => Buffer.from(text.padEnd(8_000_000, text.slice(-8)));
  const BOMBS: [string, string, Uint8Array][] = [
    ['empty names', 'application/proto', ALIASES],
    ['empty audiences', 'application/proto', emptyItems(NEARLY_16_MB, 0x0a, 0x3a)],
    ['empty lists', 'application/json', json(`[${'[],'.repeat(2_600_000)}[]]`)],
    [
      'empty names as JSON',
      'application/json',
      json(`{"audience":{"aliases":{"values":[${'"",'.repeat(2_600_000)}""]}}}`),
    ],
    ['objects', 'application/json', json(`{${'"a":{},'.repeat(1_100_000)}"a":{}}`)],
    ['depth', 'application/json', json(`${'['.repeat(4_000_000)}${']'.repeat(4_000_000)}`)],
    ['depth of what is known', 'application/json', json(`{"audience":${'{"not":'.repeat(1_000_000)}{}`)],
  ];

  it.each(BOMBS)('of a stranger is not read: %s', async (_, type, body) => {
    await expectHarmless(async () => expect((await post(SEND, type, body)).status).toBe(401));
  });

  it.each(BOMBS)('of a caller is not made before it is counted: %s', async (_, type, body) => {
    await expectHarmless(async () => {
      const { status, text } = await post(SEND, type, body, CREDENTIALS);
      expect(status).toBe(400);
      expect(text.length).toBeLessThan(2000);
    });
  });

  it('may have 64 KB where no credentials are needed', async () => {
    const { status } = await post(REGISTER, 'application/json', Buffer.from(`{"alias":"${'x'.repeat(65_536)}"}`));
    expect(status).toBe(429);
  });

  it.each([
    ['gzip', 'application/proto', 'content-encoding', gzipSync(ALIASES)],
    ['br', 'application/json', 'content-encoding', brotliCompressSync(Buffer.alloc(16_000_000, '[],'))],
    ['gzip', 'application/grpc-web+proto', 'grpc-encoding', frame(gzipSync(ALIASES), { compressed: true })],
    ['br', 'application/grpc-web+proto', 'x-none', frame(gzipSync(ALIASES), { compressed: true })],
  ])('must not be compressed: %s, %s, %s', async (encoding, type, header, body) => {
    await expectHarmless(async () => {
      const { status, text, headers } = await post(SEND, type, body, { ...CREDENTIALS, [header]: encoding });
      if (type.includes('grpc')) expect(headers.get('grpc-status') ?? text).toMatch(/12/);
      else expect([status, JSON.parse(text).code]).toEqual([501, 'unimplemented']);
    });
  });
});
