import { describe, expect, test } from 'vitest';
import { type Delivery, Platform, type Publication } from '../../../../edge/link/wire.js';
import { createAcknowledgements } from '../../../../edge/ws/acknowledgements.js';
import { createSocketFanOut } from '../../../../edge/ws/fan-out.js';
import { createRedelivery } from '../../../../edge/ws/redelivery.js';
import { createRounds } from '../../../../edge/ws/rounds.js';
import { createSocketSession, type SocketSession } from '../../../../edge/ws/session.js';
import { createSocketWriter } from '../../../../edge/ws/socket-writer.js';
import { createTopics } from '../../../../edge/ws/topics.js';

const TOPIC = 1;
const OTHER_TOPIC = 2;
const FAR = Number.MAX_SAFE_INTEGER;

function publication(pushId: number, more: Partial<Publication> = {}): Publication {
  return {
    $typeName: 'onepush.link.v1.Publication',
    pushId,
    topics: [TOPIC],
    platform: Platform.UNSPECIFIED,
    frame: Buffer.from(`push ${pushId}`),
    iosFrame: new Uint8Array(),
    confirmUntil: 0,
    ...more,
  };
}

function delivery(pushId: number, slots: number[], deliveryIds: number[]): Delivery {
  const frame = Buffer.from(`push ${pushId}`);
  return { $typeName: 'onepush.link.v1.Delivery', pushId, frame, slots, deliveryIds, confirmUntil: 0 };
}

/** A fan-out to sessions whose sockets take as many frames as `room` says; what they take counts as received. */
function createTestFanOut(framesPerTurn = 1000) {
  const reported = { published: [] as [number, number][], delivered: [] as number[], stalled: [] as number[] };
  const outbox = {
    published: (pushId: number, sessions: number) => void reported.published.push([pushId, sessions]),
    deliveredLate: () => expect.unreachable(),
    delivered: (_session: unknown, deliveryId: number) => void reported.delivered.push(deliveryId),
    stalled: ({ slot }: Pick<SocketSession, 'slot'>) => void reported.stalled.push(slot),
    acknowledged: () => undefined,
  };
  const rounds = createRounds(() => outbox);
  const acknowledgements = createAcknowledgements({
    outbox: () => outbox,
    rounds,
    delivered: 'written',
    pongSeconds: 10,
    cleared: () => expect.unreachable(),
    dead: () => expect.unreachable(),
  });
  const topics = createTopics();
  const sessions: SocketSession[] = [];
  const redelivery = createRedelivery({ firstInterval: 300_000, resend: () => undefined });
  const fanOut = createSocketFanOut({
    writer: createSocketWriter(() => outbox, acknowledgements),
    redelivery,
    topics,
    sessionOf: (slot) => sessions[slot],
    framesPerTurn,
  });
  const round = rounds.begin(1);
  return {
    publish: (run: readonly Publication[]) => fanOut.publish(run, round),
    deliver: (run: readonly Delivery[]) => fanOut.deliver(run, round),
    reported,
    redelivery,
    topics,
    open(options: { topics?: number[]; platform?: Platform; room?: number } = {}) {
      const { topics: own = [TOPIC], platform = Platform.ANDROID, room = 1000 } = options;
      /** What goes out together, each. */
      const writes: string[][] = [];
      let corked: string[] | undefined;
      let taken = 0;
      const ws = {
        send(frame: Uint8Array): number {
          if (taken++ >= room) return 2;
          const text = Buffer.from(frame).toString();
          if (corked === undefined) writes.push([text]);
          else corked.push(text);
          return 1;
        },
        cork(work: () => void): void {
          corked = [];
          work();
          if (corked.length > 0) writes.push(corked);
          corked = undefined;
        },
        getBufferedAmount: () => 0,
      };
      // The writer uses of a socket what this one has.
      const session = createSocketSession(
        ws as unknown as SocketSession['connection'],
        sessions.length,
        `device-${sessions.length}`,
      );
      session.state = 'live';
      session.platform = platform;
      topics.set(session, own);
      sessions.push(session);
      return { session, writes };
    },
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Runs it to its end: how often it yielded. */
function run(work: Generator<void>): number {
  let turns = 0;
  while (!work.next().done) turns++;
  return turns;
}

describe('the fan-out of an edge', () => {
  test('sends several pushes to a topic as one write for each session', async () => {
    const { publish, open, reported } = createTestFanOut();
    const [one, other] = [open(), open()];
    run(publish([publication(7), publication(8), publication(9)]));
    for (const { writes } of [one, other]) expect(writes).toEqual([['push 7', 'push 8', 'push 9']]);
    await turn();
    expect(reported.published).toEqual([
      [7, 2],
      [8, 2],
      [9, 2],
    ]);
  });

  test('sends a session only what it has not got, and once where it has several of the topics', async () => {
    const { publish, open, reported } = createTestFanOut();
    const ahead = open();
    ahead.session.sent = 7;
    const both = open({ topics: [TOPIC, OTHER_TOPIC] });
    const topics = [TOPIC, OTHER_TOPIC];
    run(publish([publication(7, { topics }), publication(8, { topics })]));
    expect(ahead.writes).toEqual([['push 8']]);
    expect(both.writes).toEqual([['push 7', 'push 8']]);
    await turn();
    expect(reported.published).toEqual([
      [8, 2],
      [7, 1],
    ]);
  });

  test('sends IOS sessions what is meant for them, and no others than those of the platform', async () => {
    const { publish, open, reported } = createTestFanOut();
    const [android, ios] = [open(), open({ platform: Platform.IOS })];
    run(publish([publication(7, { iosFrame: Buffer.from('ios 7') }), publication(8)]));
    run(publish([publication(9, { platform: Platform.IOS })]));
    expect(android.writes).toEqual([['push 7', 'push 8']]);
    expect(ios.writes).toEqual([['ios 7', 'push 8'], ['push 9']]);
    await turn();
    expect(reported.published).toEqual([
      [7, 2],
      [8, 2],
      [9, 1],
    ]);
  });

  test('gives others a turn after so many frames, and none to a session that closed meanwhile', async () => {
    const { publish, open, topics, reported } = createTestFanOut(2);
    const opened = Array.from({ length: 5 }, () => open());
    const work = publish([publication(7)]);
    work.next();
    expect(opened.flatMap(({ writes }) => writes)).toHaveLength(2);
    const closed = opened[2];
    if (closed === undefined) throw new Error('five are open');
    topics.set(closed.session, []);
    run(work);
    expect(opened.map(({ writes }) => writes.length)).toEqual([1, 1, 0, 1, 1]);
    await turn();
    expect(reported.published).toEqual([[7, 4]]);
  });

  test('gives others a turn after so many sessions that it passes over', () => {
    const { publish, open } = createTestFanOut(10);
    for (let n = 0; n < 100; n++) open({ platform: Platform.IOS });
    const work = publish([publication(7, { platform: Platform.ANDROID })]);
    let turns = 0;
    while (!work.next().done) turns++;
    expect(turns).toBe(10);
  });

  test('counts and keeps for redelivery only what a socket accepted', async () => {
    const { publish, open, reported, redelivery } = createTestFanOut();
    const full = open({ room: 1 });
    const confirmUntil = FAR;
    run(publish([publication(7, { confirmUntil }), publication(8, { confirmUntil })]));
    expect(full.writes).toEqual([['push 7']]);
    expect(full.session).toMatchObject({ state: 'stalled', through: 7 });
    await turn();
    expect(reported).toMatchObject({ published: [[7, 1]], stalled: [0] });
    expect(redelivery.unconfirmedPushes()).toEqual([7]);
    redelivery.stop();
  });

  test('reports each delivery of what goes to the same sessions', () => {
    const { deliver, open, reported } = createTestFanOut();
    const [one, other] = [open(), open()];
    run(deliver([delivery(7, [0, 1], [70, 71]), delivery(8, [0, 1], [80, 81])]));
    for (const { writes } of [one, other]) expect(writes).toEqual([['push 7', 'push 8']]);
    expect(reported.delivered).toEqual([70, 80, 71, 81]);
  });
});
