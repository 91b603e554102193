import {
  create,
  type DescField,
  type DescMessage,
  equals,
  fromBinary,
  type Message,
  ScalarType,
  toBinary,
} from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decoderOf, encoderOf } from '../../../../common/codec/codecs.js';
import { readUsual, toDecoder } from '../../../../common/codec/reading.js';
import { createWriter } from '../../../../common/codec/writer.js';
import { CODECS } from '../../../../gen/codecs.js';
import { CoreBatchSchema, EdgeBatchSchema } from '../../../../gen/onepush/link/v1/edge_link_pb.js';
import {
  AudienceSchema,
  SendPushRequestSchema,
  SendPushStreamRequestSchema,
  SendPushStreamResponseSchema,
} from '../../../../gen/onepush/v1/push_pb.js';

/**
 * What is sent: all else that has a codec is within one of these, and is looked at by itself as well, but not as often.
 */
const HOT: readonly DescMessage[] = [
  EdgeBatchSchema,
  CoreBatchSchema,
  SendPushStreamRequestSchema,
  SendPushStreamResponseSchema,
];
const DEPTH = 7;

/** Any value of a field, as `create` takes it; nested messages down to a depth. */
function anyValue(field: DescField, depth: number): fc.Arbitrary<unknown> {
  if (field.fieldKind === 'list') {
    const element =
      field.listKind === 'message' ? anyMessage(field.message, depth - 1) : anyScalar(field.listKind, field.scalar);
    return fc.array(element, { maxLength: depth > 0 ? 3 : 0 });
  }
  if (field.fieldKind === 'message') return anyMessage(field.message, depth - 1);
  return anyScalar(field.fieldKind, field.scalar);
}

function anyScalar(kind: string, scalar: ScalarType | undefined): fc.Arbitrary<unknown> {
  if (kind === 'enum') return fc.nat({ max: 8 });
  switch (scalar) {
    case ScalarType.STRING:
      return fc.oneof(
        fc.string({ unit: 'grapheme', maxLength: 12 }),
        fc.string({ unit: 'grapheme', minLength: 40, maxLength: 90 }),
      );
    case ScalarType.BYTES:
      return fc.uint8Array({ maxLength: 200 });
    case ScalarType.BOOL:
      return fc.boolean();
    case ScalarType.DOUBLE:
      // Ids and times: a negative zero is neither, and ours writes nothing for it.
      return fc.oneof(
        fc.double({ noNaN: true }).map((value) => value + 0),
        fc.nat(),
        fc.constant(0),
      );
    case ScalarType.UINT32:
      return fc.oneof(fc.nat({ max: 300 }), fc.integer({ min: 0, max: 0xffff_ffff }));
    case ScalarType.INT32:
      return fc.integer();
    case ScalarType.INT64:
      return fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n });
    default:
      throw new Error(`no values for ${scalar}`);
  }
}

function anyMessage(schema: DescMessage, depth: number): fc.Arbitrary<Message> {
  if (depth <= 0) return fc.constant(create(schema));
  const parts = schema.members.map((member): fc.Arbitrary<[string, unknown] | undefined> => {
    const options =
      member.kind === 'oneof'
        ? member.fields.map((field) =>
            anyValue(field, depth).map((value): [string, unknown] => [
              member.localName,
              { case: field.localName, value },
            ]),
          )
        : [anyValue(member, depth).map((value): [string, unknown] => [member.localName, value])];
    return fc.oneof({ maxDepth: 3, withCrossShrink: true }, fc.constant(undefined), ...options);
  });
  return fc
    .tuple(...parts)
    .map((given) => create(schema, Object.fromEntries(given.filter((part) => part !== undefined))));
}

describe.each([...CODECS].map(([schema, codec]) => ({ name: schema.typeName, schema, codec })))(
  'the codec of $name',
  ({ schema, codec }) => {
    const numRuns = HOT.includes(schema) ? 300 : 30;
    const decode = toDecoder(schema, codec.read);

    it('reads what is written by the descriptor, and writes what is read by it', () => {
      const writer = createWriter();
      fc.assert(
        fc.property(anyMessage(schema, DEPTH), (message) => {
          codec.write(writer, message);
          const written = writer.finish();
          expect(equals(schema, fromBinary(schema, written), message)).toBe(true);
          for (const bytes of [toBinary(schema, message), written]) {
            const read = readUsual(codec.read, bytes);
            expect(read !== undefined && equals(schema, read, message)).toBe(true);
          }
        }),
        { numRuns },
      );
    });

    it('says of broken bytes what the descriptor says', () => {
      const said = (read: () => Message): unknown => {
        try {
          // Compared as values: a NaN of bytes that were broken has many forms.
          return read();
        } catch (error) {
          return String(error);
        }
      };
      fc.assert(
        fc.property(anyMessage(schema, DEPTH), fc.nat(), fc.nat({ max: 255 }), (message, at, byte) => {
          const bytes = toBinary(schema, message);
          if (bytes.length === 0) return;
          bytes[at % bytes.length] = byte;
          expect(said(() => decode(bytes))).toEqual(said(() => fromBinary(schema, bytes)));
          const cut = bytes.subarray(0, at % bytes.length);
          expect(said(() => decode(cut))).toEqual(said(() => fromBinary(schema, cut)));
        }),
        { numRuns },
      );
    });
  },
);

describe('the codecs', () => {
  it.each(HOT)('of $typeName are those that edge and core use', (schema: DescMessage) => {
    const message = create(schema);
    expect(decoderOf(schema)(encoderOf(schema)(message))).toEqual(message);
    expect(CODECS.has(schema)).toBe(true);
  });

  it.each([1, 16, 50, 97, 98, 99, 200])('take audiences %i deep as the descriptors do', (depth) => {
    let audience = create(AudienceSchema, { audience: { case: 'everyone', value: {} } });
    for (let level = 0; level < depth; level++) {
      audience = create(AudienceSchema, { audience: { case: 'not', value: audience } });
    }
    const push = create(SendPushRequestSchema, { audience });
    const bytes = toBinary(SendPushRequestSchema, push);
    const taken = (read: () => Message): boolean => {
      try {
        read();
        return true;
      } catch {
        return false;
      }
    };
    expect(taken(() => decoderOf(SendPushRequestSchema)(bytes))).toBe(
      taken(() => fromBinary(SendPushRequestSchema, bytes)),
    );
  });
});
