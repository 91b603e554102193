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
import { BinaryReader } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decoderOf, encoderOf } from '../../common/codec/codecs.js';
import { readCoreBatch } from '../../common/codec/core-batch.js';
import { readEdgeBatch } from '../../common/codec/edge-batch.js';
import { readPushStream } from '../../common/codec/push.js';
import { CoreBatchSchema, EdgeBatchSchema } from '../../gen/onepush/link/v1/edge_link_pb.js';
import { SendPushStreamRequestSchema, SendPushStreamResponseSchema } from '../../gen/onepush/v1/push_pb.js';

const HOT = [EdgeBatchSchema, CoreBatchSchema, SendPushStreamRequestSchema, SendPushStreamResponseSchema] as const;
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

describe.each(HOT)('the codec of $typeName', (schema: DescMessage) => {
  it('reads what is written by the descriptor, and writes what is read by it', () => {
    fc.assert(
      fc.property(anyMessage(schema, DEPTH), (message) => {
        const written = encoderOf(schema)(message);
        expect(equals(schema, fromBinary(schema, written), message)).toBe(true);
        expect(equals(schema, decoderOf(schema)(toBinary(schema, message)), message)).toBe(true);
        expect(equals(schema, decoderOf(schema)(written), message)).toBe(true);
      }),
      { numRuns: 300 },
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
        expect(said(() => decoderOf(schema)(bytes))).toEqual(said(() => fromBinary(schema, bytes)));
        const cut = bytes.subarray(0, at % bytes.length);
        expect(said(() => decoderOf(schema)(cut))).toEqual(said(() => fromBinary(schema, cut)));
      }),
      { numRuns: 300 },
    );
  });
});

it('the codecs read what is usual themselves', () => {
  const push = {
    audience: { audience: { case: 'aliases' as const, value: { values: ['alice', 'bob'] } } },
    alert: 'hello',
    badge: -1,
  };
  const stream = toBinary(
    SendPushStreamRequestSchema,
    create(SendPushStreamRequestSchema, { pushes: [{ reference: 300, push }] }),
  );
  const edge = toBinary(
    EdgeBatchSchema,
    create(EdgeBatchSchema, {
      number: 7,
      delivered: [1, 2 ** 52],
      events: [{ kind: 1, slot: 3, deviceId: 'd', through: 2 ** 51, device: 4, generation: 5, page: 6, pushId: 7 }],
      calls: [{ id: 9, appId: 'a', secret: 's', request: { case: 'sendPush', value: push } }],
      published: [{ pushId: 5, sessions: 6 }],
      unconfirmed: [7, 8],
    }),
  );
  const core = toBinary(
    CoreBatchSchema,
    create(CoreBatchSchema, {
      number: 7,
      replies: [{ id: 1, result: { case: 'sendPush', value: { requestId: '1' } } }],
      items: [
        { item: { case: 'delivery', value: { pushId: 1, frame: Buffer.from('x'), slots: [1], deliveryIds: [2] } } },
      ],
    }),
  );
  expect(() => readPushStream(new BinaryReader(stream), stream.length)).not.toThrow();
  expect(() => readEdgeBatch(new BinaryReader(edge), edge.length)).not.toThrow();
  expect(() => readCoreBatch(new BinaryReader(core), core.length)).not.toThrow();
});
