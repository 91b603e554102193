import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Logger } from '../../common/log.js';
import type { EdgePort } from '../../core/delivery/edge-port.js';
import { createRecallCheck } from '../../core/delivery/recall-check.js';
import type { Push } from '../../core/domain/push.js';
import { StoreUnavailable } from '../../core/store/store.js';

const recall = vi.fn<EdgePort['recall']>();
// Of an edge, a check uses this.
const edge = { recall } as unknown as EdgePort;
const findPushes = vi.fn<(ids: readonly number[]) => Promise<Push[]>>();
// Of pushes, their ids are looked at.
const pushes = (ids: readonly number[]): Push[] => ids.map((id) => ({ id }) as Push);

beforeEach(() => {
  vi.useFakeTimers();
  recall.mockReset();
  findPushes.mockReset();
});
afterEach(() => {
  vi.useRealTimers();
});

function check(ids: readonly number[]): void {
  const log = { debug: vi.fn() } as unknown as Logger;
  createRecallCheck({ store: { findPushes }, log }).check(edge, ids);
}

describe('what an edge keeps that attaches', () => {
  it('is recalled where the store has no content of it any more, however much it is', async () => {
    findPushes.mockImplementation(async (ids) => pushes(ids.filter((id) => id % 50 !== 0)));
    check(Array.from({ length: 250 }, (_, index) => index + 1));
    await vi.runAllTimersAsync();
    expect(recall.mock.calls).toEqual([[50], [100], [150], [200], [250]]);
    expect(Math.max(...findPushes.mock.calls.map(([ids]) => ids.length))).toBeLessThanOrEqual(100);
  });

  it('is looked up again while the store is not available, but not for ever', async () => {
    findPushes.mockRejectedValueOnce(new StoreUnavailable('GONE')).mockResolvedValueOnce([]);
    check([7]);
    await vi.runAllTimersAsync();
    expect(recall.mock.calls).toEqual([[7]]);
    findPushes.mockReset().mockRejectedValue(new StoreUnavailable('GONE'));
    check([8]);
    await vi.runAllTimersAsync();
    expect(recall).toHaveBeenCalledTimes(1);
    expect(findPushes.mock.calls.length).toBeGreaterThan(10);
  });
});
