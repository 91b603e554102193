import { create } from '@bufbuild/protobuf';
import { expect, it } from 'vitest';
import type { Logger } from '../../common/log.js';
import type { App } from '../../core/domain/app.js';
import { answerPushes } from '../../core/rpc/push-stream.js';
import { type SendPushStreamRequest, SendPushStreamRequestSchema } from '../../gen/onepush/v1/push_pb.js';
import { turn } from '../support/scripted-commits.js';

const PER_MESSAGE = 100;
const message = create(SendPushStreamRequestSchema, {
  pushes: Array.from({ length: PER_MESSAGE }, (_, reference) => ({ reference, push: { alert: 'x' } })),
});
// Nothing of an app is looked at, and nothing is logged, where every push is carried out.
const app = {} as App;
const log = {} as Logger;

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
  const answers = answerPushes(
    messages,
    async () => app,
    async () => '1',
    log,
  );
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
  const pending: ((id: string) => void)[] = [];
  async function* once() {
    yield message;
  }
  const answers = answerPushes(
    once(),
    async () => app,
    () => new Promise((resolve) => pending.push(resolve)),
    log,
  );
  const references: number[] = [];
  const reading = (async () => {
    for await (const { results } of answers) references.push(...results.map(({ reference }) => reference));
  })();
  await turn();
  expect(pending).toHaveLength(PER_MESSAGE);
  for (const [index, resolve] of pending.toReversed().entries()) resolve(String(index));
  await reading;
  expect(references).toEqual(message.pushes.map(({ reference }) => reference).toReversed());
});
