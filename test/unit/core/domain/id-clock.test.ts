import { describe, expect, it } from 'vitest';
import { createIdClock, type IdClock } from '../../../../core/domain/id-clock.js';

const EPOCH = Date.UTC(2025, 0, 1);
const PER_MILLISECOND = 64 * 64;

/** A clock whose time the test sets. */
function timed(core: number, floor = 0, start = EPOCH + 1_000_000) {
  const time = { now: start };
  return { time, clock: createIdClock(core, floor, () => time.now) };
}

function take(clock: IdClock, count: number): number[] {
  return Array.from({ length: count }, () => clock.next());
}

function expectGrowing(ids: readonly number[]): void {
  for (const [index, id] of ids.entries()) if (index > 0) expect(id).toBeGreaterThan(ids[index - 1] ?? Number.NaN);
}

describe('an id clock', () => {
  it('tells the time in its ids, and the core', () => {
    const { clock, time } = timed(5);
    const id = clock.next();
    expect(Math.floor(id / PER_MILLISECOND)).toBe(time.now - EPOCH);
    expect(Math.floor(id / 64) % 64).toBe(5);
    expect(id % 64).toBe(0);
  });

  it('gives growing ids as the time goes on', () => {
    const { clock, time } = timed(0);
    const ids: number[] = [];
    for (let step = 0; step < 100; step++) {
      ids.push(...take(clock, step % 5));
      time.now += step % 3;
    }
    expectGrowing(ids);
  });

  it('runs ahead of the time in a burst, and is caught up with', () => {
    const { clock, time } = timed(3);
    const burst = take(clock, 64 * 10);
    expectGrowing(burst);
    expect(Math.floor((burst.at(-1) ?? 0) / PER_MILLISECOND)).toBe(time.now - EPOCH + 9);
    time.now += 5;
    expectGrowing([...burst, ...take(clock, 100)]);
    time.now += 1000;
    expect(Math.floor(clock.next() / PER_MILLISECOND)).toBe(time.now - EPOCH);
  });

  it('does not follow a clock that steps back', () => {
    const { clock, time } = timed(0);
    const before = take(clock, 3);
    time.now -= 3_600_000;
    const after = take(clock, 200);
    expectGrowing([...before, ...after]);
  });

  it('gives no two cores the same id', () => {
    const all = Array.from({ length: 64 }, (_, core) => take(timed(core).clock, 200)).flat();
    expect(new Set(all).size).toBe(64 * 200);
  });

  it('starts above the highest id in use, whatever the time says', () => {
    const floor = (9_000_000 * 64 + 63) * 64 + 63;
    const { clock } = timed(0, floor);
    expect(clock.last()).toBeGreaterThanOrEqual(floor - PER_MILLISECOND);
    expect(clock.next()).toBeGreaterThan(floor);
  });

  it('has as its last id nothing that it will give out', () => {
    const { clock, time } = timed(7);
    const first = clock.last();
    const id = clock.next();
    expect(id).toBeGreaterThan(first);
    expect(clock.last()).toBe(id);
    time.now -= 10;
    expect(clock.last()).toBe(id);
    expect(clock.next()).toBeGreaterThan(id);
  });

  it('begins with a last id that is above what another core gave out a millisecond ago or more', () => {
    const earlier = timed(63);
    const used = take(earlier.clock, 64).at(-1) ?? 0;
    expect(timed(0, 0, earlier.time.now + 1).clock.next()).toBeGreaterThan(used);
  });

  it('fits 53 bits until 2094', () => {
    const { clock } = timed(63, 0, Date.UTC(2094, 8, 6));
    const ids = take(clock, 100);
    for (const id of ids) expect(Number.isSafeInteger(id)).toBe(true);
    expectGrowing(ids);
    expect(Number.isSafeInteger(timed(63, 0, EPOCH + 2 ** 41 - 1).clock.next())).toBe(true);
  });

  it('reads the time of the system unless told otherwise', () => {
    const before = Date.now();
    const at = Math.floor(createIdClock(0, 0).next() / PER_MILLISECOND) + EPOCH;
    expect(at).toBeGreaterThanOrEqual(before);
    expect(at).toBeLessThanOrEqual(Date.now());
  });
});
