import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createRedelivery, type Redelivery } from '../../../../edge/ws/redelivery.js';
import { createSocketSession, type SocketSession } from '../../../../edge/ws/session.js';

const FRAME = Buffer.from('{}');
const FAR = Number.MAX_SAFE_INTEGER;
let resent: { session: SocketSession; pushId: number; at: number }[];
let redelivery: Redelivery;

beforeEach(() => {
  vi.useFakeTimers();
  resent = [];
  redelivery = createRedelivery({
    firstInterval: 10_000,
    resend: (session, pushId) => resent.push({ session, pushId, at: performance.now() }),
  });
});
afterEach(() => {
  redelivery.stop();
  vi.useRealTimers();
});

// The socket is used by `resend` only.
const newSession = (slot = 1): SocketSession => createSocketSession({} as SocketSession['connection'], slot, 'device');

describe('redelivery', () => {
  it('sends an unconfirmed message again after 10 s, then at doubling intervals up to 5 minutes', () => {
    const start = performance.now();
    redelivery.sent(newSession(), 7, FRAME, FAR);
    vi.advanceTimersByTime(1_300_000);
    const gaps = resent.map(({ at }, index) => Math.round((at - (resent[index - 1]?.at ?? start)) / 1000));
    expect(gaps).toEqual([10, 20, 40, 80, 160, 300, 300, 300]);
  });

  it('stops when the message is confirmed, and says nothing of others', () => {
    const session = newSession();
    redelivery.sent(session, 7, FRAME, FAR);
    redelivery.sent(session, 8, FRAME, FAR);
    redelivery.ended(session, 7);
    redelivery.ended(session, 9);
    vi.advanceTimersByTime(30_000);
    expect(resent.map(({ pushId }) => pushId)).toEqual([8, 8]);
  });

  it('tells which pushes it keeps, each once', () => {
    const [one, other] = [newSession(1), newSession(2)];
    for (const session of [one, other]) for (const pushId of [7, 8, 9]) redelivery.sent(session, pushId, FRAME, FAR);
    redelivery.ended(one, 7);
    redelivery.recalled(8);
    expect(redelivery.unconfirmedPushes().toSorted()).toEqual([7, 9]);
  });

  it('stops when the message expires', () => {
    redelivery.sent(newSession(), 7, FRAME, Date.now() + 15_000);
    vi.advanceTimersByTime(1_000_000);
    expect(resent).toHaveLength(1);
  });

  it('forgets a session that is gone', () => {
    const session = newSession();
    redelivery.sent(session, 7, FRAME, FAR);
    redelivery.forget(session);
    vi.advanceTimersByTime(1_000_000);
    expect(resent).toEqual([]);
    expect(session.unconfirmed?.size).toBe(0);
  });

  it('forgets a push that is recalled, for all sessions', () => {
    for (let slot = 0; slot < 3; slot++) redelivery.sent(newSession(slot), 7, FRAME, FAR);
    redelivery.recalled(7);
    vi.advanceTimersByTime(1_000_000);
    expect(resent).toEqual([]);
  });

  it('keeps its times when a message is sent twice before it is confirmed', () => {
    const session = newSession();
    redelivery.sent(session, 7, FRAME, FAR);
    vi.advanceTimersByTime(6_000);
    redelivery.sent(session, 7, FRAME, FAR);
    vi.advanceTimersByTime(5_000);
    expect(resent).toHaveLength(1);
  });

  it('has no timer while nothing is unconfirmed', () => {
    expect(vi.getTimerCount()).toBe(0);
    const session = newSession();
    for (let pushId = 0; pushId < 5000; pushId++) redelivery.sent(session, pushId, FRAME, FAR);
    expect(vi.getTimerCount()).toBe(1);
    for (let pushId = 0; pushId < 5000; pushId++) redelivery.ended(session, pushId);
    vi.advanceTimersByTime(20_000);
    expect(resent).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
