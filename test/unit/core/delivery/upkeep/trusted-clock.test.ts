import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createTrustedClock } from '../../../../../core/delivery/upkeep/trusted-clock.js';

const START = 1_800_000_000_000;
const MINUTE = 60_000;
const warn = vi.fn();
let wall = START;
let monotonic = 0;

/** Time goes by; the wall clock may step as well. */
function pass(milliseconds: number, step = 0): void {
  monotonic += milliseconds;
  wall += milliseconds + step;
}

function createClock(): () => number {
  return createTrustedClock({ log: { warn }, now: () => wall, monotonic: () => monotonic });
}

beforeEach(() => {
  wall = START;
  monotonic = 0;
  warn.mockReset();
});

describe('the time by which things end for good', () => {
  it('is that of the wall clock, also when that is corrected by a little or was not asked for long', () => {
    const clock = createClock();
    pass(1000, 30_000);
    expect(clock()).toBe(wall);
    pass(24 * 60 * MINUTE);
    expect(clock()).toBe(wall);
    expect(warn).not.toHaveBeenCalled();
  });

  it('does not follow a step forward that is taken back', () => {
    const clock = createClock();
    pass(1000, 365 * 24 * 60 * MINUTE);
    expect(clock()).toBe(START + 1000);
    pass(5 * MINUTE);
    expect(clock()).toBe(START + 1000 + 5 * MINUTE);
    pass(1000, -365 * 24 * 60 * MINUTE);
    expect(clock()).toBe(wall);
    expect(warn).toHaveBeenCalledTimes(1);
  });

  it('follows one that stays for ten minutes', () => {
    const clock = createClock();
    pass(1000, 60 * MINUTE);
    expect(clock()).toBe(START + 1000);
    pass(10 * MINUTE);
    expect(clock()).toBe(wall);
    pass(1000);
    expect(clock()).toBe(wall);
  });

  it('follows a step back at once', () => {
    const clock = createClock();
    pass(1000, -60 * MINUTE);
    expect(clock()).toBe(wall);
  });
});
