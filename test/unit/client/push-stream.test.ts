import { create, fromBinary } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { afterEach, describe, expect, it } from 'vitest';
import { to } from '../../../client/audience.js';
import { encodePush } from '../../../client/push.js';
import { createPushStream, type OpenStream, type PushStream } from '../../../client/push-stream.js';
import {
  type SendPushStreamRequest,
  SendPushStreamRequestSchema,
  SendPushStreamResponseSchema,
} from '../../../gen/onepush/v1/push_pb.js';

const policy = { firstPauseMs: 1, longestPauseMs: 2 };
const push = (idempotencyKey: string) => encodePush({ alert: 'x', idempotencyKey });
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
    async *open(messages) {
      const answer = connections[next++] ?? accepted;
      for await (const bytes of messages) {
        const message = fromBinary(SendPushStreamRequestSchema, bytes);
        seen.push(message.pushes.map((entry) => entry.push?.idempotencyKey ?? ''));
        yield answer(message);
      }
    },
  };
}
const breaks: Answer = () => {
  throw new ConnectError('the connection broke', Code.Unavailable);
};
/** A stream of no answers, that fails as this does. */
const answersOf =
  (run: (messages: AsyncIterable<Uint8Array>, signal: AbortSignal) => Promise<never>): OpenStream =>
  (messages, signal) => ({ [Symbol.asyncIterator]: () => ({ next: () => run(messages, signal) }) });
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

  it('sends no message that the service would find too large, in bytes or in fields', async () => {
    const { open, seen } = service();
    stream = createPushStream(open, policy, 1000);
    const named = (count: number, length: number) => ({
      alert: 'x',
      audience: to.allOf(to.aliases(...Array<string>(count).fill('x'.repeat(length)))),
    });
    // 4.8 MB, and then 360,000 fields.
    const [wide, many] = [encodePush(named(900, 1600)), encodePush(named(9000, 1))];
    const pushes = [...Array(3).fill(wide), ...Array(40).fill(many)];
    await Promise.all(pushes.map((each) => stream.send(each, 10_000)));
    expect(seen.map(({ length }) => length)).toEqual([2, 31, 10]);
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
    await expect(stream.send(push('a'), 50)).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      inDoubt: true,
      message: expect.stringContaining('may have been accepted'),
    });
  });

  it('says of a push that was never sent that it was not accepted, and why', async () => {
    const nowhere = async () => {
      throw new ConnectError('No connection established. Last error: connect ECONNREFUSED', Code.Unavailable);
    };
    stream = createPushStream(answersOf(nowhere), policy, 10);
    await expect(stream.send(push('a'), 50)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      inDoubt: false,
      message: expect.stringMatching(/ECONNREFUSED; nothing was sent$/),
    });
  });

  it('goes on doubting a push that a broken stream may have carried', async () => {
    let opened = 0;
    const once = async (messages: AsyncIterable<Uint8Array>) => {
      if (opened++ > 0) throw new ConnectError('No connection established', Code.Unavailable);
      await messages[Symbol.asyncIterator]().next();
      throw new ConnectError('the connection broke', Code.Unavailable);
    };
    stream = createPushStream(answersOf(once), policy, 10);
    await expect(stream.send(push('a'), 50)).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED', inDoubt: true });
  });

  it('goes on over a service that ends the stream after each answer', async () => {
    const seen: number[] = [];
    const hasty: OpenStream = async function* (messages) {
      for await (const bytes of messages) {
        const message = fromBinary(SendPushStreamRequestSchema, bytes);
        seen.push(message.pushes.length);
        yield accepted(message);
        return;
      }
    };
    stream = createPushStream(hasty, policy, 1000);
    expect(await Promise.all(keys(600).map((key) => stream.send(push(key), 5000)))).toHaveLength(600);
    expect(seen).toEqual([256, 256, 88]);
  });

  it('passes by answers that make no sense', async () => {
    const results = (message: SendPushStreamRequest) => [
      { reference: 77, result: { case: 'requestId' as const, value: 'of nobody' } },
      { reference: message.pushes[0]?.reference ?? 0, result: { case: undefined } },
      ...accepted(message).results,
      ...accepted(message).results,
    ];
    const { open } = service((message) => create(SendPushStreamResponseSchema, { results: results(message) }));
    stream = createPushStream(open, policy, 10);
    expect(await stream.send(push('a'), 5000)).toBe('id of a');
  });

  it('ends a push whose signal is aborted, and says whether it was sent', async () => {
    stream = createPushStream(service(() => create(SendPushStreamResponseSchema)).open, policy, 10);
    await expect(stream.send(push('a'), 5000, AbortSignal.abort())).rejects.toMatchObject({
      code: 'CANCELLED',
      inDoubt: false,
    });
    const waiting = new AbortController();
    const notSent = stream.send(push('b'), 5000, waiting.signal);
    waiting.abort();
    await expect(notSent).rejects.toMatchObject({ code: 'CANCELLED', inDoubt: false });
    const controller = new AbortController();
    let taken = (): void => {};
    const asked = new Promise<void>((resolve) => {
      taken = resolve;
    });
    const silent = async (messages: AsyncIterable<Uint8Array>, signal: AbortSignal) => {
      await messages[Symbol.asyncIterator]().next();
      taken();
      return new Promise<never>((_resolve, reject) => signal.addEventListener('abort', reject));
    };
    const other = createPushStream(answersOf(silent), policy, 10);
    const sent = other.send(push('c'), 5000, controller.signal);
    await asked;
    controller.abort();
    await expect(sent).rejects.toMatchObject({ code: 'CANCELLED', inDoubt: true });
    await other.close();
  });

  it('answers what is pending before it closes, and takes no more', async () => {
    stream = createPushStream(service().open, policy, 10);
    const sent = stream.send(push('a'), 5000);
    await stream.close();
    expect(await sent).toBe('id of a');
    await expect(stream.send(push('b'), 5000)).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});
