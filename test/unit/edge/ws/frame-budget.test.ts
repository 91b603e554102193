import { describe, expect, it } from 'vitest';
import { createFrameBudget } from '../../../../edge/ws/frame-budget.js';
import type { SocketData } from '../../../../edge/ws/session.js';

function createTest() {
  const clock = { time: 0 };
  const budget = createFrameBudget(() => clock.time);
  function open(deviceId = 'a'): SocketData {
    const socket: SocketData = { deviceId, session: undefined, paidUntil: 0, network: '', takesControl: false };
    budget.opened(socket);
    return socket;
  }
  /** How many frames of so many are within the budget. */
  const spend = (socket: SocketData, frames: number): number => {
    let count = 0;
    for (let n = 0; n < frames; n++) if (budget.spend(socket)) count++;
    return count;
  };
  return { budget, clock, open, spend };
}

describe('the budget of frames', () => {
  it('has 2,000 at once, and 20 a second after that', () => {
    const { clock, open, spend } = createTest();
    const socket = open();
    expect(spend(socket, 3000)).toBe(2000);
    clock.time = 1000;
    expect(spend(socket, 100)).toBe(20);
    clock.time = 1_000_000;
    expect(spend(socket, 3000)).toBe(2000);
  });

  it('is that of a device, not of a connection', () => {
    const { budget, clock, open, spend } = createTest();
    for (let n = 0; n < 4; n++) {
      const socket = open();
      expect(spend(socket, 700)).toBe(n < 2 ? 700 : n === 2 ? 600 : 0);
      budget.closed(socket);
    }
    expect(spend(open('b'), 100)).toBe(100);
    clock.time = 500;
    expect(spend(open(), 100)).toBe(10);
  });

  it('forgets who has spent little, and who has paid', () => {
    const { budget, clock, open } = createTest();
    const socket = open();
    budget.spend(socket);
    budget.closed(socket);
    expect(open().paidUntil).toBe(0);
    const other = open();
    for (let n = 0; n < 500; n++) budget.spend(other);
    budget.closed(other);
    clock.time = 60_000;
    const late = open('b');
    for (let n = 0; n < 500; n++) budget.spend(late);
    budget.closed(late);
    expect(open().paidUntil).toBe(0);
  });
});
