import { describe, expect, it, vi } from 'vitest';
import type { PushOrder } from '../../core/delivery/delivery-queue.js';
import { createIdempotency } from '../../core/delivery/idempotency.js';

const NOW = 1000;

/** An order with a key for a push of this digest; undefined: without. */
function order(key: string | undefined, digest = 'push') {
  const idempotency = key === undefined ? undefined : { key, digest, expiresAt: NOW + 1 };
  const answers = { resolve: vi.fn(), reject: vi.fn() };
  // Sorting looks at nothing else.
  return { ...answers, made: { idempotency, ...answers } as unknown as PushOrder };
}

function idempotency(known: Record<string, { digest: string; pushId: number }> = {}) {
  const findIdempotent = vi.fn(async (_keys: readonly string[], _now: number) => new Map(Object.entries(known)));
  return { findIdempotent, sort: createIdempotency({ findIdempotent }, () => NOW).sort };
}

describe('idempotency', () => {
  it('asks the store nothing about pushes without a key', async () => {
    const { sort, findIdempotent } = idempotency();
    const orders = [order(undefined).made, order(undefined).made];
    expect(await sort(orders)).toEqual({ fresh: orders, later: [] });
    expect(findIdempotent).not.toHaveBeenCalled();
  });

  it('answers a push whose key is known with the first one, or refuses another push', async () => {
    const { sort, findIdempotent } = idempotency({ k: { digest: 'push', pushId: 7 } });
    const [same, other, fresh] = [order('k'), order('k', 'another'), order('l')];
    const plain = order(undefined);
    expect(await sort([same.made, other.made, plain.made, fresh.made])).toEqual({
      fresh: [plain.made, fresh.made],
      later: [],
    });
    expect(findIdempotent).toHaveBeenCalledExactlyOnceWith(['k', 'k', 'l'], NOW);
    expect(same.resolve).toHaveBeenCalledExactlyOnceWith(7);
    expect(other.reject.mock.calls[0]?.[0]).toMatchObject({ reason: 'IDEMPOTENCY_CONFLICT' });
    for (const { resolve, reject } of [plain, fresh])
      expect([...resolve.mock.calls, ...reject.mock.calls]).toHaveLength(0);
  });

  it('lets the first of several with a new key go, and the others wait for what becomes of it', async () => {
    const { sort } = idempotency();
    const [first, second, other, third] = [order('k'), order('k'), order('l'), order('k', 'another')];
    const sorted = await sort([first, second, other, third].map(({ made }) => made));
    expect(sorted).toEqual({ fresh: [first.made, other.made], later: [second.made, third.made] });
    for (const { resolve, reject } of [first, second, other, third])
      expect([...resolve.mock.calls, ...reject.mock.calls]).toHaveLength(0);
  });

  it('answers nobody when the store cannot be asked', async () => {
    const down = new Error('down');
    const { sort } = createIdempotency({ findIdempotent: () => Promise.reject(down) }, () => NOW);
    const one = order('k');
    await expect(sort([one.made])).rejects.toBe(down);
    expect([...one.resolve.mock.calls, ...one.reject.mock.calls]).toHaveLength(0);
  });
});
