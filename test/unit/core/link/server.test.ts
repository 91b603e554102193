import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { SessionEvent_Kind as Kind } from '../../../../gen/onepush/link/v1/edge_link_pb.js';

import { createLink, registrationOf } from '../../../support/edge-link.js';

describe('an attached edge', () => {
  it('is told that its reports are committed when what devices confirmed and read is', async () => {
    const { attach, cycle, hold, hand } = createLink();
    const { committed, send, move } = attach(1);
    await move();
    hand(1, 8);
    const settle = hold();
    send({
      events: [
        { kind: Kind.CONFIRMED, ...registrationOf(4), pushId: 7 },
        { kind: Kind.LEFT, ...registrationOf(5), through: 9 },
      ],
    });
    send({ delivered: [8], deliveredSlots: [1] });
    await move();
    expect(cycle.confirmed.mock.calls).toEqual([[{ deviceNum: 4, pushId: 7 }]]);
    expect(cycle.advanceCursor.mock.calls).toEqual([[5, 9]]);
    expect(cycle.delivered.mock.calls).toEqual([[[8]]]);
    expect(committed.filter((number) => number > 0)).toEqual([]);
    settle();
    await move();
    expect(committed.at(-1)).toBe(3);
  });
});

describe('a core that may have been replaced', () => {
  it('holds no edges, so that they look for another, until it has renewed its lease', async () => {
    const { attach, sessions, loseLease, renewLease } = createLink();
    const first = attach(1);
    await first.move();
    loseLease();
    expect(first.ended).toMatchObject([{ code: status.UNAVAILABLE }]);
    expect(sessions.detached).toHaveBeenCalledOnce();
    const second = attach(2);
    await second.move();
    expect(second.ended).toMatchObject([{ code: status.UNAVAILABLE }]);
    renewLease();
    const third = attach(3);
    await third.move();
    expect(third.ended).toEqual([]);
    expect(sessions.attached).toHaveBeenCalledTimes(2);
  });
});

describe('a socket that was accepted before its edge attached again', () => {
  it('is known to have got so far, also if it closes before it is announced again', async () => {
    const { attach, cycle, sessions } = createLink();
    const { send, move } = attach(1);
    send({ events: [{ kind: Kind.CLOSED, slot: 3, ...registrationOf(5), through: 9 }] });
    await move();
    expect(cycle.advanceCursor.mock.calls).toEqual([[5, 9]]);
    sessions.closed.mockReturnValue(true);
    send({ events: [{ kind: Kind.CLOSED, slot: 4, ...registrationOf(6), through: 9 }] });
    await move();
    expect(cycle.advanceCursor).toHaveBeenCalledOnce();
  });
});

describe('an edge that attaches again', () => {
  it('has its earlier stream ended, and what that still brings changes nothing', async () => {
    const { attach, cycle, sessions, log, hand } = createLink();
    const early = attach(1);
    await early.move();
    const [[earlyPort] = []] = sessions.attached.mock.calls;
    // On its way when the edge attaches again.
    hand(1, 1, 2);
    early.send({ delivered: [1], deliveredSlots: [1], events: [{ kind: Kind.OPENED, slot: 1, deviceId: 'd' }] });
    const late = attach(2);
    await late.move();
    await early.move();
    early.send({ delivered: [2], deliveredSlots: [1] });
    await early.move();
    expect(early.ended).toMatchObject([{ code: status.ABORTED }]);
    expect(sessions.detached.mock.calls).toEqual([[earlyPort]]);
    expect(cycle.delivered).not.toHaveBeenCalled();
    expect(sessions.opened).not.toHaveBeenCalled();
    expect(log.error).not.toHaveBeenCalled();
    hand(1, 3);
    late.send({ delivered: [3], deliveredSlots: [1] });
    await late.move();
    expect(cycle.delivered.mock.calls).toEqual([[[3]]]);
    expect(late.ended).toEqual([]);
    // The end of the earlier stream is noticed at last.
    early.wire.notice('core');
    expect(sessions.detached).toHaveBeenCalledOnce();
  });

  it.each([2, 1])('stays as it is when a stream of attachment %i comes after its second', async (number) => {
    const { attach, cycle, sessions, hand } = createLink();
    const attached = attach(2);
    await attached.move();
    hand(1, 1, 2);
    const stray = attach(number);
    stray.send({ delivered: [1], deliveredSlots: [1] });
    await stray.move();
    expect(stray.ended).toMatchObject([{ code: status.ABORTED }]);
    expect(sessions.attached).toHaveBeenCalledOnce();
    expect(sessions.detached).not.toHaveBeenCalled();
    attached.send({ delivered: [2], deliveredSlots: [1] });
    await attached.move();
    expect(cycle.delivered.mock.calls).toEqual([[[2]]]);
    expect(attached.ended).toEqual([]);
  });

  it('is taken only with a later number when it was gone meanwhile, and so is another edge', async () => {
    const { attach, sessions } = createLink();
    const first = attach(3);
    await first.move();
    first.wire.notice('core');
    expect(sessions.detached).toHaveBeenCalledOnce();
    const outcomes: number[] = [];
    for (const stream of [attach(3), attach(4), attach(1, 'another edge')]) {
      await stream.move();
      outcomes.push(stream.ended.length);
    }
    expect(outcomes).toEqual([1, 0, 0]);
    expect(sessions.attached).toHaveBeenCalledTimes(3);
  });

  it('must number its attachments', async () => {
    const { attach, sessions } = createLink();
    const stream = attach(0);
    await stream.move();
    expect(stream.ended).toMatchObject([{ code: status.INVALID_ARGUMENT }]);
    expect(sessions.attached).not.toHaveBeenCalled();
  });

  it('announces its sessions with the registration that they were accepted for, if they were', async () => {
    const { attach, sessions } = createLink();
    const { send, move } = attach(1);
    send({
      events: [
        { kind: Kind.OPENED, slot: 1, deviceId: 'new' },
        { kind: Kind.OPENED, slot: 2, deviceId: 'known', through: 9, device: 4, generation: 2 },
      ],
    });
    await move();
    expect(sessions.opened.mock.calls.map(([, opened]) => opened)).toEqual([
      { slot: 1, deviceId: 'new', through: 0, accepted: undefined, resumedFrom: '' },
      { slot: 2, deviceId: 'known', through: 9, accepted: { num: 4, generation: 2 }, resumedFrom: '' },
    ]);
  });
});

describe('an edge that reports what it was not handed', () => {
  it.each([
    ['a delivery of nobody', { delivered: [9], deliveredSlots: [1] }],
    ['a delivery of another slot', { delivered: [1], deliveredSlots: [2] }],
    ['a delivery twice', { delivered: [1, 1], deliveredSlots: [1, 1] }],
    ['a delivery beside one that it was handed', { delivered: [1, 9], deliveredSlots: [1, 1] }],
    ['deliveries without slots', { delivered: [1], deliveredSlots: [] }],
    ['a push that was not published', { published: [{ pushId: 7, sessions: 1 }] }],
    ['more sessions than it has', { published: [{ pushId: 5, sessions: 4 }] }],
    ['more sessions than it has, in parts', { published: [2, 2].map((sessions) => ({ pushId: 5, sessions })) }],
  ])('is cut off, and nothing of that message counts: %s', async (_, batch) => {
    const { attach, cycle, hand } = createLink();
    const { send, move, ended } = attach(1);
    await move();
    const edge = hand(1, 1);
    edge?.publish({
      pushId: 5,
      topics: [1],
      platform: 'ALL',
      frame: Buffer.from('x'),
      iosFrame: undefined,
      confirmUntil: 0,
    });
    send(batch);
    await move();
    expect(ended).toMatchObject([
      { code: status.INVALID_ARGUMENT, details: expect.stringMatching(/delivered|published/) },
    ]);
    expect(cycle.delivered).not.toHaveBeenCalled();
    expect(cycle.published).not.toHaveBeenCalled();
  });

  it('is believed what it was handed, once, and until the slot is free', async () => {
    const { attach, cycle, hand } = createLink();
    const { send, move, ended } = attach(1);
    await move();
    const edge = hand(1, 1, 2, 3);
    send({ delivered: [2, 1], deliveredSlots: [1, 1] });
    await move();
    expect(cycle.delivered.mock.calls).toEqual([[[2, 1]]]);
    edge?.release(1);
    send({ delivered: [3], deliveredSlots: [1] });
    await move();
    expect(ended).toMatchObject([{ code: status.INVALID_ARGUMENT }]);
  });
});

describe('what an edge says of a device without a session there', () => {
  const LATE = [
    { kind: Kind.CONFIRMED, pushId: 7 },
    { kind: Kind.LEFT, through: 9 },
    { kind: Kind.CLOSED, slot: 8, through: 9 },
    { kind: Kind.DELIVERED, deliveryId: 6 },
  ];

  it('counts with the ticket that a core gave for its registration', async () => {
    const { attach, cycle, ignored } = createLink();
    const { send, move } = attach(1);
    send({ events: LATE.map((event) => ({ ...event, ...registrationOf(4) })) });
    await move();
    expect(cycle.confirmed.mock.calls).toEqual([[{ deviceNum: 4, pushId: 7 }]]);
    expect(cycle.advanceCursor.mock.calls).toEqual([
      [4, 9],
      [4, 9],
    ]);
    expect(cycle.lateDelivered.mock.calls).toEqual([[{ deviceNum: 4, deliveryId: 6 }]]);
    expect(ignored).not.toHaveBeenCalled();
  });

  it.each([
    ['no ticket', { device: 4, generation: 1 }],
    ['the ticket of another device', { ...registrationOf(5), device: 4 }],
    ['the ticket of another registration', { ...registrationOf(4, 2), generation: 1 }],
  ])('changes nothing with %s, is counted, and ends nothing', async (_, claim) => {
    const { attach, cycle, ignored } = createLink();
    const { send, move, ended, committed } = attach(1);
    send({ events: LATE.map((event) => ({ ...event, ...claim })) });
    await move();
    for (const told of [cycle.confirmed, cycle.advanceCursor, cycle.lateDelivered]) expect(told).not.toHaveBeenCalled();
    expect(ignored).toHaveBeenCalledTimes(4);
    expect(ended).toEqual([]);
    expect(committed.at(-1)).toBe(2);
  });

  it('counts as a confirmation where the slot has the device, and not where it has another', async () => {
    const { attach, cycle, sessions } = createLink();
    sessions.deviceAt.mockReturnValue(4);
    const { send, move } = attach(1);
    send({ events: [4, 5].map((device) => ({ kind: Kind.CONFIRMED, slot: 1, device, generation: 1, pushId: 7 })) });
    await move();
    expect(cycle.confirmed.mock.calls).toEqual([[{ deviceNum: 4, pushId: 7 }]]);
  });
});
