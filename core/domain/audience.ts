import { PLATFORMS, type Platform, type PlatformFilter } from './device.js';

/** The tags that a device must have: at least one, all of them, or none. */
export type TagMatch = 'any' | 'all' | 'none';

/** The devices that a push is for, within the sending app: a tree. */
export type Audience =
  | { kind: 'aliases'; aliases: readonly string[] }
  | { kind: 'devices'; deviceIds: readonly string[] }
  | { kind: 'tags'; tags: readonly string[]; match: TagMatch }
  | { kind: 'everyone' }
  | { kind: 'platforms'; platforms: readonly Platform[] }
  | { kind: 'allOf'; audiences: readonly Audience[] }
  | { kind: 'anyOf'; audiences: readonly Audience[] }
  | { kind: 'not'; audience: Audience };

/** Maximum size of a tree: levels, nodes, and names in all nodes together. */
export const AUDIENCE_LIMITS = { depth: 5, nodes: 100, values: 1000 } as const;

/** The registered devices of an app that are in an audience and on a platform. */
export interface AudienceQuery {
  /** The app's number. */
  appNum: number;
  /** The tree. */
  audience: Audience;
  /** Platform that the devices must have. */
  platform: PlatformFilter;
}

/** The tag of the timeline that every device of an app reads. No device can register it: tags are not empty. */
export const EVERYONE_TAG = '';

/** The way to push to an audience. */
export type Reach =
  /** One row on the timeline of each tag, for all devices of these platforms. */
  | { kind: 'topics'; tags: readonly string[]; platform: PlatformFilter }
  /** Devices by names that the registry's caches know. */
  | { kind: 'names'; audience: Audience & { kind: 'aliases' | 'devices' }; platform: PlatformFilter }
  /** Devices that the store has to look for. */
  | { kind: 'tree'; audience: Audience; platform: PlatformFilter };

/** Finds the cheapest way to push to an audience. It reaches the same devices, whichever it is. */
export function reachOf(audience: Audience, platform: PlatformFilter): Reach {
  const plain = unwrapped(audience);
  if (plain.kind === 'aliases' || plain.kind === 'devices') return { kind: 'names', audience: plain, platform };
  const shape = topicShape(plain);
  if (shape !== undefined) {
    const platforms = platform === 'ALL' ? shape.platforms : shape.platforms.filter((each) => each === platform);
    const [only] = platforms;
    if (platforms.length === PLATFORMS.length) return { kind: 'topics', tags: shape.tags, platform: 'ALL' };
    if (only !== undefined && platforms.length === 1) return { kind: 'topics', tags: shape.tags, platform: only };
  }
  return { kind: 'tree', audience: plain, platform };
}

/** A list of one is that one. */
function unwrapped(audience: Audience): Audience {
  if (audience.kind !== 'allOf' && audience.kind !== 'anyOf') return audience;
  const [only] = audience.audiences;
  return only !== undefined && audience.audiences.length === 1 ? unwrapped(only) : audience;
}

/** Devices that have any of the tags, where every device has the tag of everyone, and are on one of the platforms. */
interface TopicShape {
  tags: readonly string[];
  platforms: readonly Platform[];
}

const EVERYONE: TopicShape = { tags: [EVERYONE_TAG], platforms: PLATFORMS };

function topicShape(audience: Audience): TopicShape | undefined {
  switch (audience.kind) {
    case 'everyone':
      return EVERYONE;
    case 'platforms':
      return { tags: [EVERYONE_TAG], platforms: PLATFORMS.filter((each) => audience.platforms.includes(each)) };
    case 'tags': {
      const tags = [...new Set(audience.tags)];
      const any = audience.match === 'any' || (audience.match === 'all' && tags.length === 1);
      return any ? { tags, platforms: PLATFORMS } : undefined;
    }
    case 'allOf':
      return combined(audience.audiences, bothOf);
    case 'anyOf':
      return combined(audience.audiences, eitherOf);
    case 'aliases':
    case 'devices':
    case 'not':
      return undefined;
  }
}

function combined(
  audiences: readonly Audience[],
  combine: (a: TopicShape, b: TopicShape) => TopicShape | undefined,
): TopicShape | undefined {
  const [first, ...others] = audiences;
  let shape = first && topicShape(first);
  for (const other of others) {
    const next = shape && topicShape(other);
    shape = shape && next && combine(shape, next);
  }
  return shape;
}

function bothOf(a: TopicShape, b: TopicShape): TopicShape | undefined {
  const platforms = a.platforms.filter((each) => b.platforms.includes(each));
  if (isEveryone(a)) return { tags: b.tags, platforms };
  return isEveryone(b) || sameSet(a.tags, b.tags) ? { tags: a.tags, platforms } : undefined;
}

function eitherOf(a: TopicShape, b: TopicShape): TopicShape | undefined {
  if (sameSet(a.platforms, b.platforms)) {
    const { platforms } = a;
    return isEveryone(a) || isEveryone(b)
      ? { tags: [EVERYONE_TAG], platforms }
      : { tags: [...new Set([...a.tags, ...b.tags])], platforms };
  }
  if (!sameSet(a.tags, b.tags)) return undefined;
  return {
    tags: a.tags,
    platforms: PLATFORMS.filter((each) => a.platforms.includes(each) || b.platforms.includes(each)),
  };
}

function isEveryone({ tags }: TopicShape): boolean {
  return tags[0] === EVERYONE_TAG;
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((each) => b.includes(each));
}
