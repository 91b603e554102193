import { brotliCompressSync, gzipSync } from 'node:zlib';
import { CREDENTIALS, callRaw, connectRaw, frame } from '../support/raw-grpc.js';
import type { Attack, Target } from './attack.js';
import { repeat } from './sockets.js';

export const SEND = '/onepush.v1.PushCore/SendPush';
export const STREAM = '/onepush.v1.PushCore/SendPushStream';
export const REGISTER = '/onepush.v1.PushCore/RegisterDevice';
const NEARLY_16_MB = 16 * 1024 * 1024 - 64;
/** At once: each is larger than all else that a core holds. */
const LOOPS = 2;

/** A request with what must come of it: a gRPC status, or one of HTTP. */
interface Request {
  path: string;
  body: Uint8Array;
  headers?: Record<string, string>;
  status: number;
}

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

/** A message of empty names, which would become hundreds of megabytes when it is decoded. */
const aliases = (): Buffer => emptyItems(NEARLY_16_MB, 0x0a, 0x0a);

/** Messages of that kind, and the methods that take them. Made where they are used: they are large. */
const growing = (): [string, Buffer][] => [
  [SEND, aliases()],
  [SEND, emptyItems(NEARLY_16_MB, 0x0a, 0x3a)],
  [SEND, Buffer.alloc(NEARLY_16_MB, Buffer.from([0xf8, 0x7f, 1, 0x08, 1, 0x08, 1]))],
  [STREAM, emptyItems(NEARLY_16_MB)],
  [STREAM, emptyItems(NEARLY_16_MB, 0x0a, 0x12, 0x0a, 0x0a)],
];

const json = (text: string): Buffer => Buffer.from(text.padEnd(8_000_000, text.slice(-8)));
const growingJson = (): Buffer[] => [
  json(`[${'[],'.repeat(2_600_000)}[]]`),
  json(`{"audience":{"aliases":{"values":[${'"",'.repeat(2_600_000)}""]}}}`),
  json(`{${'"a":{},'.repeat(1_100_000)}"a":{}}`),
  json(`${'['.repeat(4_000_000)}${']'.repeat(4_000_000)}`),
  json(`{"audience":${'{"not":'.repeat(1_000_000)}{}`),
];

/**
 * Sends all of them again and again, each on a connection of its own, and fails if the core answers one otherwise than
 * it should.
 */
function messages(
  name: string,
  short: boolean,
  make: () => Request[],
  ask: (target: Target, request: Request) => Promise<number | undefined>,
): Attack {
  return {
    name,
    short,
    async strike(target, seconds) {
      const requests = make();
      let next = 0;
      const wrong: string[] = [];
      const count = await repeat(seconds, LOOPS, async () => {
        const request = requests[next++ % requests.length];
        if (request === undefined) return;
        const status = await ask(target, request);
        if (status !== request.status) wrong.push(`${request.path}: ${status} for ${request.status}`);
      });
      if (wrong.length > 0) throw new Error([...new Set(wrong)].join('; '));
      return `${count} messages`;
    },
  };
}

async function overGrpc({ grpc }: Target, { path, body, headers = {} }: Request): Promise<number | undefined> {
  const session = connectRaw(`${grpc.host}:${grpc.port}`);
  try {
    return (await callRaw(session, path, body, headers)).status;
  } finally {
    session.destroy();
  }
}

async function overConnect({ connect }: Target, { path, body, headers = {} }: Request): Promise<number> {
  const response = await fetch(`http://${connect.host}:${connect.port}${path}`, {
    method: 'POST',
    body,
    headers: { connection: 'close', ...headers },
  });
  await response.arrayBuffer();
  return response.status;
}

const tooLarge = (): Buffer => frame(Buffer.alloc(64 * 1024 + 1));

/** What comes to the core's ports in messages. */
export const CORE_MESSAGES: readonly Attack[] = [
  messages(
    'gRPC: 16 MB that would grow, by strangers',
    true,
    () => [
      ...growing().map(([path, body]) => ({ path, body: frame(body), status: 16 })),
      { path: REGISTER, body: tooLarge(), status: 8 },
      { path: REGISTER, body: frame(Buffer.alloc(0), { length: 2 ** 31 }), status: 8 },
      { path: '/grpc.health.v1.Health/Check', body: tooLarge(), status: 8 },
    ],
    overGrpc,
  ),
  messages(
    'gRPC: 16 MB that would grow, by callers',
    true,
    () => growing().map(([path, body]) => ({ path, body: frame(body), headers: CREDENTIALS, status: 3 })),
    overGrpc,
  ),
  messages(
    'gRPC: compressed messages',
    false,
    () => {
      const body = frame(gzipSync(aliases()), { compressed: true });
      const headers = { ...CREDENTIALS, 'grpc-encoding': 'gzip' };
      return [SEND, STREAM, REGISTER].map((path) => ({ path, body, headers, status: 12 }));
    },
    overGrpc,
  ),
  messages(
    'Connect: bodies that would grow, by strangers',
    false,
    () => [
      ...growingJson().map((body) => ({ path: SEND, body, headers: typed('json'), status: 401 })),
      { path: SEND, body: aliases(), headers: typed('proto'), status: 401 },
      { path: REGISTER, body: Buffer.from(`{"alias":"${'x'.repeat(65_536)}"}`), headers: typed('json'), status: 429 },
    ],
    overConnect,
  ),
  messages(
    'Connect: bodies that would grow, by callers',
    true,
    () => [
      ...growingJson().map((body) => ({
        path: SEND,
        body,
        headers: { ...CREDENTIALS, ...typed('json') },
        status: 400,
      })),
      { path: SEND, body: aliases(), headers: { ...CREDENTIALS, ...typed('proto') }, status: 400 },
    ],
    overConnect,
  ),
  messages(
    'Connect: compressed bodies',
    false,
    () => {
      const brotli = brotliCompressSync(Buffer.alloc(16_000_000, '[],'));
      return [
        { type: 'proto', encoding: 'gzip', body: gzipSync(aliases()) },
        { type: 'json', encoding: 'br', body: brotli },
      ].map(({ type, encoding, body }) => ({
        path: SEND,
        body,
        headers: { ...CREDENTIALS, ...typed(type), 'content-encoding': encoding },
        status: 501,
      }));
    },
    overConnect,
  ),
];

function typed(kind: string): Record<string, string> {
  return { 'content-type': `application/${kind}` };
}
