import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { Client, type ClientDuplexStream, credentials, Metadata, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type CoreBatch,
  CoreBatchSchema,
  EdgeBatchSchema,
  SessionEvent_Kind as Kind,
} from '../../gen/onepush/link/v1/edge_link_pb.js';
import { connectDevice } from '../support/device.js';
import { eventually } from '../support/eventually.js';
import { LINK_TOKEN, startProcess } from '../support/process.js';
import { readRows } from '../support/rows.js';
import { type Stack, startStack } from '../support/stack.js';
import { newDevice, sendPush, uniqueName } from '../support/users.js';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

/** An edge that says what it is told to, in bytes. */
function attach(token = LINK_TOKEN) {
  const client = new Client(stack.grpcAddr, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  const stream: ClientDuplexStream<Uint8Array, CoreBatch> = client.makeBidiStreamRequest(
    '/onepush.link.v1.EdgeLink/Attach',
    (bytes: Uint8Array) => Buffer.from(bytes),
    (bytes: Buffer) => fromBinary(CoreBatchSchema, bytes),
    metadata,
  );
  const batches: CoreBatch[] = [];
  stream.on('data', (batch: CoreBatch) => batches.push(batch));
  const ended = new Promise<number>((resolve) => {
    stream.on('error', (error: Error & { code?: number }) => resolve(error.code ?? -1));
    stream.on('end', () => resolve(status.OK));
  });
  return {
    batches,
    ended: ended.finally(() => client.close()),
    raw: (bytes: Uint8Array) => stream.write(bytes),
    say: (batch: MessageInitShape<typeof EdgeBatchSchema>) =>
      stream.write(toBinary(EdgeBatchSchema, create(EdgeBatchSchema, batch))),
    end: () => stream.end(),
  };
}

async function expectAlive(): Promise<void> {
  await sendPush(stack.httpUrl, { audiences: [uniqueName()] });
}

let attachments = 0;
/** The first message of an attachment that is later than all before. */
function hello() {
  return { number: 1, hello: { edgeId: 'test-edge', attachment: ++attachments } };
}

describe('the link', () => {
  it('refuses an edge with a wrong token', async () => {
    expect(await attach('wrong').ended).toBe(status.UNAUTHENTICATED);
    await expectAlive();
  });

  it('has an edge with a wrong token say so, once in its log and as long as it lasts in /readyz', async () => {
    const edge = await startProcess('edge', {
      ONEPUSH_HTTP_LISTEN: '127.0.0.1:0',
      ONEPUSH_CORE_ADDRS: stack.grpcAddr,
      ONEPUSH_LINK_TOKEN: 'wrong',
      ONEPUSH_LOG_LEVEL: 'debug',
    });
    const refusals = (level: number) =>
      edge.logs().filter((line) => line.includes('refuses the link token') && line.includes(`"level":${level}`)).length;
    try {
      await eventually(() => refusals(20) > 1);
      expect(refusals(50)).toBe(1);
      const readiness = await fetch(`http://${edge.ready.http}/readyz`);
      expect(readiness.status).toBe(503);
      expect(await readiness.text()).toContain('the core refuses the link token');
    } finally {
      await edge.stop();
    }
  });

  it.each(['core', 'edge'] as const)('has a %s without a token refuse to start', async (name) => {
    const started = startProcess(name, { ONEPUSH_LINK_TOKEN: '' });
    await expect(started).rejects.toThrow(/ended: code 2[\s\S]*ONEPUSH_LINK_TOKEN is required/);
  });

  it.each<[string, (edge: ReturnType<typeof attach>) => void]>([
    ['bytes that are no message', (edge) => edge.raw(Buffer.from([0xff, 0xff, 0xff, 0xff, 0x01]))],
    ['no hello', (edge) => edge.say({ number: 1 })],
    ['an empty edge id', (edge) => edge.say({ number: 1, hello: { edgeId: '', attachment: 1 } })],
    ['a second hello', (edge) => [edge.say(hello()), edge.say({ ...hello(), number: 2 })]],
    ['a gap in the numbers', (edge) => [edge.say(hello()), edge.say({ number: 3 })]],
    [
      'a delivery id that is no id',
      (edge) => [edge.say(hello()), edge.say({ number: 2, delivered: [Number.NaN], deliveredSlots: [0] })],
    ],
    [
      'deliveries that it was not handed',
      (edge) => [edge.say(hello()), edge.say({ number: 2, delivered: [1], deliveredSlots: [0] })],
    ],
    [
      'a publication that it was not handed',
      (edge) => [edge.say(hello()), edge.say({ number: 2, published: [{ pushId: 1, sessions: 2 ** 32 - 1 }] })],
    ],
    [
      'a push id that is no id',
      (edge) => [edge.say(hello()), edge.say({ number: 2, events: [{ kind: Kind.CONFIRMED, pushId: -1.5 }] })],
    ],
    [
      'a socket that is ahead of all pushes',
      (edge) => [
        edge.say(hello()),
        edge.say({ number: 2, events: [{ kind: Kind.CLOSED, through: Number.MAX_SAFE_INTEGER - 4095 }] }),
      ],
    ],
    [
      'a socket that has got to what is no id',
      (edge) => [edge.say(hello()), edge.say({ number: 2, events: [{ kind: Kind.CLOSED, through: 0.5 }] })],
    ],
    ['an attachment without a number', (edge) => edge.say({ number: 1, hello: { edgeId: 'test-edge' } })],
    [
      'an acknowledgement of what was never sent',
      (edge) => [edge.say(hello()), edge.say({ number: 2, processed: 1_000_000 })],
    ],
  ])('ends a link with %s, and nothing else', async (_name, speak) => {
    const edge = attach();
    speak(edge);
    expect(await edge.ended).not.toBe(status.OK);
    await expectAlive();
  });

  it('refuses an attachment that a later one of the same edge has replaced', async () => {
    const [earlier, later] = [hello(), hello()];
    const attached = attach();
    const answered = (count: number) => () => attached.batches.flatMap((batch) => batch.replies).length === count;
    attached.say({ ...later, calls: [{ id: 1 }] });
    await eventually(answered(1));
    const late = attach();
    late.say(earlier);
    expect(await late.ended).toBe(status.ABORTED);
    attached.say({ number: 2, calls: [{ id: 2 }] });
    await eventually(answered(2));
    attached.end();
    await attached.ended;
  });

  it('ignores reports of slots that are not in use', async () => {
    const edge = attach();
    edge.say(hello());
    edge.say({
      number: 2,
      events: [
        { kind: Kind.CLOSED, slot: 7 },
        { kind: Kind.DRAINED, slot: 8 },
        { kind: Kind.STALLED, slot: 9 },
        { kind: Kind.CONFIRMED, slot: 10, deviceId: 'nobody', pushId: 5 },
        { kind: Kind.OPENED, slot: 11, deviceId: 'nobody' },
      ],
    });
    await eventually(() => edge.batches.some((batch) => batch.committed >= 2));
    await eventually(() =>
      edge.batches
        .flatMap((batch) => batch.items)
        .some(({ item }) => item.case === 'order' && item.value.code === 4404),
    );
    edge.end();
    expect(await edge.ended).toBe(status.OK);
    await expectAlive();
  });

  it('lets an edge end nothing of devices that it does not have', async () => {
    const alias = uniqueName();
    const deviceId = await newDevice(stack.httpUrl, alias);
    const sent = [
      await sendPush(stack.httpUrl, { audiences: [alias] }),
      await sendPush(stack.httpUrl, { audiences: [alias], needConfirm: true }),
      await sendPush(stack.httpUrl, { audiences: 'ALL' }),
    ];
    const [first, second] = await readRows(
      stack.databaseUrl,
      `SELECT id, device_num FROM inbox WHERE push_id IN (${sent.join(', ')}) ORDER BY id`,
    );
    const [ids, device] = [[Number(first?.id), Number(second?.id)], Number(first?.device_num)];
    const guess = { device, generation: 1, ticket: 1 };
    const edge = attach();
    edge.say(hello());
    const last = Number(sent[2]);
    edge.say({
      number: 2,
      events: [
        ...ids.map((deliveryId) => ({ kind: Kind.DELIVERED, ...guess, deliveryId })),
        { kind: Kind.CONFIRMED, ...guess, pushId: Number(sent[1]) },
        { kind: Kind.LEFT, ...guess, through: last },
        { kind: Kind.CLOSED, slot: 1, ...guess, through: last },
        { kind: Kind.OPENED, slot: 2, deviceId: 'a guess', device, generation: 1, through: last },
        { kind: Kind.CLOSED, slot: 2, ...guess, through: last },
      ],
    });
    await eventually(() => edge.batches.some((batch) => batch.committed >= 2));
    edge.say({ number: 3, delivered: ids, deliveredSlots: [1, 1] });
    expect(await edge.ended).toBe(status.INVALID_ARGUMENT);
    const listening = connectDevice(stack.wsUrl, deviceId);
    await listening.waitForCount(3);
    expect(listening.messages.map(({ id }) => id)).toEqual(sent);
    await listening.close();
    const ops = await fetch(`http://${stack.core.ready.ops}/metrics`);
    expect(await ops.text()).toMatch(/^onepush_link_reports_ignored_total 6$/m);
  });

  it('answers a call without a request, and calls before anything else', async () => {
    const edge = attach();
    edge.say(hello());
    edge.say({ number: 2, calls: [{ id: 1 }, { id: 2, request: { case: 'getApp', value: { id: 'x' } } }] });
    await eventually(() => edge.batches.flatMap((batch) => batch.replies).length === 2);
    edge.end();
    await edge.ended;
  });

  it('lets the same edge attach again before the core has noticed that it was gone', async () => {
    const alias = uniqueName();
    const deviceId = await newDevice(stack.httpUrl, alias);
    const open = { kind: Kind.OPENED, slot: 0, deviceId };
    const first = attach();
    first.say({ ...hello(), events: [open] });
    await eventually(() => first.batches.length > 0);
    const second = attach();
    second.say({ ...hello(), events: [open] });
    await eventually(() => second.batches.length > 0);
    await sendPush(stack.httpUrl, { audiences: [alias] });
    await eventually(() => second.batches.flatMap((batch) => batch.items).some(({ item }) => item.case === 'delivery'));
    expect(first.batches.flatMap((batch) => batch.items).some(({ item }) => item.case === 'delivery')).toBe(false);
    expect(await first.ended).toBe(status.ABORTED);
    second.end();
    await second.ended;
  });
});
