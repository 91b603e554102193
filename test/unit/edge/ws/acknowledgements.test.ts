import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createAcknowledgements, type Delivered } from '../../../../edge/ws/acknowledgements.js';
import { createRounds } from '../../../../edge/ws/rounds.js';
import { createSocketSession, type Handed, type SocketSession } from '../../../../edge/ws/session.js';

const PONG_SECONDS = 10;
const WINDOW = 64 * 1024;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance', 'setImmediate', 'clearImmediate'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Acknowledgements of sessions whose sockets take all, and what is reported. */
function createScripted(delivered: Delivered = 'received') {
  const reported: string[] = [];
  const outbox = {
    delivered: (_session: unknown, id: number) => void reported.push(`delivered ${id}`),
    deliveredLate: (_session: unknown, id: number) => void reported.push(`late ${id}`),
    published: (pushId: number, count: number) => void reported.push(`published ${pushId} × ${count}`),
    acknowledged: (upTo: number) => void reported.push(`acknowledged ${upTo}`),
  };
  const rounds = createRounds(() => outbox);
  const acknowledgements = createAcknowledgements({
    outbox: () => outbox,
    rounds,
    delivered,
    pongSeconds: PONG_SECONDS,
    cleared: ({ slot }) => void reported.push(`clear ${slot}`),
    dead: ({ slot }) => void reported.push(`dead ${slot}`),
  });
  let slots = 0;
  return {
    acknowledgements,
    rounds,
    reported,
    open() {
      const pings: ArrayBuffer[] = [];
      const socket = { takes: true, buffered: 0 };
      const ws = {
        ping(payload: ArrayBuffer): number {
          if (!socket.takes) return 2;
          pings.push(payload.slice(0));
          return 1;
        },
        getBufferedAmount: () => socket.buffered,
      };
      // Of a socket, acknowledgements use what this one has.
      const session = createSocketSession(ws as unknown as SocketSession['connection'], slots++, 'device');
      session.state = 'live';
      return {
        session,
        pings,
        socket,
        hand(pushId: number, bytes = 100, more: Partial<Handed> = {}): void {
          const message = { pushId, deliveryId: pushId * 10, publication: undefined, round: undefined, ...more };
          acknowledgements.handed(session, message, bytes);
          acknowledgements.ping(session);
        },
        pong: (nth: number) => acknowledgements.pong(session, pings.at(nth) ?? new ArrayBuffer(0)),
      };
    },
  };
}

describe('a message', () => {
  it('is delivered when the ping behind it is answered; those behind the ping are not', () => {
    const { open, reported } = createScripted();
    const { session, hand, pings, pong } = open();
    hand(1);
    hand(2);
    expect(pings).toHaveLength(1);
    expect(pong(0)).toBe(true);
    expect(reported).toEqual(['delivered 10']);
    expect(session).toMatchObject({ through: 1, sent: 2 });
  });

  it('is acknowledged by no other pong, and only once', () => {
    const { acknowledgements, open, reported } = createScripted();
    const [one, other] = [open(), open()];
    one.hand(1);
    other.hand(2);
    for (const payload of [new ArrayBuffer(0), new ArrayBuffer(8), new ArrayBuffer(125), other.pings[0]])
      expect(acknowledgements.pong(one.session, payload ?? new ArrayBuffer(0))).toBe(false);
    expect(reported).toEqual([]);
    expect(one.pong(0)).toBe(true);
    expect(one.pong(0)).toBe(false);
    expect(reported).toEqual(['delivered 10', 'clear 0']);
  });

  it('of an earlier attachment is reported as such', () => {
    const { open, reported } = createScripted();
    const { session, hand, pong } = open();
    hand(1);
    session.state = 'announced';
    pong(0);
    expect(reported).toEqual(['late 10', 'clear 0']);
  });

  it('is not received by a socket that has closed', () => {
    const { acknowledgements, open, reported } = createScripted();
    const { session, hand, pong } = open();
    hand(1);
    acknowledgements.forget(session);
    expect(pong(0)).toBe(false);
    vi.advanceTimersByTime(60_000);
    expect(reported).toEqual([]);
    expect(acknowledgements.bytes()).toBe(0);
  });
});

describe('the next ping', () => {
  it('goes a second after the last, alone or with a message, once that is answered', () => {
    const { open } = createScripted();
    const { hand, pings, pong } = open();
    hand(1);
    pong(0);
    hand(2);
    vi.advanceTimersByTime(800);
    expect(pings).toHaveLength(1);
    vi.advanceTimersByTime(500);
    expect(pings).toHaveLength(2);
    vi.advanceTimersByTime(1000);
    hand(3);
    expect(pings).toHaveLength(2);
    pong(1);
    expect(pings).toHaveLength(3);
  });

  it('goes earlier when half of the window is used, or when the session waits for it', () => {
    const { acknowledgements, open } = createScripted();
    const { session, hand, pings, pong } = open();
    hand(1);
    pong(0);
    hand(2, WINDOW / 2);
    expect(pings).toHaveLength(2);
    hand(3);
    session.state = 'stalled';
    pong(1);
    expect(pings).toHaveLength(3);
    pong(2);
    hand(4);
    acknowledgements.hasten(session);
    expect(pings).toHaveLength(4);
  });

  it('goes when the socket has drained, where that would not take it', () => {
    const { acknowledgements, open, reported } = createScripted();
    const { session, socket, hand, pings, pong } = open();
    socket.takes = false;
    hand(1);
    expect(pings).toHaveLength(0);
    socket.takes = true;
    acknowledgements.drained(session);
    expect(pings).toHaveLength(1);
    pong(0);
    expect(reported).toEqual(['delivered 10', 'clear 0']);
  });
});

describe('the window', () => {
  it('has no room for more while as many bytes are not acknowledged, and takes one message of any size', () => {
    const { acknowledgements, open } = createScripted();
    const { session, hand, pong } = open();
    expect(acknowledgements.hasRoom(session)).toBe(true);
    hand(1, 10 * WINDOW);
    expect(acknowledgements.hasRoom(session)).toBe(false);
    expect(acknowledgements.bytes()).toBe(10 * WINDOW);
    pong(0);
    expect(acknowledgements.hasRoom(session)).toBe(true);
    expect(acknowledgements.bytes()).toBe(0);
  });
});

describe('a session', () => {
  it('is dead when it does not answer in ten seconds, and a second more for each 8 KiB before the ping', () => {
    const { open, reported } = createScripted();
    const [small, large] = [open(), open()];
    small.hand(1);
    large.hand(2, WINDOW);
    vi.advanceTimersByTime(PONG_SECONDS * 1000);
    expect(reported).toEqual([]);
    vi.advanceTimersByTime(2000);
    expect(reported).toEqual(['dead 0']);
    vi.advanceTimersByTime(5500);
    expect(reported).toEqual(['dead 0']);
    vi.advanceTimersByTime(3000);
    expect(reported).toEqual(['dead 0', 'dead 1']);
  });

  it('that was quiet for a second costs nothing any more', () => {
    const { open } = createScripted();
    const { session, hand, pong } = open();
    hand(1);
    pong(0);
    vi.advanceTimersByTime(3000);
    expect(session.unacknowledged).toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is not dead because this process stood still', () => {
    const { open, reported } = createScripted();
    const { hand } = open();
    hand(1);
    vi.advanceTimersByTime(1000);
    // What it sent meanwhile is read after the timers.
    const { now } = performance;
    vi.spyOn(performance, 'now').mockImplementation(() => now.call(performance) + 3_600_000);
    vi.advanceTimersByTime(1000);
    expect(reported).toEqual([]);
    vi.restoreAllMocks();
  });
});

describe('the rounds of the core', () => {
  it('are acknowledged in their order, when all devices have what came with them, or have closed', () => {
    const { acknowledgements, rounds, open, reported } = createScripted();
    const [one, other] = [open(), open()];
    const [first, second] = [rounds.begin(1), rounds.begin(2)];
    one.hand(1, 100, { round: first, deliveryId: undefined });
    rounds.end(first);
    other.hand(2, 100, { round: second, deliveryId: undefined });
    rounds.end(second);
    other.pong(0);
    expect(reported).toEqual(['clear 1']);
    acknowledgements.forget(one.session);
    expect(reported).toEqual(['clear 1', 'acknowledged 2']);
  });

  it('tell of a topic push how many devices have received it, and then that it is acknowledged', () => {
    const { rounds, open, reported } = createScripted();
    const sessions = [open(), open(), open()];
    const round = rounds.begin(1);
    const publication = { pushId: 7, round, received: 0 };
    for (const { hand } of sessions) hand(7, 100, { deliveryId: undefined, publication, round });
    rounds.end(round);
    for (const { pong } of sessions) pong(0);
    vi.runOnlyPendingTimers();
    expect(reported.slice(3)).toEqual(['published 7 × 3', 'acknowledged 1']);
  });

  it('of an earlier attachment are not told', () => {
    const { rounds, open, reported } = createScripted();
    const { hand, pong } = open();
    const round = rounds.begin(1);
    hand(7, 100, { deliveryId: undefined, publication: { pushId: 7, round, received: 0 }, round });
    rounds.end(round);
    rounds.detached();
    pong(0);
    vi.runOnlyPendingTimers();
    expect(reported).toEqual(['clear 0']);
  });
});

describe('with `written`', () => {
  it('a message is delivered when the socket has taken it, and there are no pings', () => {
    const { acknowledgements, open, reported } = createScripted('written');
    const { session, hand, pings } = open();
    hand(1, WINDOW);
    hand(2, WINDOW);
    expect(acknowledgements.hasRoom(session)).toBe(true);
    acknowledgements.written(session, 1);
    expect(reported).toEqual(['delivered 10']);
    acknowledgements.drained(session);
    expect(reported).toEqual(['delivered 10', 'delivered 20']);
    expect(pings).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
