import { beforeEach, describe, expect, it, vi } from 'vitest';
import { MAX_DEVICES, resolveAudience, resolvePage } from '../../core/delivery/audience.js';
import type { Reach } from '../../core/domain/audience.js';
import { createRegistry, type Registry } from '../../core/registry/registry.js';
import type { LookUps, Registered } from '../../core/store/store.js';

const TREE: Reach = { kind: 'tree', audience: { kind: 'not', audience: { kind: 'everyone' } }, platform: 'ALL' };

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('it is not there');
  return value;
}

/** What a registration of a device by another user comes to. */
function handedOver(num: number): Registered {
  const device = { num, id: `device-${num}`, appNum: 1, platform: 'IOS', registered: true, generation: 1 } as const;
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
  const find = () => resolveAudience(registry, { findAudience }, 1, TREE);
  const resolve = async () => must(await find());

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

  it('are at most so many: more are not one push', async () => {
    const nums = Array.from({ length: MAX_DEVICES + 1 }, (_, index) => index + 1);
    findAudience.mockResolvedValue(nums);
    expect(await find()).toBeUndefined();
    expect(findAudience).toHaveBeenCalledWith(expect.objectContaining({ appNum: 1 }), 0, MAX_DEVICES + 1);
    findAudience.mockResolvedValue(nums.slice(1));
    expect((await resolve()).target).toMatchObject({ deviceNums: { length: MAX_DEVICES } });
  });

  it('come in pages, each after the last device of the one before', async () => {
    const page = (after: number) => resolvePage(registry, { findAudience }, 1, TREE, { after, size: 2 });
    findAudience.mockResolvedValue([4, 6, 9]);
    const first = await page(3);
    expect(findAudience).toHaveBeenCalledWith(expect.objectContaining({ appNum: 1 }), 3, 3);
    expect(first).toMatchObject({ resolution: { target: { deviceNums: [4, 6] } }, after: 6, more: true });
    findAudience.mockResolvedValue([]);
    expect(await page(6)).toMatchObject({ resolution: { target: { deviceNums: [] } }, after: 6, more: false });
  });
});

it('the devices of names are not one push either if they are too many', async () => {
  const devices = Array.from({ length: MAX_DEVICES + 1 }, (_, index) => ({ ...handedOver(index).device, alias: 'a' }));
  const registry = createRegistry({ findDevicesByAlias: async () => devices } as unknown as LookUps);
  const reach: Reach = { kind: 'names', audience: { kind: 'aliases', aliases: ['a'] }, platform: 'ALL' };
  expect(await resolveAudience(registry, { findAudience: async () => [] }, 1, reach)).toBeUndefined();
});
