import { beforeEach, describe, expect, it, vi } from 'vitest';
import { MAX_FOUND, resolveAudience } from '../../core/delivery/audience.js';
import type { Reach } from '../../core/domain/audience.js';
import { createRegistry, type Registry } from '../../core/registry/registry.js';
import type { LookUps, Registered } from '../../core/store/store.js';

const TREE: Reach = { kind: 'tree', audience: { kind: 'not', audience: { kind: 'everyone' } }, platform: 'ALL' };

/** What a registration of a device by another user comes to. */
function handedOver(num: number): Registered {
  const device = { num, id: `device-${num}`, appNum: 1, platform: 'IOS', registered: true } as const;
  return { device, alias: 'new', previousAlias: 'old', startedAfresh: true, topics: [] };
}

describe('the devices of a tree', () => {
  let registry: Registry;
  const findAudience = vi.fn<LookUps['findAudience']>();
  beforeEach(() => {
    // Nothing but names is looked up through the registry.
    registry = createRegistry({} as LookUps);
    findAudience.mockReset().mockResolvedValue([1, 2]);
  });
  const resolve = () => resolveAudience(registry, { findAudience }, 1, TREE);

  it('are those that the store finds', async () => {
    const { target, isCurrent } = await resolve();
    expect(target).toEqual({ kind: 'directed', deviceNums: [1, 2] });
    expect(isCurrent()).toBe(true);
  });

  it('are not current when one has changed hands while it was looked for', async () => {
    findAudience.mockImplementation(async () => {
      registry.registered(handedOver(2), 1, []);
      return [1, 2];
    });
    expect((await resolve()).isCurrent()).toBe(false);
  });

  it('are not current when one has changed hands or unregistered since', async () => {
    const first = await resolve();
    registry.registered(handedOver(2), 1, []);
    expect(first.isCurrent()).toBe(false);
    const second = await resolve();
    registry.unregistered({ ...handedOver(1).device, alias: 'new' });
    expect(second.isCurrent()).toBe(false);
  });

  it('are current when others have changed hands, or one of them its tags', async () => {
    const { isCurrent } = await resolve();
    registry.registered(handedOver(3), 1, []);
    registry.registered({ ...handedOver(2), previousAlias: 'new', startedAfresh: false }, 1, ['tag']);
    expect(isCurrent()).toBe(true);
  });

  it('are not current when it is not known what was committed', async () => {
    const { isCurrent } = await resolve();
    registry.forget();
    expect(isCurrent()).toBe(false);
  });

  it('are at most so many', async () => {
    findAudience.mockResolvedValue(Array.from({ length: MAX_FOUND + 1 }, (_, index) => index + 1));
    await expect(resolve()).rejects.toMatchObject({ reason: 'INVALID_FIELDS' });
    expect(findAudience).toHaveBeenCalledWith(expect.objectContaining({ appNum: 1 }), 0, MAX_FOUND + 1);
  });
});
