import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { afterEach, describe, expect, it } from 'vitest';
import { createPushStream, type OpenStream, type PushStream } from '../../client/push-stream.js';
import {
  SendPushRequestSchema,
  type SendPushStreamRequest,
  SendPushStreamRequestSchema,
  SendPushStreamResponseSchema,
} from '../../gen/onepush/v1/push_pb.js';

const policy = { firstPauseMs: 1, longestPauseMs: 2 };
const push = (idempotencyKey: string) => create(SendPushRequestSchema, { alert: 'x', idempotencyKey });
const keys = (count: number) => Array.from({ length: count }, (_, index) => `key-${index}`);
const accepted = (message: SendPushStreamRequest) =>
  create(SendPushStreamResponseSchema, {
    results: message.pushes.map(({ reference, push }) => ({
      reference,
      result: { case: 'requestId' as const, value: `id of ${push?.idempotencyKey}` },
    })),
  });

/** One connection after another, each with what it does with the messages that it gets. */
type Answer = (message: SendPushStreamRequest) => ReturnType<typeof accepted>;
function service(...connections: Answer[]): { open: OpenStream; seen: string[][] } {
  const seen: string[][] = [];
  let next = 0;
  return {
    seen,
    async *open(requests) {
      const answer = connections[next++] ?? accepted;
      for await (const init of requests as AsyncIterable<MessageInitShape<typeof SendPushStreamRequestSchema>>) {
        const message = create(SendPushStreamRequestSchema, init);
        seen.push(message.pushes.map((entry) => entry.push?.idempotencyKey ?? ''));
        yield answer(message);
      }
    },
  };
}
const breaks: Answer = () => {
  throw new ConnectError('the connection broke', Code.Unavailable);
};
const failing =
  (code: number, reason: string, retryAfterSeconds: number): Answer =>
  (message) =>
    create(SendPushStreamResponseSchema, {
      results: message.pushes.map(({ reference }) => ({
        reference,
        result: { case: 'failure' as const, value: { code, message: 'no', detail: { reason, retryAfterSeconds } } },
      })),
    });

describe('the push stream', () => {
  let stream: PushStream;
  afterEach(() => stream.close());

  it('gathers what is sent in one turn into messages of bounded size, and matches the answers', async () => {
    const { open, seen } = service();
    stream = createPushStream(open, policy, 10_000);
    const answers = await Promise.all(keys(1000).map((key) => stream.send(push(key), 5000)));
    expect(answers).toEqual(keys(1000).map((key) => `id of ${key}`));
    expect(seen.map(({ length }) => length)).toEqual([256, 256, 256, 232]);
  });

  it('sends again what a broken stream has not answered, with the same keys and in order', async () => {
    const { open, seen } = service(breaks);
    stream = createPushStream(open, policy, 10_000);
    const answers = await Promise.all(keys(300).map((key) => stream.send(push(key), 5000)));
    expect(answers).toEqual(keys(300).map((key) => `id of ${key}`));
    expect(seen[0]).toEqual(keys(256));
    expect(seen.slice(1).flat()).toEqual(keys(300));
  });

  it('loses nothing of a stream that breaks in the turn in which it was to send', async () => {
    const { open, seen } = service();
    let broken = false;
    const breaking: OpenStream = async function* (requests, signal) {
      if (!broken) {
        broken = true;
        // It is asked for what to send, and is gone before it has it.
        void requests[Symbol.asyncIterator]().next();
        throw new ConnectError('the connection broke', Code.Unavailable);
      }
      yield* open(requests, signal);
    };
    stream = createPushStream(breaking, policy, 10);
    expect(await Promise.all(keys(2).map((key) => stream.send(push(key), 5000)))).toHaveLength(2);
    expect(seen).toEqual([keys(2)]);
  });

  it('counts every kind of audience for the size of a message, and refuses a push that is too large alone', async () => {
    const { open, seen } = service();
    stream = createPushStream(open, policy, 100);
    const names = { case: 'aliases' as const, value: { values: Array<string>(900).fill('x'.repeat(80)) } };
    const wide = (key: string) =>
      create(SendPushRequestSchema, {
        alert: 'x',
        idempotencyKey: key,
        audience: { audience: { case: 'allOf', value: { audiences: [{ audience: names }, { audience: names }] } } },
      });
    const huge = create(SendPushRequestSchema, { alert: 'x', extraJson: `"${'x'.repeat(17 * 1024 * 1024)}"` });
    const sent = keys(60).map((key) => stream.send(wide(key), 5000));
    await expect(stream.send(huge, 5000)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await Promise.all(sent);
    // 60 of 150 KB each.
    expect(seen.length).toBeGreaterThan(2);
  });

  it('sends again what is refused for want of room or of the store, and nothing else', async () => {
    let attempt = 0;
    const first = failing(14, 'STORE_UNAVAILABLE', 0);
    const { open, seen } = service((message) => (attempt++ === 0 ? first(message) : accepted(message)));
    stream = createPushStream(open, policy, 10);
    expect(await stream.send(push('a'), 5000)).toBe('id of a');
    expect(seen).toEqual([['a'], ['a']]);
  });

  it('fails a push with what it was refused with', async () => {
    stream = createPushStream(service(failing(3, 'INVALID_FIELDS', 0)).open, policy, 10);
    await expect(stream.send(push('a'), 5000)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      reason: 'INVALID_FIELDS',
    });
  });

  it('fails everything when the stream itself is refused, and tries again with the next push', async () => {
    const refused: Answer = () => {
      throw new ConnectError('wrong key', Code.Unauthenticated);
    };
    stream = createPushStream(service(refused).open, policy, 10);
    const both = await Promise.allSettled([stream.send(push('a'), 5000), stream.send(push('b'), 5000)]);
    expect(both).toMatchObject([{ reason: { code: 'UNAUTHENTICATED' } }, { reason: { code: 'UNAUTHENTICATED' } }]);
    expect(await stream.send(push('c'), 5000)).toBe('id of c');
  });

  it('has no room beyond its limit, and says when it has some again', async () => {
    stream = createPushStream(service().open, policy, 2);
    const sent = [stream.send(push('a'), 5000), stream.send(push('b'), 5000)];
    await expect(stream.send(push('c'), 5000)).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
    await stream.room();
    expect(await stream.send(push('c'), 5000)).toBe('id of c');
    await Promise.all(sent);
  });

  it('fails a push that is not answered in time', async () => {
    stream = createPushStream(service(() => create(SendPushStreamResponseSchema)).open, policy, 10);
    await expect(stream.send(push('a'), 50)).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  });

  it('answers what is pending before it closes, and takes no more', async () => {
    stream = createPushStream(service().open, policy, 10);
    const sent = stream.send(push('a'), 5000);
    await stream.close();
    expect(await sent).toBe('id of a');
    await expect(stream.send(push('b'), 5000)).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});
