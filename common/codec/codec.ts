import type { Message } from '@bufbuild/protobuf';
import type { BinaryReader } from '@bufbuild/protobuf/wire';
import type { Writer } from './writer.js';

/** The generated functions for one message. */
export interface Codec {
  /**
   * Reads a message that goes up to `end`. Throws where it is not as it is usually written: that is for the
   * descriptor's reader.
   */
  read(reader: BinaryReader, end: number): Message;
  /** Writes the fields of a message, whose types are not checked. */
  write(writer: Writer, message: Message): void;
}
