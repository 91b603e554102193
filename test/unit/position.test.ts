import { describe, expect, it } from 'vitest';
import { advance, hasReached, isPosition, limitTo, merge, pointOf, START } from '../../common/position.js';
import { coreOf, lastIdOf } from '../../common/push-id.js';
import { createIdClock } from '../../core/domain/id-clock.js';

/** The id that a core gives out in a millisecond. */
const id = (core: number, millisecond: number, sequence = 0): number => (millisecond * 64 + core) * 64 + sequence;

describe('an id', () => {
  it('names its core', () => {
    for (const core of [0, 1, 31, 63]) {
      const clock = createIdClock(core, 0);
      for (let n = 0; n < 200; n++) expect(coreOf(clock.next())).toBe(core);
      expect(coreOf(id(core, 2 ** 41 - 1, 63))).toBe(core);
    }
  });

  it('of another core that is the last at or below it', () => {
    expect(lastIdOf(5, id(5, 10, 7))).toBe(id(5, 10, 7));
    expect(lastIdOf(4, id(5, 10, 7))).toBe(id(4, 10, 63));
    expect(lastIdOf(6, id(5, 10, 7))).toBe(id(6, 9, 63));
    expect(lastIdOf(6, id(5, 0, 7))).toBeLessThan(0);
  });
});

describe('a position', () => {
  it('has one id for each core, the highest', () => {
    const position = [id(2, 5), id(1, 3), id(2, 4), id(1, 9)].reduce(advance, START);
    expect(position).toEqual([id(2, 5), id(1, 9)]);
    expect(START).toEqual([]);
    expect([0, 1, 2].map((core) => pointOf(position, core))).toEqual([0, id(1, 9), id(2, 5)]);
  });

  it('is behind a push only if it is so for the core of the push', () => {
    const position = [id(1, 9), id(2, 5)];
    expect(hasReached(position, id(1, 9))).toBe(true);
    expect(hasReached(position, id(2, 4))).toBe(true);
    expect(hasReached(position, id(2, 6))).toBe(false);
    expect(hasReached(position, id(0, 1))).toBe(false);
  });

  it('is merged core by core, and changes none of the two', () => {
    const one = Object.freeze([id(1, 9), id(2, 5)]);
    const other = Object.freeze([id(2, 7), id(3, 1)]);
    expect(merge(one, other)).toEqual([id(1, 9), id(2, 7), id(3, 1)]);
    expect(merge(START, START)).toBe(START);
  });

  it('is limited by an id of any core', () => {
    const position = [id(1, 9), id(2, 5), id(3, 20)];
    expect(limitTo(position, Number.POSITIVE_INFINITY)).toEqual(position);
    expect(limitTo(position, id(2, 8))).toEqual([id(1, 8, 63), id(2, 5), id(3, 7, 63)]);
    expect(limitTo(position, 0)).toEqual([]);
  });

  it('is not what has two ids of one core, or what is no id', () => {
    expect(isPosition([])).toBe(true);
    expect(isPosition([id(1, 9), id(2, 9)])).toBe(true);
    for (const ids of [[id(1, 9), id(1, 8)], [-1], [0], [1.5], [Number.NaN], [2 ** 60]])
      expect(isPosition(ids)).toBe(false);
  });
});
