import fc from 'fast-check';
import type { Audience } from '../../core/domain/audience.js';
import { PLATFORMS } from '../../core/domain/device.js';

export const ALIASES = ['ann', 'bob', 'cleo'];
export const TAGS = ['red', 'green', 'blue'];

/** A device as a test knows it. */
export interface Known {
  id: string;
  alias: string;
  platform: (typeof PLATFORMS)[number];
  tags: readonly string[];
}

/** What an audience means, said in the plainest way. */
export function has(audience: Audience, device: Known): boolean {
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

/** Trees of these ids, and of aliases and tags, some of which nobody has. */
export function anyAudience(ids: readonly string[], tags: readonly string[] = TAGS): fc.Arbitrary<Audience> {
  const some = <T>(values: readonly T[]) => fc.array(fc.constantFrom(...values), { minLength: 1, maxLength: 3 });
  const { tree } = fc.letrec<{ tree: Audience }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      fc.record({ kind: fc.constant('aliases' as const), aliases: some([...ALIASES, 'nobody']) }),
      fc.record({
        kind: fc.constant('tags' as const),
        tags: some([...tags, 'unknown']),
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
