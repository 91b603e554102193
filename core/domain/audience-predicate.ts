import type { Audience, TagMatch } from './audience.js';
import type { Platform } from './device.js';

/** A device as an audience sees it. */
export interface Candidate {
  /** Platform of the device. */
  platform: Platform;
  /** The user that it belongs to; empty where the audience does not ask. */
  alias: string;
  /** The public id; empty where the audience does not ask. */
  id: string;
  /** The tags of the test that it has: bit `n % 32` of word `n >> 5` for the tag at place `n`. */
  held: Int32Array;
}

/** An audience as something that a device passes or not, without a database. */
export interface AudienceTest {
  /** The tags that it names, each once. */
  readonly tags: readonly string[];
  /** True if it asks for aliases. */
  readonly asksAlias: boolean;
  /** True if it asks for device ids. */
  readonly asksId: boolean;
  /** Number of words of `held`. */
  readonly words: number;
  /** Costs at the most a step for each name of the tree. */
  passes(candidate: Candidate): boolean;
}

type Predicate = (candidate: Candidate) => boolean;

/** Bits of one word. */
type Mask = readonly [word: number, bits: number];

/** Compiles an audience. */
export function compileAudience(audience: Audience): AudienceTest {
  const places = new Map<string, number>();
  const asked = { alias: false, id: false };

  function compile(node: Audience): Predicate {
    switch (node.kind) {
      case 'everyone':
        return () => true;
      case 'aliases': {
        asked.alias = true;
        const aliases = new Set(node.aliases);
        return ({ alias }) => aliases.has(alias);
      }
      case 'devices': {
        asked.id = true;
        const ids = new Set(node.deviceIds);
        return ({ id }) => ids.has(id);
      }
      case 'platforms': {
        const platforms = new Set(node.platforms);
        return ({ platform }) => platforms.has(platform);
      }
      case 'tags':
        return hasTags(masksOf(node.tags, places), node.match);
      case 'allOf': {
        const all = node.audiences.map(compile);
        return (candidate) => all.every((each) => each(candidate));
      }
      case 'anyOf': {
        const any = node.audiences.map(compile);
        return (candidate) => any.some((each) => each(candidate));
      }
      case 'not': {
        const inner = compile(node.audience);
        return (candidate) => !inner(candidate);
      }
    }
  }

  const passes = compile(audience);
  return {
    tags: [...places.keys()],
    asksAlias: asked.alias,
    asksId: asked.id,
    words: Math.ceil(places.size / 32),
    passes,
  };
}

/** The bits of tags, giving those that are new the next places. */
function masksOf(tags: readonly string[], places: Map<string, number>): Mask[] {
  const words = new Map<number, number>();
  for (const tag of tags) {
    const place = places.get(tag) ?? places.size;
    places.set(tag, place);
    words.set(place >> 5, (words.get(place >> 5) ?? 0) | (1 << (place & 31)));
  }
  return [...words];
}

function hasTags(masks: readonly Mask[], match: TagMatch): Predicate {
  const any: Predicate = ({ held }) => masks.some(([word, bits]) => ((held[word] ?? 0) & bits) !== 0);
  switch (match) {
    case 'any':
      return any;
    case 'none':
      return (candidate) => !any(candidate);
    case 'all':
      return ({ held }) => masks.every(([word, bits]) => ((held[word] ?? 0) & bits) === bits);
  }
}

/** Names of which every device of an audience has at least one. */
export interface Cover {
  /** Users of whom all devices are looked at. */
  aliases: readonly string[];
  /** Devices that are looked at. */
  deviceIds: readonly string[];
  /** Tags of which all devices are looked at. */
  tags: readonly string[];
}

/** Maximum number of ways to find an audience that are looked for. */
const MAX_COVERS = 16;

/** Finds ways to look for the devices of an audience by name; none: any device may be in it. */
export function coversOf(audience: Audience): Cover[] {
  const none: Cover = { aliases: [], deviceIds: [], tags: [] };
  switch (audience.kind) {
    case 'aliases':
      return [{ ...none, aliases: audience.aliases }];
    case 'devices':
      return [{ ...none, deviceIds: audience.deviceIds }];
    case 'tags':
      if (audience.match === 'none') return [];
      if (audience.match === 'any') return [{ ...none, tags: audience.tags }];
      return audience.tags.slice(0, MAX_COVERS).map((tag) => ({ ...none, tags: [tag] }));
    case 'allOf':
      return audience.audiences.flatMap(coversOf).sort(byCost).slice(0, MAX_COVERS);
    case 'anyOf': {
      const each = audience.audiences.map((inner) => coversOf(inner).sort(byCost)[0]);
      if (each.some((cover) => cover === undefined)) return [];
      const all = each.flatMap((cover) => cover ?? []);
      return [
        {
          aliases: all.flatMap(({ aliases }) => aliases),
          deviceIds: all.flatMap(({ deviceIds }) => deviceIds),
          tags: [...new Set(all.flatMap(({ tags }) => tags))],
        },
      ];
    }
    case 'everyone':
    case 'platforms':
    case 'not':
      return [];
  }
}

/** Names of users and devices are of few devices; a tag may be of all. */
function byCost(a: Cover, b: Cover): number {
  return costOf(a) - costOf(b);
}

function costOf({ aliases, deviceIds, tags }: Cover): number {
  return aliases.length + deviceIds.length + 10_000 * tags.length;
}
