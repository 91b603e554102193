import { Type } from '@sinclair/typebox';
import { createChecker } from '../../../common/contract/check.js';
import { Label, LIMITS, ruled } from '../../../common/contract/fields.js';
import type { Violation } from '../../../common/errors.js';
import {
  type Audience as WireAudience,
  type AudienceList as WireList,
  Audience_Tags_Match as WireMatch,
} from '../../../gen/onepush/v1/push_pb.js';
import { AUDIENCE_LIMITS, type Audience, type TagMatch } from '../../domain/audience.js';
import { PLATFORMS, type Platform } from '../../domain/device.js';
import { PLATFORM } from './enums.js';

const Names = (what: string) =>
  Type.Array(
    Label(LIMITS.name, 1),
    ruled(`must be a list of 1 to ${LIMITS.audiences} ${what}`, { minItems: 1, maxItems: LIMITS.audiences }),
  );
const aliasesChecker = createChecker(Type.Object({ values: Names('user ids') }));
const devicesChecker = createChecker(Type.Object({ ids: Names('device ids') }));
const tagsChecker = createChecker(
  Type.Object({
    values: Names('tags'),
    match: Type.Integer(ruled('must be ANY, ALL or NONE', { minimum: 0, maximum: 3 })),
  }),
);
const platformsChecker = createChecker(
  Type.Object({
    values: Type.Array(
      Type.Integer(ruled(`must be one of ${PLATFORMS.join(', ')}`, { minimum: 1, maximum: PLATFORMS.length })),
      ruled(`must be a list of 1 to ${PLATFORMS.length} platforms`, { minItems: 1, maxItems: PLATFORMS.length }),
    ),
  }),
);
const listChecker = createChecker(
  Type.Object({
    audiences: Type.Array(
      Type.Unknown(),
      ruled(`must be a list of 1 to ${AUDIENCE_LIMITS.nodes} audiences`, {
        minItems: 1,
        maxItems: AUDIENCE_LIMITS.nodes,
      }),
    ),
  }),
);

const MATCH: Record<WireMatch, TagMatch> = {
  [WireMatch.UNSPECIFIED]: 'any',
  [WireMatch.ANY]: 'any',
  [WireMatch.ALL]: 'all',
  [WireMatch.NONE]: 'none',
};
const KINDS = 'aliases, tags, devices, everyone, platforms, allOf, anyOf, not';

/** Counts on the way through a tree. */
interface Walk {
  nodes: number;
  values: number;
  violations: Violation[];
}

/**
 * The audience of a request, with what is wrong with it: fields by their JSON names, from `audience` on. The audience
 * is to be used only if nothing is.
 */
export function fromAudience(wire: WireAudience | undefined): { audience: Audience; violations: readonly Violation[] } {
  const walk: Walk = { nodes: 0, values: 0, violations: [] };
  const audience = walked(walk, wire, 'audience', 1);
  const { depth, nodes, values } = AUDIENCE_LIMITS;
  const limit = (rule: string) => walk.violations.push({ field: 'audience', rule });
  if (walk.nodes > nodes) limit(`must be a tree of at most ${nodes} audiences, ${depth} levels deep`);
  else if (walk.values > values) limit(`must have at most ${values} names in all`);
  return { audience, violations: walk.violations };
}

function walked(walk: Walk, wire: WireAudience | undefined, field: string, level: number): Audience {
  walk.nodes++;
  // Neither too many nor too deep ones are looked at: a request may have millions.
  if (walk.nodes > AUDIENCE_LIMITS.nodes) return { kind: 'everyone' };
  if (level > AUDIENCE_LIMITS.depth) {
    walk.violations.push({ field, rule: `must not be: a tree has at most ${AUDIENCE_LIMITS.depth} levels` });
    return { kind: 'everyone' };
  }
  const at = `${field}.${wire?.audience.case}`;
  const check = (violations: readonly Violation[]) => {
    for (const { field: inner, rule } of violations) walk.violations.push({ field: `${at}.${inner}`, rule });
  };
  switch (wire?.audience.case) {
    case 'aliases': {
      const { values } = wire.audience.value;
      walk.values += values.length;
      check(aliasesChecker.violations(wire.audience.value));
      return { kind: 'aliases', aliases: values };
    }
    case 'tags': {
      const { values, match } = wire.audience.value;
      walk.values += values.length;
      check(tagsChecker.violations(wire.audience.value));
      return { kind: 'tags', tags: values, match: MATCH[match] };
    }
    case 'devices': {
      const { ids } = wire.audience.value;
      walk.values += ids.length;
      check(devicesChecker.violations(wire.audience.value));
      return { kind: 'devices', deviceIds: ids };
    }
    case 'everyone':
      return { kind: 'everyone' };
    case 'platforms': {
      check(platformsChecker.violations(wire.audience.value));
      // The checker leaves the four that devices have.
      const platforms = wire.audience.value.values.map((value) => PLATFORM[value] as Platform);
      return { kind: 'platforms', platforms };
    }
    case 'allOf':
    case 'anyOf':
      check(listChecker.violations(wire.audience.value));
      return { kind: wire.audience.case, audiences: walkedAll(walk, wire.audience.value, at, level) };
    case 'not':
      return { kind: 'not', audience: walked(walk, wire.audience.value, at, level + 1) };
    case undefined:
      walk.violations.push({ field, rule: `must be one of ${KINDS}` });
      return { kind: 'everyone' };
  }
}

function walkedAll(walk: Walk, { audiences }: WireList, at: string, level: number): Audience[] {
  const found: Audience[] = [];
  for (const [index, audience] of audiences.entries()) {
    found.push(walked(walk, audience, `${at}.audiences[${index}]`, level + 1));
    if (walk.nodes > AUDIENCE_LIMITS.nodes) break;
  }
  return found;
}
