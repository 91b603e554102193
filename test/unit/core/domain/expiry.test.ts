import { describe, expect, it } from 'vitest';
import { lifetimeOf, MAX_CONFIRM_SECONDS } from '../../../../core/domain/expiry.js';

const TTL = 86_400;

describe('the lifetime of a push', () => {
  it.each([undefined, 0, 1, -1, 1_000_000])('is the offline TTL without needConfirm, with duration %s', (duration) => {
    expect(lifetimeOf({ needConfirm: false, duration }, TTL)).toBe(86_400_000);
  });

  it.each([
    [0, 0],
    [1, 1000],
    [60, 60_000],
    [0.5, 500],
    [1.0006, 1000],
    [MAX_CONFIRM_SECONDS, 259_200_000],
  ])('is the duration with needConfirm: %s s', (duration, milliseconds) => {
    expect(lifetimeOf({ needConfirm: true, duration }, TTL)).toBe(milliseconds);
  });

  it.each([undefined, -1, -0.001, 259_201, 1e300, Number.POSITIVE_INFINITY, Number.NaN])(
    'is three days with needConfirm and duration %s',
    (duration) => {
      expect(lifetimeOf({ needConfirm: true, duration }, TTL)).toBe(259_200_000);
    },
  );
});
