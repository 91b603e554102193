import { expect, it } from 'vitest';
import { pauseMs, WEBHOOK_TIMES } from '../../../../../core/delivery/webhooks/backoff.js';

it('pauses twice as long after each failure, with jitter, up to 15 minutes', () => {
  for (const [failures, whole] of [
    [1, 1000],
    [2, 2000],
    [5, 16_000],
    [11, 900_000],
    [5000, 900_000],
  ] as const) {
    const pauses = Array.from({ length: 100 }, () => pauseMs(failures, undefined, WEBHOOK_TIMES));
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(whole / 2);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(whole);
    expect(pauses.every(Number.isInteger)).toBe(true);
    expect(new Set(pauses).size).toBeGreaterThan(50);
  }
});

it('pauses as long as it is asked to, within the 15 minutes', () => {
  expect(pauseMs(1, 60_000, WEBHOOK_TIMES)).toBe(60_000);
  expect(pauseMs(1, 86_400_000, WEBHOOK_TIMES)).toBe(900_000);
  expect(pauseMs(11, 1000, WEBHOOK_TIMES)).toBeGreaterThanOrEqual(450_000);
});
