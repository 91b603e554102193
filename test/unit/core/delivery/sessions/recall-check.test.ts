import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Logger } from '../../../../../common/logs/log.js';
import type { EdgePort } from '../../../../../core/delivery/sessions/edge-port.js';
import { createRecallCheck } from '../../../../../core/delivery/sessions/recall-check.js';
import { StoreUnavailable } from '../../../../../core/store/store.js';

const recall = vi.fn<EdgePort['recall']>();
// Of an edge, a check uses this.
const edge = { recall } as unknown as EdgePort;
const findContentSizes = vi.fn<(ids: readonly number[]) => Promise<Map<number, number>>>();
const sizes = (ids: readonly number[]): Map<number, number> => new Map(ids.map((id) => [id, 1]));

beforeEach(() => {
  vi.useFakeTimers();
  recall.mockReset();
  findContentSizes.mockReset();
});
afterEach(() => {
  vi.useRealTimers();
});

function check(ids: readonly number[]): void {
  const log = { debug: vi.fn() } as unknown as Logger;
  createRecallCheck({ store: { findContentSizes }, log }).check(edge, ids);
}

describe('what an edge keeps that attaches', () => {
  it('is recalled where the store has no content of it any more, however much it is', async () => {
    findContentSizes.mockImplementation(async (ids) => sizes(ids.filter((id) => id % 500 !== 0)));
    check(Array.from({ length: 2500 }, (_, index) => index + 1));
    await vi.runAllTimersAsync();
    expect(recall.mock.calls).toEqual([[500], [1000], [1500], [2000], [2500]]);
    expect(Math.max(...findContentSizes.mock.calls.map(([ids]) => ids.length))).toBeLessThanOrEqual(1000);
  });

  it('is looked up again while the store is not available, but not for ever', async () => {
    findContentSizes.mockRejectedValueOnce(new StoreUnavailable('GONE')).mockResolvedValueOnce(new Map());
    check([7]);
    await vi.runAllTimersAsync();
    expect(recall.mock.calls).toEqual([[7]]);
    findContentSizes.mockReset().mockRejectedValue(new StoreUnavailable('GONE'));
    check([8]);
    await vi.runAllTimersAsync();
    expect(recall).toHaveBeenCalledTimes(1);
    expect(findContentSizes.mock.calls.length).toBeGreaterThan(10);
  });
});
