import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import type { Target } from '../target.js';
import { mutateBytes } from './bytes.js';
import { type Member, mutateMembers, oddJson, toObjectText } from './json.js';
import { chooseFields, countOf } from './protobuf.js';
import type { Random } from './random.js';
import { fittingText } from './values.js';

/** A request as JSON: two in five fit, the others have changed members, at any depth, or changed bytes. */
export function requestJson(schema: DescMessage, random: Random, target: Target): Buffer {
  const text = messageJson(schema, random, target, random.pick([0, 0, 0.3, 0.3, 1]), 0);
  const bytes = Buffer.from(random.chance(0.02) ? oddJson(random) : text);
  return random.chance(0.2) ? mutateBytes(bytes, random) : bytes;
}

function messageJson(schema: DescMessage, random: Random, target: Target, oddness: number, depth: number): string {
  const members = chooseFields(schema, random, depth).map((field): Member => {
    const name = random.chance(0.9) ? field.jsonName : field.name;
    if (field.fieldKind !== 'list') return [name, valueJson(field, random, target, oddness, depth)];
    const items = Array.from({ length: countOf(field, random) }, () =>
      valueJson(field, random, target, oddness, depth),
    );
    return [name, `[${items.join(',')}]`];
  });
  const changes = random.chance(oddness) ? 1 + random.below(3) : 0;
  return toObjectText(mutateMembers(members, changes, random), random);
}

function valueJson(field: DescField, random: Random, target: Target, oddness: number, depth: number): string {
  if (field.message !== undefined) {
    if (field.message.typeName === 'google.protobuf.Timestamp') {
      return JSON.stringify(new Date(Date.now() + random.below(60_000)).toISOString());
    }
    return messageJson(field.message, random, target, oddness, depth + 1);
  }
  if (field.enum !== undefined) {
    const { name, localName, number } = random.pick(field.enum.values);
    return JSON.stringify(random.pick([name, localName, number]));
  }
  switch (field.scalar) {
    case ScalarType.STRING:
      return JSON.stringify(fittingText(field.localName, random, target));
    case ScalarType.BOOL:
      return String(random.chance(0.5));
    default:
      return String(random.below(1000));
  }
}
