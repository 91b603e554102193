import { Buffer } from 'node:buffer';
import { spawn } from 'node:child_process';
import { create, type DescMessage, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { anyUnpack } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { to } from '../../client/index.js';
import { StatusSchema } from '../../gen/google/rpc/status_pb.js';
import { ErrorDetailSchema } from '../../gen/onepush/v1/error_pb.js';
import { SendPushRequestSchema, SendPushResponseSchema } from '../../gen/onepush/v1/push_pb.js';
import { WatchReceiptsRequestSchema, WatchReceiptsResponseSchema } from '../../gen/onepush/v1/receipt_pb.js';
import { skipWithoutCurl } from '../support/curl.js';
import { basic } from '../support/rpc.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';

/** One message of gRPC-Web or of a Connect stream: flags, length, bytes. */
interface Frame {
  flags: number;
  bytes: Buffer;
}

/** The flag of the last frame: gRPC-Web's trailers, Connect's end of a stream. */
const TRAILERS = 0x80;
const END_STREAM = 0x02;

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.stop());

function toFrame(bytes: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

function toFrames(body: Buffer): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at < body.length; ) {
    const end = at + 5 + body.readUInt32BE(at + 1);
    frames.push({ flags: body.readUInt8(at), bytes: body.subarray(at + 5, end) });
    at = end;
  }
  return frames;
}

const encode = <T extends DescMessage>(schema: T, message: MessageInitShape<T>) =>
  toBinary(schema, create(schema, message));

describe('gRPC-Web that is framed by hand', () => {
  async function call(method: string, message: Uint8Array, headers: Record<string, string> = {}) {
    const response = await fetch(`${stack.connectUrl}/onepush.v1.PushCore/${method}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/grpc-web+proto',
        'x-grpc-web': '1',
        ...basic(TEST_APP.appId, TEST_APP.appKey).headers,
        ...headers,
      },
      body: toFrame(message),
    });
    expect(response.status).toBe(200);
    const frames = toFrames(Buffer.from(await response.arrayBuffer()));
    const last = frames.findLast(({ flags }) => flags === TRAILERS);
    // With an error and no message, the trailers may be headers.
    const trailers = new Headers(last ? fieldsOf(last.bytes.toString()) : [...response.headers]);
    return { messages: frames.filter(({ flags }) => flags === 0), trailers };
  }
  const fieldsOf = (text: string) =>
    text
      .trim()
      .split('\r\n')
      .map((line): [string, string] => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon), line.slice(colon + 1).trim()];
      });

  it('has a call answered with one message and a status', async () => {
    const push = encode(SendPushRequestSchema, { audience: to.aliases('alice'), alert: 'hello' });
    const { messages, trailers } = await call('SendPush', push);
    expect(trailers.get('grpc-status')).toBe('0');
    expect(messages).toHaveLength(1);
    const { requestId } = fromBinary(SendPushResponseSchema, messages[0]?.bytes ?? Buffer.alloc(0));
    expect(requestId).toMatch(/^\d+$/);
  });

  it('is told the reason and the fields of an error', async () => {
    const push = encode(SendPushRequestSchema, { audience: to.aliases('alice') });
    const { messages, trailers } = await call('SendPush', push);
    expect(messages).toEqual([]);
    expect(trailers.get('grpc-status')).toBe('3');
    const { details } = fromBinary(StatusSchema, Buffer.from(trailers.get('grpc-status-details-bin') ?? '', 'base64'));
    const detail = details.map((any) => anyUnpack(any, ErrorDetailSchema)).find((found) => found !== undefined);
    expect(detail).toMatchObject({ reason: 'INVALID_FIELDS', violations: [{ field: 'alert' }] });
  });

  it('gets a stream message by message, and has its deadline kept', async () => {
    const watch = encode(WatchReceiptsRequestSchema, { fromNow: true });
    const { messages, trailers } = await call('WatchReceipts', watch, { 'grpc-timeout': '2000m' });
    expect(trailers.get('grpc-status')).toBe('4');
    expect(messages).toHaveLength(1);
    const first = fromBinary(WatchReceiptsResponseSchema, messages[0]?.bytes ?? Buffer.alloc(0));
    expect(first.receipts).toEqual([]);
    expect(first.position).not.toBe('');
  });
});

describe.skipIf(skipWithoutCurl('interop-web.test.ts'))('curl over HTTP/1.1', () => {
  /** What curl prints when this goes to its standard input. */
  function curl(path: string, type: string, input: Uint8Array, ...args: string[]): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const url = `${stack.connectUrl}/onepush.v1.PushCore/${path}`;
      const credentials = `${TEST_APP.appId}:${TEST_APP.appKey}`;
      const standard = ['-s', '--http1.1', '--max-time', '10', '-u', credentials, '--data-binary', '@-'];
      const child = spawn('curl', [...standard, '-H', `Content-Type: ${type}`, ...args, url]);
      const parts: Buffer[] = [];
      child.stdout.on('data', (part: Buffer) => parts.push(part));
      child.once('error', reject);
      child.once('close', () => resolve(Buffer.concat(parts)));
      child.stdin.end(input);
    });
  }

  it('sends JSON and Protobuf', async () => {
    const json = Buffer.from('{"audience":{"aliases":{"values":["alice"]}},"alert":"hello"}');
    expect(JSON.parse((await curl('SendPush', 'application/json', json)).toString())).toEqual({
      requestId: expect.stringMatching(/^\d+$/),
    });
    const push = encode(SendPushRequestSchema, { audience: to.aliases('alice'), alert: 'hello' });
    const answer = fromBinary(SendPushResponseSchema, await curl('SendPush', 'application/proto', push));
    expect(answer.requestId).toMatch(/^\d+$/);
  });

  it('gets a stream of JSON, and how it ends', async () => {
    const request = toFrame(Buffer.from('{"fromNow":true}'));
    const timeout = ['-H', 'Connect-Timeout-Ms: 2000'];
    const frames = toFrames(await curl('WatchReceipts', 'application/connect+json', request, ...timeout));
    expect(frames.map(({ flags }) => flags)).toEqual([0, END_STREAM]);
    const [first, end] = frames.map(({ bytes }) => JSON.parse(bytes.toString()));
    expect(first).toEqual({ position: expect.any(String) });
    expect(end).toMatchObject({ error: { code: 'deadline_exceeded' } });
  });
});
