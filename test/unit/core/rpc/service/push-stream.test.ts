import { create } from '@bufbuild/protobuf';
import { expect, it } from 'vitest';
import type { Logger } from '../../../../../common/logs/log.js';
import type { App } from '../../../../../core/domain/app.js';
import { answerPushes } from '../../../../../core/rpc/service/push-stream.js';
import { type SendPushStreamRequest, SendPushStreamRequestSchema } from '../../../../../gen/onepush/v1/push_pb.js';
import { turn } from '../../../../support/scripted-commits.js';

const PER_MESSAGE = 100;
const message = create(SendPushStreamRequestSchema, {
  pushes: Array.from({ length: PER_MESSAGE }, (_, reference) => ({ reference, push: { alert: 'x' } })),
});
// Nothing of an app is looked at, and nothing is logged, where every push is carried out.
const app = {} as App;
const log = {} as Logger;

function answered(
  requests: AsyncIterable<SendPushStreamRequest>,
  send: () => Promise<number>,
  stopping = new AbortController().signal,
) {
  return answerPushes(requests, { authenticate: async () => app, send, stopping, log });
}

/** Endless messages, and how many of them were asked for. */
function endless(): { messages: AsyncIterable<SendPushStreamRequest>; asked: () => number } {
  let count = 0;
  async function* messages() {
    for (;;) {
      count++;
      yield message;
    }
  }
  return { messages: messages(), asked: () => count };
}

it('a stream of pushes is read no further than its answers are taken', async () => {
  const { messages, asked } = endless();
  const answers = answered(messages, async () => 1);
  const first = await answers.next();
  for (let count = 0; count < 200; count++) await turn();
  const read = asked();
  expect(read * PER_MESSAGE).toBeLessThan(10_000);
  expect(first.value?.results.length).toBeGreaterThan(0);
  let taken = first.value?.results.length ?? 0;
  while (taken < 20_000) taken += (await answers.next()).value?.results.length ?? 0;
  expect(asked()).toBeGreaterThan(read);
  await answers.return(undefined);
});

it('a stream of pushes ends when all are answered, in whatever order that is', async () => {
  const pending: ((id: number) => void)[] = [];
  async function* once() {
    yield message;
  }
  const answers = answered(once(), () => new Promise((resolve) => pending.push(resolve)));
  const references: number[] = [];
  const reading = (async () => {
    for await (const { results } of answers) references.push(...results.map(({ reference }) => reference));
  })();
  await turn();
  expect(pending).toHaveLength(PER_MESSAGE);
  for (const [index, resolve] of pending.toReversed().entries()) resolve(index);
  await reading;
  expect(references).toEqual(message.pushes.map(({ reference }) => reference).toReversed());
});

it('one message of very many pushes has no more of them begun than a stream may, and is answered in parts', async () => {
  const large = create(SendPushStreamRequestSchema, { pushes: Array(50_000).fill(message.pushes[0]) });
  async function* once() {
    yield large;
  }
  let begun = 0;
  const answers = answered(once(), async () => begun++);
  const first = await answers.next();
  expect(begun).toBeLessThan(10_000);
  let taken = first.value?.results.length ?? 0;
  for await (const { results } of answers) {
    expect(results.length).toBeLessThan(2000);
    taken += results.length;
  }
  expect(taken).toBe(50_000);
});

it('a stream of pushes has what was begun answered when the core stops, and fails then', async () => {
  const pending: ((id: number) => void)[] = [];
  async function* messages() {
    yield message;
    await new Promise(() => {});
  }
  const stopping = new AbortController();
  const answers = answered(messages(), () => new Promise((resolve) => pending.push(resolve)), stopping.signal);
  const first = answers.next();
  await turn();
  stopping.abort();
  await turn();
  for (const resolve of pending) resolve(1);
  expect((await first).value?.results).toHaveLength(PER_MESSAGE);
  await expect(answers.next()).rejects.toMatchObject({ reason: 'CORE_UNAVAILABLE' });
});
