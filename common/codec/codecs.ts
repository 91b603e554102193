import '../text.js';
import { type DescMessage, fromBinary, type Message, toBinary } from '@bufbuild/protobuf';
import { CoreBatchSchema, EdgeBatchSchema } from '../../gen/onepush/link/v1/edge_link_pb.js';
import { SendPushStreamRequestSchema, SendPushStreamResponseSchema } from '../../gen/onepush/v1/push_pb.js';
import { readCoreBatch, writeCoreBatch } from './core-batch.js';
import { readEdgeBatch, writeEdgeBatch } from './edge-batch.js';
import { readPushStream, writePushStreamAnswers } from './push.js';
import { toDecoder } from './reading.js';
import { createWriter, type Writer } from './writer.js';

type Decode = (bytes: Uint8Array) => Message;
type Encode = (message: Message) => Buffer;

/**
 * The hot messages are read and written by code of ours, since going by descriptors was a third of the processor time of both processes
 * under load. A property test holds it to the descriptors; a field that it does not know falls back to them when it is read.
 */
const DECODERS = new Map<DescMessage, Decode>([
  [EdgeBatchSchema, toDecoder(EdgeBatchSchema, readEdgeBatch)],
  [CoreBatchSchema, toDecoder(CoreBatchSchema, readCoreBatch)],
  [SendPushStreamRequestSchema, toDecoder(SendPushStreamRequestSchema, readPushStream)],
]);

const writer = createWriter();
const toEncoder =
  <M extends Message>(write: (writer: Writer, message: M) => void): Encode =>
  (message) => {
    let bytes: Buffer;
    try {
      // The map's key says which message it is.
      write(writer, message as M);
    } finally {
      // What was written up to an error is thrown away.
      bytes = writer.finish();
    }
    return bytes;
  };

const ENCODERS = new Map<DescMessage, Encode>([
  [EdgeBatchSchema, toEncoder(writeEdgeBatch)],
  [CoreBatchSchema, toEncoder(writeCoreBatch)],
  [SendPushStreamResponseSchema, toEncoder(writePushStreamAnswers)],
]);

export function decoderOf(schema: DescMessage): Decode {
  return DECODERS.get(schema) ?? ((bytes) => fromBinary(schema, bytes));
}

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
