/**
 * Writes Protobuf into one growing buffer. Lengths of nested messages and long strings take five bytes whatever they
 * are, which every reader accepts, so that nothing is measured before it is written.
 */
export interface Writer {
  /** Fields that have their default are not written: the callers see to it where that matters. */
  uint32(tag: number, value: number): void;
  /** May be negative. */
  int32(tag: number, value: number): void;
  /** Writes a field. */
  bool(tag: number, value: boolean): void;
  /** Writes a field. */
  double(tag: number, value: number): void;
  /** Writes a field in UTF-8. */
  string(tag: number, value: string): void;
  /** Writes a field, a message that is encoded already too. */
  bytes(tag: number, value: Uint8Array): void;
  /** Writes a list whose numbers stand together. */
  packedDoubles(tag: number, values: readonly number[]): void;
  /** May be negative. */
  packedInt32(tag: number, values: readonly number[]): void;
  /** Writes a list whose numbers stand together. */
  packedUint32(tag: number, values: readonly number[]): void;
  /** Begins a nested message; `end` takes what this answers. */
  begin(tag: number): number;
  /** Ends the nested message of this mark. */
  end(mark: number): void;
  /** Returns what was written, as a buffer of its own; the writer begins anew. */
  finish(): Buffer;
}

const LENGTH_BYTES = 5;
/** A string of so many UTF-16 units has a length of one byte in any case. */
const SHORT = 42;
const MAX_KEPT = 4 * 1024 * 1024;

/** Returns an empty writer. */
export function createWriter(): Writer {
  let buffer = Buffer.allocUnsafeSlow(64 * 1024);
  let at = 0;

  function ensure(bytes: number): void {
    if (at + bytes <= buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(buffer.length * 2, at + bytes));
    buffer.copy(larger, 0, 0, at);
    buffer = larger;
  }

  function varint(value: number): void {
    let left = value;
    while (left > 0x7f) {
      buffer[at++] = (left & 0x7f) | 0x80;
      left >>>= 7;
    }
    buffer[at++] = left;
  }

  function signed(value: number): void {
    if (value >= 0) {
      varint(value);
      return;
    }
    // The sign goes up to 64 bits: 32 of the value, and ones.
    let left = value;
    for (let count = 0; count < 9; count++) {
      buffer[at++] = (left & 0x7f) | 0x80;
      left >>= 7;
    }
    buffer[at++] = 1;
  }

  /** A length in its five bytes. */
  function length(where: number, value: number): void {
    buffer[where] = (value & 0x7f) | 0x80;
    buffer[where + 1] = ((value >>> 7) & 0x7f) | 0x80;
    buffer[where + 2] = ((value >>> 14) & 0x7f) | 0x80;
    buffer[where + 3] = ((value >>> 21) & 0x7f) | 0x80;
    buffer[where + 4] = value >>> 28;
  }

  return {
    uint32(tag, value) {
      ensure(15);
      varint(tag);
      varint(value);
    },
    int32(tag, value) {
      ensure(15);
      varint(tag);
      signed(value);
    },
    bool(tag, value) {
      ensure(6);
      varint(tag);
      buffer[at++] = value ? 1 : 0;
    },
    double(tag, value) {
      ensure(13);
      varint(tag);
      at = buffer.writeDoubleLE(value, at);
    },
    string(tag, value) {
      ensure(10 + value.length * 3);
      varint(tag);
      if (value.length <= SHORT) {
        const written = buffer.write(value, at + 1);
        buffer[at] = written;
        at += 1 + written;
        return;
      }
      const written = buffer.write(value, at + LENGTH_BYTES);
      length(at, written);
      at += LENGTH_BYTES + written;
    },
    bytes(tag, value) {
      ensure(10 + value.length);
      varint(tag);
      varint(value.length);
      buffer.set(value, at);
      at += value.length;
    },
    packedDoubles(tag, values) {
      ensure(10 + values.length * 8);
      varint(tag);
      varint(values.length * 8);
      for (const value of values) at = buffer.writeDoubleLE(value, at);
    },
    packedInt32(tag, values) {
      ensure(10 + values.length * 10);
      varint(tag);
      const where = at;
      at += LENGTH_BYTES;
      for (const value of values) signed(value);
      length(where, at - where - LENGTH_BYTES);
    },
    packedUint32(tag, values) {
      ensure(10 + values.length * 5);
      varint(tag);
      const where = at;
      at += LENGTH_BYTES;
      for (const value of values) varint(value);
      length(where, at - where - LENGTH_BYTES);
    },
    begin(tag) {
      ensure(10);
      varint(tag);
      at += LENGTH_BYTES;
      return at;
    },
    end(mark) {
      length(mark - LENGTH_BYTES, at - mark);
    },
    finish() {
      const written = Buffer.from(buffer.subarray(0, at));
      at = 0;
      if (buffer.length > MAX_KEPT) buffer = Buffer.allocUnsafeSlow(64 * 1024);
      return written;
    },
  };
}
