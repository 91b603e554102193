import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createAcceptPush, type PushDraft } from '../../../../../core/delivery/push/accept-push.js';
import {
  MAX_DEVICES,
  resolveAudience,
  resolveAudiencePage,
} from '../../../../../core/delivery/push/resolve-audience.js';
import type { PushRequest } from '../../../../../core/delivery/writer/push-queue.js';
import type { Resolution } from '../../../../../core/delivery/writer/resolution.js';
import type { WriteCycle } from '../../../../../core/delivery/writer/write-cycle.js';
import type { App } from '../../../../../core/domain/app.js';
import type { Reach } from '../../../../../core/domain/audience.js';
import type { Device } from '../../../../../core/domain/device.js';
import { createRegistry, type Registry } from '../../../../../core/registry/registry.js';
import type { AudiencePage, Registered, StoreReader } from '../../../../../core/store/store.js';
import { unlimited } from '../../../../support/limits.js';

const TREE = { kind: 'tree', audience: { kind: 'not', audience: { kind: 'everyone' } }, platform: 'ALL' } as const;
const ALIAS = { kind: 'names', audience: { kind: 'aliases', aliases: ['user'] }, platform: 'ALL' } as const;
const TAG = { kind: 'topics', audience: { kind: 'tags', tags: ['tag'], match: 'any' }, platform: 'ALL' } as const;

const DRAFT: Omit<PushDraft, 'audience'> = {
  tenantCode: '',
  platform: 'ALL',
  msgType: 'MSG',
  needConfirm: false,
  duration: undefined,
  content: { alert: 'x' },
  idempotency: undefined,
};

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('it is not there');
  return value;
}

const DEVICE = { id: 'device-1', num: 1, appNum: 1, platform: 'IOS', registered: true, generation: 1 } as const;

/** What a registration of a device by another user comes to. */
function handedOver(num: number): Registered {
  const device = { ...DEVICE, num, id: `device-${num}` };
  return { device, alias: 'new', previousAlias: 'old', startedAfresh: true, unchanged: false, topics: [] };
}

/** What the same registration comes to when it is made again. */
function madeAgain(num: number, alias: string): Registered {
  return { ...handedOver(num), alias, previousAlias: alias, startedAfresh: false, unchanged: true };
}

/** Where a resolution goes to now. */
function targetOf(resolution: Resolution | undefined): readonly number[] | undefined {
  const target = resolution?.current()?.target;
  return target?.kind === 'directed' ? target.deviceNums : target?.topicNums;
}

/** All that there are of an audience. */
function page(...deviceNums: number[]): AudiencePage {
  return { deviceNums, through: undefined };
}

describe('the devices of a tree', () => {
  let registry: Registry;
  const findAudience = vi.fn<StoreReader['findAudience']>();
  beforeEach(() => {
    // Nothing but names is looked up through the registry.
    registry = createRegistry({} as StoreReader);
    findAudience.mockReset().mockResolvedValue(page(1, 2));
  });
  const find = () => resolveAudience(registry, { findAudience }, 1, TREE);
  const resolve = async () => must(await find());

  it('are those that the store finds', async () => {
    const resolution = await resolve();
    expect(resolution.target).toEqual({ kind: 'directed', deviceNums: [1, 2] });
    expect(resolution.current()).toBe(resolution);
  });

  it('are without one that has changed hands while it was looked for', async () => {
    findAudience.mockImplementation(async () => {
      registry.registered(handedOver(2), 1, []);
      return page(1, 2);
    });
    expect(targetOf(await resolve())).toEqual([1]);
  });

  it('are without those that have changed hands or unregistered since', async () => {
    const resolution = await resolve();
    registry.registered(handedOver(2), 1, []);
    expect(targetOf(resolution)).toEqual([1]);
    registry.unregistered({ ...handedOver(1).device, alias: 'new' });
    expect(targetOf(resolution)).toEqual([]);
  });

  it('lose another when the push has to wait for one more cycle', async () => {
    const resolution = await resolve();
    registry.registered(handedOver(2), 1, []);
    const narrowed = must(resolution.current());
    registry.registered(handedOver(1), 1, []);
    expect(targetOf(narrowed)).toEqual([]);
  });

  it('are the same when others have changed hands, or one of them its tags', async () => {
    const resolution = await resolve();
    registry.registered(handedOver(3), 1, []);
    registry.registered(madeAgain(2, 'new'), 1, ['tag']);
    expect(resolution.current()).toBe(resolution);
  });

  it('are at most so many: more are not one push', async () => {
    const nums = Array.from({ length: MAX_DEVICES + 1 }, (_, index) => index + 1);
    findAudience.mockResolvedValue(page(...nums));
    expect(await find()).toBeUndefined();
    expect(findAudience).toHaveBeenCalledWith(expect.objectContaining({ appNum: 1 }), 0, MAX_DEVICES + 1, undefined);
    findAudience.mockResolvedValue(page(...nums.slice(1)));
    expect((await resolve()).target).toMatchObject({ deviceNums: { length: MAX_DEVICES } });
  });

  it('are not one push where they are not found in time', async () => {
    findAudience.mockResolvedValue({ deviceNums: [1, 2], through: 7 });
    expect(await find()).toBeUndefined();
  });

  it('come in pages, each after the last device of the one before', async () => {
    const read = (after: number) => resolveAudiencePage(registry, { findAudience }, 1, TREE, { after, size: 2 });
    findAudience.mockResolvedValue(page(4, 6, 9));
    const first = await read(3);
    expect(findAudience).toHaveBeenCalledWith(expect.objectContaining({ appNum: 1 }), 3, 3, undefined);
    expect(first).toMatchObject({ resolution: { target: { deviceNums: [4, 6] } }, after: 6, more: true });
    findAudience.mockResolvedValue({ deviceNums: [7], through: 20 });
    expect(await read(6)).toMatchObject({ resolution: { target: { deviceNums: [7] } }, after: 20, more: true });
    findAudience.mockResolvedValue(page());
    expect(await read(6)).toMatchObject({ resolution: { target: { deviceNums: [] } }, after: 6, more: false });
  });
});

describe('the devices of names', () => {
  /** The store's devices of each alias. */
  let kept: Map<string, Device[]>;
  let lookUps: string[];
  let registry: Registry;
  beforeEach(() => {
    kept = new Map([['user', [DEVICE]]]);
    lookUps = [];
    registry = createRegistry({
      async findDevicesByAlias(pairs) {
        lookUps.push(...pairs.map(({ alias }) => alias));
        return pairs.flatMap(({ alias }) => (kept.get(alias) ?? []).map((device) => ({ ...device, alias })));
      },
      async findDevicesById(ids) {
        lookUps.push(...ids);
        return ids.map((id) => ({ ...DEVICE, id, num: Number(id) }));
      },
      async findTopics(pairs) {
        lookUps.push(...pairs.map(({ tag }) => tag));
        return pairs.flatMap(({ appNum, tag }) => (tag === 'known' ? [{ appNum, tag, num: 7 }] : []));
      },
      findApps: async () => [],
    });
  });
  const store = { findAudience: async () => page() };
  const resolve = async (reach: Reach) => must(await resolveAudience(registry, store, 1, reach));
  const ofAlias = (alias: string): Reach => ({
    kind: 'names',
    audience: { kind: 'aliases', aliases: [alias] },
    platform: 'ALL',
  });
  const ofTags = (...tags: string[]): Reach => ({ kind: 'topics', tags, platform: 'ALL' });

  it('stay what they are, whoever registers with the name after them', async () => {
    const resolution = await resolve(ofAlias('user'));
    kept.set('user', [DEVICE, handedOver(2).device]);
    registry.registered({ ...handedOver(2), alias: 'user' }, 1, []);
    expect(resolution.current()).toBe(resolution);
    expect(targetOf(await resolve(ofAlias('user')))).toEqual([1, 2]);
  });

  it('are without one that has changed hands, even while they were looked up', async () => {
    const looking = resolve(ofAlias('user'));
    registry.registered({ ...handedOver(1), previousAlias: 'user' }, 1, []);
    expect(targetOf(await looking)).toEqual([]);
  });

  it('are those that were there when the push came, not what was read before', async () => {
    const early = resolve(ofAlias('user'));
    await new Promise((done) => setImmediate(done));
    kept.set('user', [handedOver(2).device]);
    registry.registered({ ...handedOver(2), alias: 'user' }, 1, []);
    const late = resolve(ofAlias('user'));
    expect(targetOf(await early)).toEqual([1]);
    expect(targetOf(await late)).toEqual([2]);
  });

  it('are not looked up again for a registration that is made again', async () => {
    await resolve(ofAlias('user'));
    await resolve({ kind: 'names', audience: { kind: 'devices', deviceIds: ['1'] }, platform: 'ALL' });
    registry.registered({ ...madeAgain(1, 'user'), device: { ...DEVICE, id: '1' } }, 1, []);
    await resolve(ofAlias('user'));
    await resolve({ kind: 'names', audience: { kind: 'devices', deviceIds: ['1'] }, platform: 'ALL' });
    expect(lookUps).toEqual(['user', '1']);
    registry.registered({ ...madeAgain(1, 'user'), unchanged: false }, 1, []);
    await resolve(ofAlias('user'));
    expect(lookUps).toEqual(['user', '1', 'user']);
  });

  it('are looked up once, however many more than the cache holds are pushed to at a time', async () => {
    const cycle = { push: async ({ resolution }: PushRequest) => (resolution.current() && 1) ?? undefined };
    const app: App = { num: 1, id: 'a', name: 'a', keys: [], disabled: false, registration: 'OPEN', signingKeys: [] };
    const accept = createAcceptPush(registry, store, cycle as unknown as WriteCycle, 60, unlimited());
    const sends = Array.from({ length: 60 }, (_, send) => {
      const deviceIds = Array.from({ length: 1000 }, (_, index) => String(send * 1000 + index));
      return accept(app, { ...DRAFT, audience: { kind: 'devices', deviceIds } });
    });
    await Promise.all(sends);
    expect(lookUps).toHaveLength(60_000);
  });

  it('topics are known for ever, and one that was not there is looked for again', async () => {
    const resolution = await resolve(ofTags('known', 'new'));
    expect(targetOf(resolution)).toEqual([7]);
    registry.registered(madeAgain(1, 'user'), 1, ['known', 'new']);
    expect(resolution.current()).toBe(resolution);
    await resolve(ofTags('known', 'new'));
    expect(lookUps).toEqual(['known', 'new', 'new']);
  });
});

it.each([ALIAS, TREE, TAG])(
  'a push is accepted at once, however often a device of it is registered ($kind)',
  async (reach) => {
    let registrations = 0;
    const registry = createRegistry({
      findDevicesByAlias: async () => [{ ...DEVICE, alias: 'user' }],
      findTopics: async () => [],
    } as unknown as StoreReader);
    const register = () => registry.registered(registrations++ % 2 ? handedOver(1) : madeAgain(1, 'user'), 1, ['tag']);
    const push = vi.fn(async ({ resolution }: PushRequest) => {
      for (let count = 0; count < 100; count++) register();
      return resolution.current() && 1;
    });
    const accept = createAcceptPush(
      registry,
      { findAudience: async () => page(1) },
      { push } as unknown as WriteCycle,
      60,
      unlimited(),
    );
    const app: App = { num: 1, id: 'a', name: 'a', keys: [], disabled: false, registration: 'OPEN', signingKeys: [] };
    expect(await accept(app, { ...DRAFT, audience: reach.audience })).toBe(1);
    expect(push).toHaveBeenCalledTimes(1);
  },
);

it('the devices of names are not one push either if they are too many', async () => {
  const devices = Array.from({ length: MAX_DEVICES + 1 }, (_, index) => ({ ...handedOver(index).device, alias: 'a' }));
  const registry = createRegistry({ findDevicesByAlias: async () => devices } as unknown as StoreReader);
  const reach: Reach = { kind: 'names', audience: { kind: 'aliases', aliases: ['a'] }, platform: 'ALL' };
  expect(await resolveAudience(registry, { findAudience: async () => page() }, 1, reach)).toBeUndefined();
});
