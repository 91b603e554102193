import type { ClientHttp2Session } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import { create, toBinary } from '@bufbuild/protobuf';
import { SendPushStreamRequestSchema } from '../../gen/onepush/v1/push_pb.js';
import { CREDENTIALS, callRaw, connectRaw, frame, openCall } from '../support/raw-grpc.js';
import type { Attack, Target } from './attack.js';
import { REGISTER, SEND, STREAM } from './core-messages.js';
import { dialMany, dropAll, repeat } from './sockets.js';

const HEALTH = '/grpc.health.v1.Health';
const RESOURCE_EXHAUSTED = 8;
const NOTHING = frame(Buffer.alloc(0));

type Connections = () => ClientHttp2Session;

/** Lets the work have connections, again and again with new ones, and cuts them off. */
function onConnections(name: string, short: boolean, work: (open: Connections) => Promise<string>): Attack {
  return {
    name,
    short,
    async strike({ grpc }: Target, seconds) {
      let outcome = '';
      let failure: unknown;
      const rounds = await repeat(seconds, 1, async () => {
        const sessions: ClientHttp2Session[] = [];
        const open = (): ClientHttp2Session => {
          const session = connectRaw(`${grpc.host}:${grpc.port}`);
          sessions.push(session);
          return session;
        };
        try {
          outcome = await work(open);
        } catch (error) {
          failure ??= error;
        }
        for (const session of sessions) session.destroy();
      });
      if (failure !== undefined) throw failure;
      return `${rounds} times ${outcome}`;
    },
  };
}

/** Resolves when so many of the calls were told that there is no room; rejects if they are not within 10 seconds. */
function told(calls: readonly ReturnType<typeof openCall>[], count: number): Promise<void> {
  let refused = 0;
  return new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error(`${refused} calls of ${count} were refused`)), 10_000).unref();
    for (const { ended } of calls) {
      void ended.then(({ status }) => {
        if (status === RESOURCE_EXHAUSTED && ++refused === count) resolve();
      });
    }
  });
}

const CALLS = { each: 100, watched: 8 };

const unfinished = onConnections('gRPC: messages with a byte missing', true, async (open) => {
  const message = frame(Buffer.alloc(15_999_999), { length: 16_000_000 });
  const calls = Array.from({ length: 20 }, (_, n) => openCall(open(), n % 2 === 0 ? SEND : STREAM, CREDENTIALS));
  for (const { stream } of calls) stream.write(message);
  // Four of them fit into 64 MiB.
  await told(calls, 16);
  return '20 messages of 16 MB';
});

const halfByStrangers = onConnections('gRPC: half messages of strangers', false, async (open) => {
  const half = frame(Buffer.alloc(60_000), { length: 60_001 });
  const calls = Array.from({ length: 4 }, open).flatMap((session) =>
    Array.from({ length: 99 }, () => openCall(session, REGISTER)),
  );
  for (const { stream } of calls) stream.write(half);
  await told(calls, 1);
  const pushes = [{ push: { alert: 'x'.repeat(60_000) } }];
  const large = toBinary(SendPushStreamRequestSchema, create(SendPushStreamRequestSchema, { pushes }));
  // They take no room from callers.
  const { status } = await callRaw(open(), STREAM, frame(large), CREDENTIALS);
  if (status !== 0) throw new Error(`a caller was answered ${status}`);
  return '396 calls';
});

const unreadAnswers = onConnections('gRPC: answers of a stream nobody reads', false, async (open) => {
  // Pushes that are refused, each of which is answered.
  const pushes = Array.from({ length: 8000 }, (_, reference) => ({ reference, push: { alert: 'x'.repeat(100) } }));
  const message = frame(toBinary(SendPushStreamRequestSchema, create(SendPushStreamRequestSchema, { pushes })));
  for (const { stream } of Array.from({ length: 4 }, () => openCall(open(), STREAM, CREDENTIALS))) {
    stream.pause();
    for (let count = 0; count < 20; count++) stream.write(message);
  }
  await sleep(3000);
  return '640,000 pushes';
});

const watchers = onConnections('gRPC: streams that watch', false, async (open) => {
  const calls = Array.from({ length: CALLS.watched }, open).flatMap((session) =>
    Array.from({ length: CALLS.each }, () => openCall(session, `${HEALTH}/Watch`)),
  );
  for (const { stream } of calls) stream.end(NOTHING);
  // There are 500 of them.
  await told(calls, 300);
  const { status } = await callRaw(open(), `${HEALTH}/Check`, NOTHING);
  if (status !== 0) throw new Error(`a check of health was answered ${status}`);
  const receipts = Array.from({ length: 2 }, open).flatMap((session) =>
    Array.from({ length: 60 }, () => openCall(session, '/onepush.v1.PushCore/WatchReceipts', CREDENTIALS)),
  );
  for (const { stream } of receipts) stream.end(NOTHING);
  await told(receipts, 20);
  return '920 streams';
});

const cancelled = onConnections('gRPC: calls cancelled at once, and heads of 50 KB', false, async (open) => {
  const session = open();
  for (let count = 0; count < 100; count++) openCall(session, SEND, CREDENTIALS).stream.close(8);
  await new Promise<void>((resolve) => session.ping(() => resolve()));
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`x-${n}`, 'y'.repeat(500)]));
  const refused = open();
  const calls = Array.from({ length: 50 }, () => openCall(refused, SEND, many));
  for (const { stream } of calls) stream.end(NOTHING);
  await Promise.all(calls.map(({ ended }) => ended));
  return '150 calls';
});

const silent: Attack = {
  name: 'connections to the core that say nothing',
  short: false,
  async strike({ grpc, connect }, seconds) {
    const end = performance.now() + seconds * 1000;
    let count = 0;
    while (performance.now() < end) {
      const sockets = [...(await dialMany(grpc, 500)), ...(await dialMany(connect, 500))];
      count += sockets.length;
      await sleep(1000);
      dropAll(sockets);
    }
    return `${count} connections`;
  },
};

/** What comes to the core's ports in streams and connections. */
export const CORE_STREAMS: readonly Attack[] = [
  unfinished,
  halfByStrangers,
  unreadAnswers,
  watchers,
  cancelled,
  silent,
];
