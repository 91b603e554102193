import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { Client, type ClientDuplexStream, credentials, Metadata } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toMethodDefinition } from '../../common/grpc.js';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import {
  type SendPushStreamResponse_Result as Result,
  type SendPushRequestSchema,
  type SendPushStreamRequest,
  SendPushStreamRequestSchema,
  type SendPushStreamResponse,
} from '../../gen/onepush/v1/push_pb.js';
import { connectDevice } from '../support/device.js';
import { eventually } from '../support/eventually.js';
import { basic } from '../support/rpc.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { newDevice, uniqueName } from '../support/users.js';

type Stream = ClientDuplexStream<SendPushStreamRequest, SendPushStreamResponse>;
type Push = MessageInitShape<typeof SendPushRequestSchema>;

let stack: Stack;
let client: Client;
beforeAll(async () => {
  stack = await startStack();
  client = new Client(stack.grpcAddr, credentials.createInsecure());
});
afterAll(async () => {
  client.close();
  await stack.stop();
});

function open(key: string = TEST_APP.appKey): Stream {
  const method = toMethodDefinition(PushCore, PushCore.method.sendPushStream);
  const metadata = new Metadata();
  metadata.set('authorization', basic(TEST_APP.appId, key).headers.authorization ?? '');
  const stream = client.makeBidiStreamRequest(
    method.path,
    method.requestSerialize,
    method.responseDeserialize,
    metadata,
  );
  stream.on('error', () => {});
  return stream;
}

const batch = (pushes: Push[], first = 0): SendPushStreamRequest =>
  create(SendPushStreamRequestSchema, { pushes: pushes.map((push, index) => ({ reference: first + index, push })) });

function collect(stream: Stream): Map<number, Result['result']> {
  const answers = new Map<number, Result['result']>();
  stream.on('data', ({ results }: SendPushStreamResponse) => {
    for (const { reference, result } of results) answers.set(reference, result);
  });
  return answers;
}

const toAlias = (alias: string, alert: string): Push => ({
  audience: { audience: { case: 'aliases', value: { values: [alias] } } },
  alert,
});

describe('a stream of pushes', () => {
  it('has each push carried out and answered under its reference, and the devices get them in order', async () => {
    const alias = uniqueName();
    const device = connectDevice(stack.wsUrl, await newDevice(stack.httpUrl, alias));
    await device.opened;
    const stream = open();
    const answers = collect(stream);
    for (let first = 0; first < 2000; first += 100) {
      stream.write(
        batch(
          Array.from({ length: 100 }, (_, index) => toAlias(alias, `${first + index}`)),
          first,
        ),
      );
    }
    stream.end();
    await device.waitForCount(2000);
    await eventually(() => answers.size === 2000, { message: '2000 answers' });
    const ids = [...answers.keys()].sort((a, b) => a - b).map((reference) => answers.get(reference)?.value);
    expect(device.messages.map(({ id }) => id)).toEqual(ids);
    expect(device.messages.map(({ alert }) => alert)).toEqual(Array.from({ length: 2000 }, (_, index) => `${index}`));
    await device.close();
  });

  it('has a push that is wrong fail alone', async () => {
    const stream = open();
    const answers = collect(stream);
    const alias = uniqueName();
    stream.write(batch([toAlias(alias, 'right'), toAlias(alias, ''), { ...toAlias(alias, 'x'), ttlSeconds: 0 }]));
    stream.write(create(SendPushStreamRequestSchema, { pushes: [{ reference: 9 }] }));
    stream.end();
    await eventually(() => answers.size === 4, { message: '4 answers' });
    expect(answers.get(0)?.case).toBe('requestId');
    expect(answers.get(1)).toMatchObject({
      case: 'failure',
      value: { code: 3, detail: { reason: 'INVALID_FIELDS', violations: [{ field: 'alert' }] } },
    });
    expect(answers.get(2)).toMatchObject({
      case: 'failure',
      value: { detail: { violations: [{ field: 'ttlSeconds' }] } },
    });
    expect(answers.get(9)).toMatchObject({ case: 'failure', value: { detail: { violations: [{ field: 'push' }] } } });
  });

  it('only checks a dry run', async () => {
    const alias = uniqueName();
    const device = connectDevice(stack.wsUrl, await newDevice(stack.httpUrl, alias));
    await device.opened;
    const stream = open();
    const answers = collect(stream);
    stream.write(batch([{ ...toAlias(alias, 'dry'), dryRun: true }, toAlias(alias, 'wet')]));
    stream.end();
    await device.waitForCount(1);
    await eventually(() => answers.size === 2, { message: '2 answers' });
    expect(answers.get(0)).toEqual({ case: 'requestId', value: '' });
    expect(device.messages.map(({ alert }) => alert)).toEqual(['wet']);
    await device.close();
  });

  it('is refused with a wrong key', async () => {
    const stream = open('wrong');
    const failed = new Promise<{ code?: number }>((resolve) => stream.on('error', resolve));
    collect(stream);
    stream.write(batch([toAlias('a', 'b')]));
    expect(await failed).toMatchObject({ code: 16 });
  });

  it('has what a caller sends again with its keys, after it was cut off, pushed once', async () => {
    const alias = uniqueName();
    const device = connectDevice(stack.wsUrl, await newDevice(stack.httpUrl, alias));
    await device.opened;
    const messages = Array.from({ length: 20 }, (_, message) =>
      batch(
        Array.from({ length: 50 }, (_unused, index) => ({
          ...toAlias(alias, `${message * 50 + index}`),
          idempotencyKey: `${alias} ${message * 50 + index}`,
        })),
        message * 50,
      ),
    );
    // Each time it is cut off a little later, and knows only of the answers that it has read.
    for (let attempt = 1; attempt <= 4; attempt++) {
      const stream = open();
      const answers = collect(stream);
      for (const message of messages) stream.write(message);
      await eventually(() => answers.size >= attempt * 100, { message: `${attempt * 100} answers` });
      stream.cancel();
    }
    const last = open();
    const answers = collect(last);
    for (const message of messages) last.write(message);
    last.end();
    await eventually(() => answers.size === 1000, { message: '1000 answers' });
    await device.waitForCount(1000);
    const ids = [...answers.values()].map((answer) => String(answer.value));
    expect(device.messages.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
    expect(new Set(ids).size).toBe(1000);
    await device.close();
  });
});
