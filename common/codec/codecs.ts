import '../text.js';
import { type DescMessage, fromBinary, type Message, toBinary } from '@bufbuild/protobuf';
import { CODECS } from '../../gen/codecs.js';
import { CoreBatchSchema, EdgeBatchSchema } from '../../gen/onepush/link/v1/edge_link_pb.js';
import { SendPushStreamResponseSchema } from '../../gen/onepush/v1/push_pb.js';
import type { Codec } from './codec.js';
import { toDecoder } from './reading.js';
import { createWriter } from './writer.js';

type Decode = (bytes: Uint8Array) => Message;
type Encode = (message: Message) => Buffer;

/**
 * The hot messages are read and written by code that tools/codec generates from the schema, since going by descriptors
 * was a third of the processor time of both processes under load. A property test holds it to the descriptors.
 */
const DECODERS = new Map([...CODECS].map(([schema, { read }]) => [schema, toDecoder(schema, read)]));

const writer = createWriter();

function toEncoder({ write }: Codec): Encode {
  return (message) => {
    let bytes: Buffer;
    try {
      write(writer, message);
    } finally {
      // What was written up to an error is thrown away.
      bytes = writer.finish();
    }
    return bytes;
  };
}

/**
 * Messages that only edge and core write. Those that users of the client package make go by the descriptor, which
 * checks the types of their values.
 */
const WRITTEN_HERE: readonly DescMessage[] = [EdgeBatchSchema, CoreBatchSchema, SendPushStreamResponseSchema];

const ENCODERS = new Map<DescMessage, Encode>();
for (const schema of WRITTEN_HERE) {
  const codec = CODECS.get(schema);
  if (codec === undefined) throw new Error(`${schema.typeName} has no codec`);
  ENCODERS.set(schema, toEncoder(codec));
}

/** Returns what reads a message: a generated codec where there is one. */
export function decoderOf(schema: DescMessage): Decode {
  return DECODERS.get(schema) ?? ((bytes) => fromBinary(schema, bytes));
}

/** Returns what writes a message that edge and core make, or any other by its descriptor. */
export function encoderOf(schema: DescMessage): Encode {
  return (
    ENCODERS.get(schema) ??
    ((message) => {
      const bytes = toBinary(schema, message);
      // The same bytes as a Buffer, not a copy.
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    })
  );
}
