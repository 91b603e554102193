import { type DescMessage, fromBinary, type MessageShape } from '@bufbuild/protobuf';
import { BinaryReader } from '@bufbuild/protobuf/wire';

/** Reads a message that goes up to `end`. */
export type Read<T> = (reader: BinaryReader, end: number) => T;

/** What a reader of ours does not know is left to the one that reads by the descriptor. */
export function unusual(): never {
  throw new Error('unusual');
}

/** A nested message, with its length before it. */
export function readMessage<T>(reader: BinaryReader, read: Read<T>): T {
  const end = reader.uint32() + reader.pos;
  const message = read(reader, end);
  if (reader.pos !== end) unusual();
  return message;
}

export function readPackedDoubles(reader: BinaryReader, into: number[]): void {
  const end = reader.uint32() + reader.pos;
  while (reader.pos < end) into.push(reader.double());
  if (reader.pos !== end) unusual();
}

export function readPackedUint32(reader: BinaryReader, into: number[]): void {
  const end = reader.uint32() + reader.pos;
  while (reader.pos < end) into.push(reader.uint32());
  if (reader.pos !== end) unusual();
}

/** A decoder that reads what is usual fast, and all else, what is broken too, by the descriptor. */
export function toDecoder<S extends DescMessage>(
  schema: S,
  read: Read<MessageShape<S>>,
): (bytes: Uint8Array) => MessageShape<S> {
  return (bytes) => {
    try {
      const reader = new BinaryReader(bytes);
      const message = read(reader, bytes.length);
      if (reader.pos === bytes.length) return message;
    } catch {
      // Said by the other one, if it is an error.
    }
    return fromBinary(schema, bytes);
  };
}
