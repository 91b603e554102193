import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';

/** A message as its bytes are walked: its nested messages, and the lists whose numbers stand together. */
interface Shape {
  nested: Map<number, Shape>;
  packed: Set<number>;
}

/** As deep as Protobuf's readers go. */
const MAX_DEPTH = 100;

const shapes = new Map<DescMessage, Shape>();

function shapeOf(schema: DescMessage): Shape {
  const known = shapes.get(schema);
  if (known !== undefined) return known;
  const shape: Shape = { nested: new Map(), packed: new Set() };
  // Before its fields: a message may have itself within.
  shapes.set(schema, shape);
  for (const field of schema.fields) {
    if (field.message !== undefined && field.fieldKind !== 'map')
      shape.nested.set(field.number, shapeOf(field.message));
    else if (isListOfNumbers(field)) shape.packed.add(field.number);
  }
  return shape;
}

/** Returns true if a reader takes many items from one field: it does so whether the schema says packed or not. */
function isListOfNumbers(field: DescField): boolean {
  if (field.fieldKind !== 'list') return false;
  return field.listKind === 'enum' || (field.scalar !== ScalarType.STRING && field.scalar !== ScalarType.BYTES);
}

/**
 * Says whether a message has at most so many fields, those of nested messages and items of lists counted, by a walk
 * over its bytes that makes nothing: two bytes become an object of hundreds when they are decoded. False as well for
 * what is broken.
 *
 * Hot: one walk for each large message, some nanoseconds a field. A short one cannot have too many, and is not walked.
 */
export function hasAtMost(maxFields: number, schema: DescMessage, bytes: Uint8Array): boolean {
  return bytes.length <= maxFields || new Walk(bytes, maxFields).message(shapeOf(schema), bytes.length, 1);
}

class Walk {
  private at = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private left: number,
  ) {}

  /** Walks the fields up to `end`; false as soon as they are too many, or broken. */
  message(shape: Shape, end: number, depth: number): boolean {
    if (depth > MAX_DEPTH) return false;
    while (this.at < end) {
      if (--this.left < 0 || !this.field(shape, depth)) return false;
      if (this.at > end) return false;
    }
    return true;
  }

  private field(shape: Shape, depth: number): boolean {
    const tag = this.varint();
    switch (tag & 7) {
      case 0:
        return this.varint() >= 0;
      case 1:
        this.at += 8;
        return true;
      case 2:
        return this.delimited(shape, tag >>> 3, depth);
      case 5:
        this.at += 4;
        return true;
      default:
        return false;
    }
  }

  private delimited(shape: Shape, field: number, depth: number): boolean {
    const length = this.varint();
    const end = this.at + length;
    if (length < 0 || end > this.bytes.length) return false;
    const nested = shape.nested.get(field);
    if (nested !== undefined) return this.message(nested, end, depth + 1) && this.at === end;
    if (shape.packed.has(field)) this.left -= length;
    this.at = end;
    return this.left >= 0;
  }

  /** The number's lower 32 bits; negative where there is none, or one that no length and no tag can be. */
  private varint(): number {
    let value = 0;
    for (let count = 0; count < 10; count++) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) return -1;
      if (count < 5) value += (byte & 0x7f) * 2 ** (7 * count);
      if (byte < 0x80) return value;
    }
    return -1;
  }
}
