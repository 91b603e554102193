import { once } from 'node:events';
import type { ClientHttp2Session } from 'node:http2';
import { connect as connectTcp, type Socket } from 'node:net';
import { create, toBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { to } from '../../client/index.js';
import { SendPushStreamRequestSchema } from '../../gen/onepush/v1/push_pb.js';
import { acceptableMs, harmOf, residentMb } from '../support/bystander.js';
import { eventually } from '../support/eventually.js';
import { CREDENTIALS, callRaw, connectRaw, frame, openCall } from '../support/raw-grpc.js';
import { type Stack, startStack } from '../support/stack.js';

const SEND = '/onepush.v1.PushCore/SendPush';
const STREAM = '/onepush.v1.PushCore/SendPushStream';
const RESOURCE_EXHAUSTED = 8;

let stack: Stack;
const sessions: ClientHttp2Session[] = [];
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.stop());

function newSession(): ClientHttp2Session {
  const session = connectRaw(stack.grpcAddr);
  sessions.push(session);
  return session;
}

/** Closes what the attack opened; the core's memory comes back. */
async function expectRecovery(beforeMb: number): Promise<void> {
  for (const session of sessions.splice(0)) session.destroy();
  const session = connectRaw(stack.grpcAddr);
  await eventually(() => residentMb(stack.core.child.pid) < beforeMb + 150, { timeoutMs: 15_000 });
  expect((await callRaw(session, '/grpc.health.v1.Health/Check', frame(Buffer.alloc(0)))).status).toBe(0);
  session.destroy();
}

/** An attack that a core must take without harm to others, and be as it was afterwards. */
async function expectHarmless(attack: () => Promise<unknown>, grownMb: number): Promise<void> {
  const before = residentMb(stack.core.child.pid);
  const harm = await harmOf(stack, attack);
  expect(harm.failed).toBe(0);
  expect(harm.p99Ms).toBeLessThan(acceptableMs());
  expect(harm.grownMb).toBeLessThan(grownMb);
  expect(stack.core.child.exitCode).toBeNull();
  await expectRecovery(before);
}

describe('streams that hold what they have', () => {
  it.each([SEND, STREAM])('have room for 64 MiB of messages with a byte missing, all together: %s', async (path) => {
    await expectHarmless(async () => {
      const message = frame(Buffer.alloc(15_999_999), { length: 16_000_000 });
      const calls = Array.from({ length: 20 }, () => openCall(newSession(), path, CREDENTIALS));
      for (const { stream } of calls) stream.write(message);
      const refused = calls.map(async ({ ended }) => (await ended).status);
      // Four of them fit: the others are told.
      let told = 0;
      await new Promise<void>((resolve) => {
        for (const status of refused) {
          status.then((found) => {
            if (found === RESOURCE_EXHAUSTED && ++told === 16) resolve();
          });
        }
      });
    }, 300);
  });

  it('of strangers take no room from callers', async () => {
    await expectHarmless(async () => {
      const half = frame(Buffer.alloc(60_000), { length: 60_001 });
      const calls = Array.from({ length: 4 }, newSession).flatMap((session) =>
        Array.from({ length: 99 }, () => openCall(session, '/onepush.v1.PushCore/RegisterDevice')),
      );
      for (const { stream } of calls) stream.write(half);
      await Promise.race(calls.map(({ ended }) => ended));
      const large = toBinary(
        SendPushStreamRequestSchema,
        create(SendPushStreamRequestSchema, {
          pushes: [{ push: { audience: to.aliases('x'), alert: 'x'.repeat(60_000) } }],
        }),
      );
      expect((await callRaw(newSession(), STREAM, frame(large), CREDENTIALS)).status).toBe(0);
    }, 200);
  });

  it('are read at the pace of their handler', async () => {
    // 100 messages of 8000 pushes that are refused, each of which is answered; nobody reads the answers.
    const pushes = Array.from({ length: 8000 }, (_, reference) => ({ reference, push: { alert: 'x'.repeat(100) } }));
    const message = frame(toBinary(SendPushStreamRequestSchema, create(SendPushStreamRequestSchema, { pushes })));
    await expectHarmless(async () => {
      for (const { stream } of Array.from({ length: 4 }, () => openCall(newSession(), STREAM, CREDENTIALS))) {
        stream.pause();
        for (let count = 0; count < 20; count++) stream.write(message);
      }
      await new Promise((resolve) => setTimeout(resolve, 3000));
    }, 400);
  });
});

describe('what there may be of', () => {
  it('streams of a connection is 100', async () => {
    const session = newSession();
    await once(session, 'remoteSettings');
    expect(session.remoteSettings.maxConcurrentStreams).toBe(100);
    await expectRecovery(10_000);
  });

  it('watchers of health is 500, and others are not kept from a check', async () => {
    await expectHarmless(async () => {
      const calls = Array.from({ length: 8 }, newSession).flatMap((session) =>
        Array.from({ length: 100 }, () => openCall(session, '/grpc.health.v1.Health/Watch')),
      );
      for (const { stream } of calls) stream.end(frame(Buffer.alloc(0)));
      let refused = 0;
      await new Promise<void>((resolve) => {
        for (const { ended } of calls) {
          ended.then(({ status }) => {
            if (status === RESOURCE_EXHAUSTED && ++refused === 300) resolve();
          });
        }
      });
      const check = await callRaw(newSession(), '/grpc.health.v1.Health/Check', frame(Buffer.alloc(0)));
      expect(check.status).toBe(0);
    }, 150);
  });

  it('streams of receipts is 100 for an app', async () => {
    await expectHarmless(async () => {
      const calls = Array.from({ length: 2 }, newSession).flatMap((session) =>
        Array.from({ length: 60 }, () => openCall(session, '/onepush.v1.PushCore/WatchReceipts', CREDENTIALS)),
      );
      for (const { stream } of calls) stream.end(frame(Buffer.alloc(0)));
      const found = await Promise.race(calls.map(({ ended }) => ended));
      expect(found.status).toBe(RESOURCE_EXHAUSTED);
    }, 150);
  });
});

describe('a flood of', () => {
  it('calls that are cancelled at once leaves nothing behind', async () => {
    await expectHarmless(async () => {
      for (let round = 0; round < 10; round++) {
        const session = newSession();
        for (let count = 0; count < 100; count++) openCall(session, SEND, CREDENTIALS).stream.close(8);
        await new Promise<void>((resolve) => session.ping(() => resolve()));
      }
    }, 150);
  });

  it('metadata is refused by its connection', async () => {
    await expectHarmless(async () => {
      for (let round = 0; round < 5; round++) {
        const session = newSession();
        const many = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`x-${n}`, 'y'.repeat(500)]));
        const calls = Array.from({ length: 50 }, () => openCall(session, SEND, many));
        for (const { stream } of calls) stream.end(frame(Buffer.alloc(0)));
        await Promise.all(calls.map(({ ended }) => ended));
      }
    }, 150);
  });

  it('connections that say nothing keeps nobody out', async () => {
    await expectHarmless(async () => {
      const [host, port] = stack.grpcAddr.split(':');
      const sockets: Socket[] = [];
      for (let count = 0; count < 500; count++) {
        const socket = connectTcp(Number(port), host);
        socket.on('error', () => {});
        sockets.push(socket);
      }
      await Promise.all(sockets.map((socket) => once(socket, 'connect')));
      for (const socket of sockets) socket.destroy();
    }, 150);
  });
});
