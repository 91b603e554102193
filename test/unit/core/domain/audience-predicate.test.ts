import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Audience } from '../../../../core/domain/audience.js';
import { type Candidate, compileAudience, coversOf } from '../../../../core/domain/audience-predicate.js';
import { PLATFORMS } from '../../../../core/domain/device.js';
import { ALIASES, anyAudience, has, type Known } from '../../../support/trees.js';

/** More tags than fit one word of bits. */
const TAGS = Array.from({ length: 70 }, (_, n) => `tag${n}`);
const IDS = ['1', '2', '3'];

const devices: fc.Arbitrary<Known> = fc.record({
  id: fc.constantFrom(...IDS),
  alias: fc.constantFrom(...ALIASES),
  platform: fc.constantFrom(...PLATFORMS),
  tags: fc.subarray(TAGS),
});

function candidate({ tags, ...device }: Known, named: readonly string[]): Candidate {
  const held = new Int32Array(Math.ceil(named.length / 32));
  for (const [place, tag] of named.entries()) {
    if (tags.includes(tag)) held[place >> 5] = (held[place >> 5] ?? 0) | (1 << (place & 31));
  }
  return { ...device, held };
}

const tags = (names: readonly string[], match: 'any' | 'all' | 'none'): Audience => ({
  kind: 'tags',
  tags: names,
  match,
});

describe('an audience that is compiled', () => {
  it('is passed by the devices that it says', () => {
    fc.assert(
      fc.property(anyAudience(IDS, TAGS), devices, (audience, device) => {
        const test = compileAudience(audience);
        expect(test.passes(candidate(device, test.tags))).toBe(has(audience, device));
      }),
      { numRuns: 2000 },
    );
  });

  it('is passed so with as many tags as a tree may name', () => {
    const audiences = [0, 1, 2, 3].map((n): Audience => ({ kind: 'not', audience: tags(TAGS.slice(n * 16), 'all') }));
    const test = compileAudience({ kind: 'allOf', audiences });
    expect(test).toMatchObject({ words: 3, asksAlias: false, asksId: false });
    const device: Known = { id: '1', alias: 'ann', platform: 'IOS', tags: [] };
    expect(test.passes(candidate(device, test.tags))).toBe(true);
    expect(test.passes(candidate({ ...device, tags: TAGS.slice(48) }, test.tags))).toBe(false);
    expect(test.passes(candidate({ ...device, tags: TAGS.slice(49) }, test.tags))).toBe(true);
  });
});

describe('the covers of an audience', () => {
  it('have every device of it', () => {
    fc.assert(
      fc.property(anyAudience(IDS, TAGS), devices, (audience, device) => {
        if (!has(audience, device)) return;
        for (const cover of coversOf(audience)) {
          expect(
            cover.aliases.includes(device.alias) ||
              cover.deviceIds.includes(device.id) ||
              cover.tags.some((tag) => device.tags.includes(tag)),
          ).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('are its names, the cheapest first, where it cannot have any other device', () => {
    const aliases: Audience = { kind: 'aliases', aliases: ['ann'] };
    const both: Audience = { kind: 'allOf', audiences: [tags(['a', 'b'], 'all'), aliases] };
    expect(coversOf(both)).toEqual([
      { aliases: ['ann'], deviceIds: [], tags: [] },
      { aliases: [], deviceIds: [], tags: ['a'] },
      { aliases: [], deviceIds: [], tags: ['b'] },
    ]);
    const either: Audience = { kind: 'anyOf', audiences: [tags(['a', 'b'], 'any'), aliases, both] };
    expect(coversOf(either)).toEqual([{ aliases: ['ann', 'ann'], deviceIds: [], tags: ['a', 'b'] }]);
    expect(coversOf({ kind: 'anyOf', audiences: [either, { kind: 'not', audience: aliases }] })).toEqual([]);
    expect(coversOf(tags(['a'], 'none'))).toEqual([]);
  });
});
