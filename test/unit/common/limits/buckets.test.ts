import { describe, expect, it } from 'vitest';
import { createKeyedBuckets } from '../../../../common/limits/keyed-buckets.js';
import { createForwardClock, fullAtAfter, waitMs } from '../../../../common/limits/token-bucket.js';

/** A clock that is set by hand. */
function handClock() {
  const clock = { ms: 1000, now: () => clock.ms };
  return clock;
}

describe('a token bucket', () => {
  it.each([1, 3, 7, 1000, 33_333])('of %d a second holds ten seconds of it, no more and no less', (perSecond) => {
    let fullAt = 0;
    let taken = 0;
    while (waitMs(fullAt, perSecond, 5000) === 0) {
      fullAt = fullAtAfter(fullAt, 1, perSecond, 5000);
      taken++;
    }
    expect(taken).toBe(10 * perSecond);
    expect(waitMs(fullAt, perSecond, 5000)).toBeCloseTo(1000 / perSecond, 3);
    expect(waitMs(fullAt, perSecond, 5000 + 1000 / perSecond)).toBe(0);
  });

  it('lends what is more than it has, a minute of its rate at the most, and is paid back first', () => {
    const inDebt = fullAtAfter(0, 1500, 100, 0);
    expect(waitMs(inDebt, 100, 0)).toBe(5010);
    expect(waitMs(fullAtAfter(0, 1e9, 100, 0), 100, 0)).toBe(60_010);
  });

  it('takes back what was not used, and is never more than full', () => {
    const half = fullAtAfter(0, 500, 100, 0);
    expect(fullAtAfter(half, -500, 100, 0)).toBe(0);
    expect(fullAtAfter(half, -900, 100, 0)).toBe(0);
  });
});

describe('a forward clock', () => {
  it('stands still while the one that it reads jumps back, and goes on with it', () => {
    const clock = handClock();
    const now = createForwardClock(clock.now);
    clock.ms = 2000;
    expect(now()).toBe(2000);
    clock.ms = -3_600_000;
    expect(now()).toBe(2000);
    clock.ms += 10;
    expect(now()).toBe(2010);
  });
});

describe('buckets by key', () => {
  it('are emptied one by one, and filled by time', () => {
    const clock = handClock();
    const buckets = createKeyedBuckets({ perSecond: 1, maxKeys: 10, now: clock.now });
    const taken = Array.from({ length: 12 }, () => buckets.take('a'));
    expect(taken.slice(0, 10)).toEqual(Array(10).fill(0));
    expect(taken.slice(10)).toEqual([1000, 1000]);
    expect(buckets.take('b')).toBe(0);
    clock.ms += 1000;
    expect([buckets.take('a'), buckets.take('a')]).toEqual([0, 1000]);
  });

  it('are not filled, nor kept empty, by a clock that jumps back', () => {
    const clock = handClock();
    const buckets = createKeyedBuckets({ perSecond: 1, maxKeys: 10, now: clock.now });
    for (let taken = 0; taken < 10; taken++) buckets.take('a');
    clock.ms -= 3_600_000;
    expect(buckets.take('a')).toBe(1000);
    clock.ms += 1000;
    expect(buckets.take('a')).toBe(0);
  });

  it('are bounded in number: those that are full are forgotten, and no others', () => {
    const clock = handClock();
    const buckets = createKeyedBuckets({ perSecond: 1, maxKeys: 100, now: clock.now });
    for (let taken = 0; taken < 10; taken++) buckets.take('spent');
    for (let key = 0; key < 10_000; key++) buckets.take(`key ${key}`);
    // One more is the one that the others share.
    expect(buckets.size()).toBeLessThanOrEqual(101);
    expect(buckets.take('spent')).toBe(1000);
    clock.ms += 5000;
    for (let key = 0; key < 10_000; key++) buckets.take(`later ${key}`);
    expect(buckets.size()).toBeLessThanOrEqual(101);
    // It has half of its tokens again, as it would have had alone.
    expect(Array.from({ length: 6 }, () => buckets.take('spent')).filter((wait) => wait === 0)).toHaveLength(5);
  });

  it('refuse keys beyond their number when what these share is empty', () => {
    const buckets = createKeyedBuckets({ perSecond: 1, maxKeys: 2, now: handClock().now });
    buckets.take('a');
    buckets.take('b');
    const taken = Array.from({ length: 1001 }, (_, key) => buckets.take(`more ${key}`));
    expect(taken.filter((wait) => wait === 0)).toHaveLength(1000);
  });

  it('are charged with what is already done, into debt', () => {
    const clock = handClock();
    const buckets = createKeyedBuckets({ perSecond: 10, maxKeys: 10, now: clock.now });
    for (let charged = 0; charged < 120; charged++) buckets.charge('a');
    expect(buckets.waitMs('a')).toBeCloseTo(2100);
    clock.ms += 2100;
    expect(buckets.waitMs('a')).toBe(0);
  });
});
