import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import type { App } from '../../core/domain/app.js';
import type { Audience } from '../../core/domain/audience.js';
import { PLATFORMS, type PlatformFilter } from '../../core/domain/device.js';
import type { AudiencePage } from '../../core/store/store.js';
import { ALIASES, anyAudience, has, type Known, TAGS } from '../support/trees.js';
import { eachStore, must, rejectionOf } from './each-store.js';
import { NOW, newApp, newDevices, register, registerAll, registration } from './samples.js';

/** A device as the test knows it. */
interface Numbered extends Known {
  num: number;
}

eachStore('audiences', (opened) => {
  let app: App;
  let known: Numbered[];
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
        expect(await store.findAudience(query, 0, 100)).toEqual({ deviceNums: expected, through: undefined });
        const [first] = expected;
        if (first === undefined || expected.length < 2) return;
        expect(await store.findAudience(query, 0, 1)).toEqual({ deviceNums: [first], through: first });
        expect((await store.findAudience(query, first, 100)).deviceNums).toEqual(expected.slice(1));
      }),
      { numRuns: 150 },
    );
  });

  it('are read page by page', async () => {
    const query = { appNum: app.num, audience: { kind: 'everyone' } as const, platform: 'ALL' as const };
    const found: number[] = [];
    for (let after: number | undefined = 0; after !== undefined; ) {
      const { deviceNums, through }: AudiencePage = await opened.store.findAudience(query, after, 7);
      found.push(...deviceNums);
      after = through;
    }
    expect(found).toEqual(known.map(({ num }) => num).sort((a, b) => a - b));
  });

  it('may name as many as are allowed', async () => {
    const { store } = opened;
    const own = await newApp(store);
    const devices = await newDevices(store, own, 1200);
    const audience: Audience = { kind: 'devices', deviceIds: devices.slice(0, 1000).map(({ device }) => device.id) };
    const query = { appNum: own.num, audience, platform: 'ALL' as const };
    expect((await store.findAudience(query, 0, 2000)).deviceNums).toHaveLength(1000);
  });

  it('are looked for no longer than is said, yet always some more of them, and not for a caller that has gone', async () => {
    const { store } = opened;
    const own = await newApp(store);
    const devices = await newDevices(store, own, 900);
    const query = { appNum: own.num, audience: { kind: 'everyone' } as const, platform: 'ALL' as const };
    const found: number[] = [];
    let pages = 0;
    for (let after: number | undefined = 0; after !== undefined; pages++) {
      const page: AudiencePage = await store.findAudience(query, after, 2000, { withinMs: 0 });
      found.push(...page.deviceNums);
      after = page.through;
    }
    expect(found).toEqual(devices.map(({ device }) => device.num));
    expect(pages).toBeGreaterThan(1);
    const gone = store.findAudience(query, 0, 2000, { caller: { cancelled: true } });
    expect(await rejectionOf(gone)).toMatchObject({ code: 'CANCELLED' });
  });
});
