import { describe, expect, it } from 'vitest';
import { type Audience, EVERYONE_TAG, reachOf } from '../../../../core/domain/audience.js';
import type { Platform } from '../../../../core/domain/device.js';

const everyone: Audience = { kind: 'everyone' };
const tags = (...names: string[]): Audience => ({ kind: 'tags', tags: names, match: 'any' });
const on = (...platforms: Platform[]): Audience => ({ kind: 'platforms', platforms });
const allOf = (...audiences: Audience[]): Audience => ({ kind: 'allOf', audiences });
const anyOf = (...audiences: Audience[]): Audience => ({ kind: 'anyOf', audiences });
const alice: Audience = { kind: 'aliases', aliases: ['alice'] };

describe('an audience that is a topic', () => {
  it.each([
    ['everyone', everyone, [EVERYONE_TAG], 'ALL'],
    ['any of some tags', tags('a', 'b', 'a'), ['a', 'b'], 'ALL'],
    ['all of one tag', { kind: 'tags', tags: ['a'], match: 'all' } as const, ['a'], 'ALL'],
    ['one platform', on('IOS'), [EVERYONE_TAG], 'IOS'],
    ['all platforms', on('WEB', 'PC', 'IOS', 'ANDROID'), [EVERYONE_TAG], 'ALL'],
    ['tags on one platform', allOf(tags('a'), on('WEB')), ['a'], 'WEB'],
    ['tags of everyone', allOf(everyone, tags('a')), ['a'], 'ALL'],
    ['either of some tags', anyOf(tags('a'), tags('b')), ['a', 'b'], 'ALL'],
    ['tags or everyone', anyOf(tags('a'), everyone), [EVERYONE_TAG], 'ALL'],
    ['lists of one', allOf(anyOf(allOf(tags('a')))), ['a'], 'ALL'],
  ] as const)('is seen in %s', (_name, audience, expected, platform) => {
    expect(reachOf(audience, 'ALL')).toEqual({ kind: 'topics', tags: expected, platform });
  });

  it('takes the platform of its push', () => {
    expect(reachOf(tags('a'), 'PC')).toEqual({ kind: 'topics', tags: ['a'], platform: 'PC' });
    expect(reachOf(on('IOS', 'WEB'), 'WEB')).toEqual({ kind: 'topics', tags: [EVERYONE_TAG], platform: 'WEB' });
  });
});

describe('any other audience', () => {
  it('is names, where it is a list of them', () => {
    expect(reachOf(alice, 'IOS')).toEqual({ kind: 'names', audience: alice, platform: 'IOS' });
    expect(reachOf(anyOf(alice), 'ALL')).toEqual({ kind: 'names', audience: alice, platform: 'ALL' });
  });

  it.each([
    ['all of several tags', { kind: 'tags', tags: ['a', 'b'], match: 'all' } as const],
    ['none of some tags', { kind: 'tags', tags: ['a'], match: 'none' } as const],
    ['both of two lists of tags', allOf(tags('a'), tags('b'))],
    ['users with a tag', allOf(alice, tags('a'))],
    ['not', { kind: 'not', audience: everyone } as const],
    ['two platforms', on('IOS', 'WEB')],
    ['two platforms at once', allOf(on('IOS'), on('WEB'))],
    ['tags on different platforms', anyOf(allOf(tags('a'), on('IOS')), allOf(tags('b'), on('WEB')))],
  ])('is looked for: %s', (_name, audience) => {
    expect(reachOf(audience, 'ALL')).toEqual({ kind: 'tree', audience, platform: 'ALL' });
  });
});
