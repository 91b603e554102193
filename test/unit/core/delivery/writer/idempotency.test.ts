import { describe, expect, it, vi } from 'vitest';
import { createIdempotency } from '../../../../../core/delivery/writer/idempotency.js';
import type { QueuedPush } from '../../../../../core/delivery/writer/push-queue.js';

const NOW = 1000;

/** A push with a key and this digest; undefined: without a key. */
function pushOf(key: string | undefined, digest = 'push') {
  const idempotency = key === undefined ? undefined : { key, digest, expiresAt: NOW + 1 };
  const answers = { resolve: vi.fn(), reject: vi.fn() };
  // Sorting looks at nothing else.
  return { ...answers, made: { idempotency, ...answers } as unknown as QueuedPush };
}

function idempotency(known: Record<string, { digest: string; pushId: number }> = {}) {
  const findIdempotent = vi.fn(async (_keys: readonly string[], _now: number) => new Map(Object.entries(known)));
  return { findIdempotent, sort: createIdempotency({ findIdempotent }).sort };
}

describe('idempotency', () => {
  it('asks the store nothing about pushes without a key', async () => {
    const { sort, findIdempotent } = idempotency();
    const pushes = [pushOf(undefined).made, pushOf(undefined).made];
    expect(await sort(pushes, NOW)).toEqual({ fresh: pushes, later: [] });
    expect(findIdempotent).not.toHaveBeenCalled();
  });

  it('answers a push whose key is known with the first one, or refuses another push', async () => {
    const { sort, findIdempotent } = idempotency({ k: { digest: 'push', pushId: 7 } });
    const [same, other, fresh] = [pushOf('k'), pushOf('k', 'another'), pushOf('l')];
    const plain = pushOf(undefined);
    expect(await sort([same.made, other.made, plain.made, fresh.made], NOW)).toEqual({
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
    const [first, second, other, third] = [pushOf('k'), pushOf('k'), pushOf('l'), pushOf('k', 'another')];
    const sorted = await sort(
      [first, second, other, third].map(({ made }) => made),
      NOW,
    );
    expect(sorted).toEqual({ fresh: [first.made, other.made], later: [second.made, third.made] });
    for (const { resolve, reject } of [first, second, other, third])
      expect([...resolve.mock.calls, ...reject.mock.calls]).toHaveLength(0);
  });

  it('answers nobody when the store cannot be asked', async () => {
    const down = new Error('down');
    const { sort } = createIdempotency({ findIdempotent: () => Promise.reject(down) });
    const one = pushOf('k');
    await expect(sort([one.made], NOW)).rejects.toBe(down);
    expect([...one.resolve.mock.calls, ...one.reject.mock.calls]).toHaveLength(0);
  });
});
