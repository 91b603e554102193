import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { Target } from '../target.js';
import { mutateBytes } from './bytes.js';
import type { Random } from './random.js';
import { fittingText, MARKER, oddNumber, oddText } from './values.js';

/** How often a field is there, by whether the message is worth little without it. */
const USUAL = 0.92;
const RARE = 0.2;
const USUAL_FIELDS = new Set([
  'audience',
  'alert',
  'appId',
  'alias',
  'platform',
  'nativeToken',
  'deviceId',
  'id',
  'name',
  'requestId',
  'aliases',
  'values',
  'ids',
  'pushes',
  'push',
  'reference',
  'audiences',
]);
const MAX_DEPTH = 7;

/** Chooses which fields of a message are there: of a oneof mostly one, once in a while more. */
export function chooseFields(schema: DescMessage, random: Random, depth: number): DescField[] {
  const chosen: DescField[] = [];
  for (const member of schema.members) {
    if (member.kind === 'oneof') {
      if (random.chance(USUAL)) chosen.push(random.pick(member.fields));
      if (random.chance(0.02)) chosen.push(random.pick(member.fields));
    } else if (random.chance(USUAL_FIELDS.has(member.localName) ? USUAL : RARE)) {
      chosen.push(member);
    }
  }
  return depth < MAX_DEPTH ? chosen : chosen.filter(({ message }) => message === undefined);
}

/** How many items a list gets. */
export function countOf({ fieldKind }: DescField, random: Random): number {
  if (fieldKind !== 'list') return 1;
  return random.chance(0.97) ? 1 + random.below(3) : random.pick([0, 5, 101, 1001]);
}

/** The share of fields with a value that does not fit, and of those that are none of the schema's. */
export interface Oddness {
  values: number;
  structure: number;
}

/** Makes a message of a schema as bytes. */
export function messageBytes(schema: DescMessage, random: Random, target: Target, oddness: Oddness, depth = 0): Buffer {
  const writer = new BinaryWriter();
  for (const field of chooseFields(schema, random, depth)) {
    for (let left = countOf(field, random); left > 0; left--) {
      if (random.chance(oddness.structure)) writeOdd(writer, field.number, random);
      else writeField(writer, field, random, target, oddness, depth);
    }
  }
  return Buffer.from(writer.finish());
}

/** A message of a request's schema: two in five fit, the others have odd fields or changed bytes. */
export function requestBytes(schema: DescMessage, random: Random, target: Target): Buffer {
  const values = random.pick([0, 0, 0.1, 0.1, 0.4]);
  const bytes = messageBytes(schema, random, target, { values, structure: random.chance(0.2) ? 0.1 : 0 });
  return random.chance(0.25) ? mutateBytes(bytes, random) : bytes;
}

function writeField(
  writer: BinaryWriter,
  field: DescField,
  random: Random,
  target: Target,
  oddness: Oddness,
  depth: number,
): void {
  const isOdd = random.chance(oddness.values);
  if (field.message !== undefined) {
    const inner =
      field.message.typeName === 'google.protobuf.Timestamp'
        ? timestamp(random, isOdd)
        : messageBytes(field.message, random, target, oddness, depth + 1);
    writer.tag(field.number, WireType.LengthDelimited).bytes(inner);
    return;
  }
  if (field.enum !== undefined) {
    const number = isOdd ? random.pick([-1, 99, 2 ** 31 - 1, -(2 ** 31)]) : random.pick(field.enum.values).number;
    writer.tag(field.number, WireType.Varint).int32(number);
    return;
  }
  switch (field.scalar) {
    case ScalarType.STRING: {
      const text = isOdd ? oddText(random) : fittingText(field.localName, random, target);
      writer.tag(field.number, WireType.LengthDelimited).string(text);
      break;
    }
    case ScalarType.BYTES:
      writer.tag(field.number, WireType.LengthDelimited).bytes(random.bytes(random.below(20)));
      break;
    case ScalarType.BOOL:
      writer.tag(field.number, WireType.Varint).bool(random.chance(0.5));
      break;
    case ScalarType.DOUBLE:
      writer.tag(field.number, WireType.Bit64).double(isOdd ? oddDouble(random) : random.below(1000));
      break;
    case ScalarType.INT32:
      writer
        .tag(field.number, WireType.Varint)
        .int32(isOdd ? random.pick([-1, 2 ** 31 - 1, -(2 ** 31)]) : random.below(1000));
      break;
    default:
      writer
        .tag(field.number, WireType.Varint)
        .uint32(isOdd ? random.pick([0, 2 ** 31, 2 ** 32 - 1]) : random.below(1000));
  }
}

/** A number as doubles have it. */
export function oddDouble(random: Random): number {
  return random.pick([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 5e-324, oddNumber(random)]);
}

function timestamp(random: Random, isOdd: boolean): Uint8Array {
  const seconds = isOdd
    ? random.pick([0, -1, 253_402_300_799, 253_402_300_800, -62_135_596_801, Number.MAX_SAFE_INTEGER])
    : Math.floor(Date.now() / 1000) + random.below(60);
  const writer = new BinaryWriter().tag(1, WireType.Varint).int64(seconds);
  if (isOdd) writer.tag(2, WireType.Varint).int32(random.pick([-1, 0, 999_999_999, 1_000_000_000, 2 ** 31 - 1]));
  return writer.finish();
}

/** A field of another wire type, of a number that nobody has, or broken in itself. */
function writeOdd(writer: BinaryWriter, number: number, random: Random): void {
  const place = random.chance(0.7) ? number : random.pick([15, 99, 19_000, 2 ** 29 - 1]);
  switch (random.below(9)) {
    case 0:
      writer.tag(place, WireType.Varint).uint64(2n ** 64n - 1n);
      break;
    case 1:
      writer.tag(place, WireType.Bit32).fixed32(random.below(2 ** 32));
      break;
    case 2:
      writer.tag(place, WireType.Bit64).double(oddDouble(random));
      break;
    case 3:
      writer.tag(place, WireType.LengthDelimited).bytes(random.bytes(random.below(20)));
      break;
    case 4:
      writer.tag(place, WireType.LengthDelimited).string(MARKER);
      break;
    case 5:
      // Groups, which only begin or only end.
      writer.tag(place, random.chance(0.5) ? WireType.StartGroup : WireType.EndGroup);
      break;
    case 6:
      // Longer than what follows.
      writer.tag(place, WireType.LengthDelimited).uint32(random.pick([1000, 2 ** 31 - 1, 2 ** 32 - 1]));
      break;
    case 7:
      writer.raw(random.pick([new Uint8Array(11).fill(0xff), new Uint8Array(1), new Uint8Array([0x07])]));
      break;
    default: {
      const depth = random.pick([2, 20, 99, 101, 500]);
      let nested: Uint8Array = new Uint8Array();
      for (let left = depth; left > 0; left--) {
        nested = new BinaryWriter().tag(place, WireType.LengthDelimited).bytes(nested).finish();
      }
      writer.raw(nested);
    }
  }
}
