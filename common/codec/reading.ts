import { type DescMessage, fromBinary, type Message } from '@bufbuild/protobuf';
import { BinaryReader } from '@bufbuild/protobuf/wire';

/** Reads a message that goes up to `end`. */
type Read<T> = (reader: BinaryReader, end: number) => T;

/** Number of messages in one another, of those that may go on without an end, in what is usual. */
const USUAL_DEPTH = 16;
let depth = 0;

/** Stands for a oneof of which nothing was read, until the end of its message. */
export const NOT_SET = { case: undefined } as const;

/** Leaves what is not as it is usually written to the reader that goes by the descriptor. */
export function fallBack(): never {
  throw new Error('not as it is usually written');
}

/** Begins a message that may have its like within: as deep as is usual. */
export function enter(): void {
  if (++depth > USUAL_DEPTH) fallBack();
}

/** Ends it. */
export function leave(): void {
  depth--;
}

/** Reads a list of numbers that stand together. */
export function readPackedDoubles(reader: BinaryReader, into: number[]): void {
  const end = reader.uint32() + reader.pos;
  while (reader.pos < end) into.push(reader.double());
  if (reader.pos !== end) fallBack();
}

/** As `readPackedDoubles`. */
export function readPackedInt32(reader: BinaryReader, into: number[]): void {
  const end = reader.uint32() + reader.pos;
  while (reader.pos < end) into.push(reader.int32());
  if (reader.pos !== end) fallBack();
}

/** As `readPackedDoubles`. */
export function readPackedUint32(reader: BinaryReader, into: number[]): void {
  const end = reader.uint32() + reader.pos;
  while (reader.pos < end) into.push(reader.uint32());
  if (reader.pos !== end) fallBack();
}

/** Returns a decoder that reads what is usual fast, and all else, what is broken too, by the descriptor. */
export function toDecoder(schema: DescMessage, read: Read<Message>): (bytes: Uint8Array) => Message {
  return (bytes) => readUsual(read, bytes) ?? fromBinary(schema, bytes);
}

/** Reads a message that is as it is usually written; undefined where it is not. */
export function readUsual(read: Read<Message>, bytes: Uint8Array): Message | undefined {
  depth = 0;
  try {
    return read(new BinaryReader(bytes), bytes.length);
  } catch {
    // Said by the other one, if it is an error.
    return undefined;
  }
}
