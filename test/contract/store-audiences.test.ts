import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import type { App } from '../../core/domain/app.js';
import type { Audience } from '../../core/domain/audience.js';
import { PLATFORMS, type PlatformFilter } from '../../core/domain/device.js';
import { eachStore, must } from './each-store.js';
import { NOW, newApp, newDevices, register, registerAll, registration } from './samples.js';

const ALIASES = ['ann', 'bob', 'cleo'];
const TAGS = ['red', 'green', 'blue'];

/** A device as the test knows it. */
interface Known {
  num: number;
  id: string;
  alias: string;
  platform: (typeof PLATFORMS)[number];
  tags: readonly string[];
}

/** What an audience means, said in the plainest way. */
function has(audience: Audience, device: Known): boolean {
  switch (audience.kind) {
    case 'aliases':
      return audience.aliases.includes(device.alias);
    case 'devices':
      return audience.deviceIds.includes(device.id);
    case 'everyone':
      return true;
    case 'platforms':
      return audience.platforms.includes(device.platform);
    case 'tags': {
      const held = audience.tags.filter((tag) => device.tags.includes(tag)).length;
      return { any: held > 0, all: held === audience.tags.length, none: held === 0 }[audience.match];
    }
    case 'allOf':
      return audience.audiences.every((each) => has(each, device));
    case 'anyOf':
      return audience.audiences.some((each) => has(each, device));
    case 'not':
      return !has(audience.audience, device);
  }
}

function anyAudience(ids: readonly string[]): fc.Arbitrary<Audience> {
  const some = <T>(values: readonly T[]) => fc.array(fc.constantFrom(...values), { minLength: 1, maxLength: 3 });
  const { tree } = fc.letrec<{ tree: Audience }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      fc.record({ kind: fc.constant('aliases' as const), aliases: some([...ALIASES, 'nobody']) }),
      fc.record({
        kind: fc.constant('tags' as const),
        tags: some([...TAGS, 'unknown']),
        match: fc.constantFrom('any' as const, 'all' as const, 'none' as const),
      }),
      fc.record({ kind: fc.constant('devices' as const), deviceIds: some(ids) }),
      fc.constant<Audience>({ kind: 'everyone' }),
      fc.record({ kind: fc.constant('platforms' as const), platforms: some(PLATFORMS) }),
      fc.record({
        kind: fc.constant('allOf' as const),
        audiences: fc.array(tie('tree'), { minLength: 1, maxLength: 3 }),
      }),
      fc.record({
        kind: fc.constant('anyOf' as const),
        audiences: fc.array(tie('tree'), { minLength: 1, maxLength: 3 }),
      }),
      fc.record({ kind: fc.constant('not' as const), audience: tie('tree') }),
    ),
  }));
  return tree;
}

eachStore('audiences', (opened) => {
  let app: App;
  let known: Known[];
  let gone: string;

  beforeAll(async () => {
    const { store } = opened;
    app = await newApp(store);
    const given = Array.from({ length: 24 }, (_, index) =>
      registration(app, {
        alias: must(ALIASES[index % ALIASES.length]),
        platform: must(PLATFORMS[index % PLATFORMS.length]),
        tags: TAGS.filter((_tag, bit) => (index >> bit) % 2 === 1),
      }),
    );
    // Some lose all their tags, and one is not registered any more: neither counts.
    const later = given.map((each, index) => ({ ...each, tags: index < 20 ? each.tags : [], sinceId: 1 }));
    await registerAll(store, given);
    const registered = await registerAll(store, later);
    gone = must(registered[0]).device.id;
    await store.commitUnregistrations([gone], NOW);
    known = registered
      .map(({ device, alias }, index) => ({
        num: device.num,
        id: device.id,
        alias,
        platform: device.platform,
        tags: must(later[index]).tags,
      }))
      .slice(1);
    const other = await newApp(store);
    await register(store, registration(other, { alias: must(ALIASES[0]), tags: TAGS }));
  });

  it('have the devices that their trees say', async () => {
    const { store } = opened;
    const ids = [...known.slice(0, 5).map(({ id }) => id), gone];
    const filters = fc.constantFrom<PlatformFilter>('ALL', 'IOS', 'WEB');
    await fc.assert(
      fc.asyncProperty(anyAudience(ids), filters, async (audience, platform) => {
        const query = { appNum: app.num, audience, platform };
        const expected = known
          .filter((device) => (platform === 'ALL' || device.platform === platform) && has(audience, device))
          .map(({ num }) => num)
          .sort((a, b) => a - b);
        expect(await store.findAudience(query, 0, 100)).toEqual(expected);
        expect(await store.countAudience(query)).toBe(expected.length);
        const asked = known.slice(0, 9).map(({ num }) => num);
        const inIt = await store.findInAudience(query, asked);
        expect(inIt.toSorted((a, b) => a - b)).toEqual(expected.filter((num) => asked.includes(num)));
      }),
      { numRuns: 150 },
    );
  });

  it('are read page by page', async () => {
    const query = { appNum: app.num, audience: { kind: 'everyone' } as const, platform: 'ALL' as const };
    const found: number[] = [];
    for (let page = await opened.store.findAudience(query, 0, 7); page.length > 0; ) {
      found.push(...page);
      page = await opened.store.findAudience(query, must(page.at(-1)), 7);
    }
    expect(found).toEqual(known.map(({ num }) => num).sort((a, b) => a - b));
  });

  it('may name as many as are allowed, and be asked about more', async () => {
    const { store } = opened;
    const own = await newApp(store);
    const devices = await newDevices(store, own, 1200);
    const audience: Audience = { kind: 'devices', deviceIds: devices.slice(0, 1000).map(({ device }) => device.id) };
    const query = { appNum: own.num, audience, platform: 'ALL' as const };
    expect(await store.countAudience(query)).toBe(1000);
    expect(
      await store.findInAudience(
        query,
        devices.map(({ device }) => device.num),
      ),
    ).toHaveLength(1000);
  });
});
