import {
  create,
  type DescEnum,
  type DescField,
  type DescMessage,
  type DescOneof,
  type MessageShape,
  ScalarType,
  toBinary,
} from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { CallError, type Violation } from './errors.js';

/** A request that can be sent as it is. */
export interface EncodedRequest<S extends DescMessage> {
  /** The message. */
  readonly message: MessageShape<S>;
  /** The message as it goes to the service. */
  readonly bytes: Uint8Array;
  /** Number of its fields, items of lists among them. */
  readonly fields: number;
}

/** The service takes messages of 16 MiB; a push of a stream has a few bytes around it. */
const MAX_BYTES = 16 * 1024 * 1024 - 64;
/** The service takes no larger request; the largest that it has a use for has some 1200. */
const MAX_FIELDS = 10_000;
/** The service reads no deeper than 100 messages in one another, those around a push among them. */
const MAX_DEPTH = 50;
/** Maximum number of fields that an error names: a few tell what is wrong with a thousand. */
const MAX_VIOLATIONS = 20;

/**
 * Encodes what a caller wants to send, before anything of it is on its way: what the schema has no room for fails its
 * own call, and nothing beside it. A `Date` counts as its Timestamp, a word as its enum's number, `null` as absent.
 *
 * @throws CallError INVALID_ARGUMENT naming the fields, never their values
 */
export function encodeRequest<S extends DescMessage>(schema: S, request: unknown): EncodedRequest<S> {
  const reading: Reading = { violations: [], fields: 0 };
  const init = readMessage(schema, request, '', 0, reading);
  if (reading.violations.length > 0) throw invalidRequest(reading.violations);
  // Every member was found in the schema, with the type that it has there.
  const message = create(schema, init as Parameters<typeof create<S>>[1]);
  const bytes = toBinary(schema, message);
  if (bytes.length > MAX_BYTES) throw new CallError('INVALID_ARGUMENT', 'The request is too large');
  return { message, bytes, fields: reading.fields };
}

/** Makes the error of a request that was not sent. */
export function invalidRequest(violations: readonly Violation[]): CallError {
  const words = violations.map(({ field, rule }) => (field === '' ? `The request ${rule}` : `${field} ${rule}`));
  return new CallError('INVALID_ARGUMENT', words.join('; '), { reason: 'INVALID_FIELDS', violations });
}

interface Reading {
  readonly violations: Violation[];
  fields: number;
}

const MEMBERS = new WeakMap<DescMessage, ReadonlyMap<string, DescField | DescOneof>>();

function membersOf(schema: DescMessage): ReadonlyMap<string, DescField | DescOneof> {
  let members = MEMBERS.get(schema);
  if (members === undefined) {
    members = new Map(schema.members.map((member) => [member.localName, member]));
    MEMBERS.set(schema, members);
  }
  return members;
}

/** A message's members as `create` takes them; undefined where something is wrong. */
function readMessage(schema: DescMessage, value: unknown, path: string, depth: number, reading: Reading): unknown {
  const refuse = (rule: string): undefined => violate(reading, path, rule);
  if (value instanceof Date && schema.typeName === 'google.protobuf.Timestamp') {
    return Number.isNaN(value.getTime()) ? refuse('must be a valid date') : timestampFromDate(value);
  }
  if (!isObject(value)) return refuse(`must be an object with the fields of ${schema.name}`);
  if (depth > MAX_DEPTH) return refuse('is nested too deeply');
  const members = membersOf(schema);
  const init: Record<string, unknown> = {};
  for (const name of Object.keys(value)) {
    const given = value[name];
    if (given === undefined || given === null || name === '$typeName' || name === '$unknown') continue;
    const member = members.get(name);
    if (member === undefined) violate(reading, join(path, name.slice(0, 100)), `is not a field of ${schema.name}`);
    else if (member.kind === 'oneof') init[name] = readOneof(member, given, path, depth, reading);
    else init[name] = readField(member, given, join(path, name), depth, reading);
  }
  return init;
}

function readOneof(oneof: DescOneof, value: unknown, path: string, depth: number, reading: Reading): unknown {
  if (!isObject(value)) return violate(reading, join(path, oneof.localName), 'must be an object with case and value');
  if (value.case === undefined || value.case === null) return undefined;
  const field = oneof.fields.find(({ localName }) => localName === value.case);
  if (field === undefined) {
    const known = oneof.fields.map(({ localName }) => localName).join(', ');
    return violate(reading, join(path, `${oneof.localName}.case`), `must be one of ${known}`);
  }
  return { case: value.case, value: readField(field, value.value, join(path, field.localName), depth, reading) };
}

function readField(field: DescField, value: unknown, path: string, depth: number, reading: Reading): unknown {
  if (field.fieldKind === 'list') {
    if (!Array.isArray(value)) return violate(reading, path, 'must be an array');
    // Not looked at one by one.
    if (value.length > MAX_FIELDS) return violate(reading, path, 'has too many items');
    return value.map((item: unknown, index) => readValue(field, item, `${path}[${index}]`, depth, reading));
  }
  return readValue(field, value, path, depth, reading);
}

function readValue(field: DescField, value: unknown, path: string, depth: number, reading: Reading): unknown {
  reading.fields += 1;
  if (reading.fields > MAX_FIELDS) {
    return reading.fields === MAX_FIELDS + 1 ? violate(reading, path, 'is one field too many') : undefined;
  }
  if (field.message) return readMessage(field.message, value, path, depth + 1, reading);
  if (field.enum) return readEnum(field.enum, value, path, reading);
  const scalar = field.scalar === undefined ? undefined : SCALARS[field.scalar];
  if (scalar === undefined || scalar.fits(value)) return value;
  return violate(reading, path, scalar.rule);
}

/** A number of the enum, or one of its words: `IOS`, as REST has it, or `PLATFORM_IOS`. */
function readEnum(schema: DescEnum, value: unknown, path: string, reading: Reading): unknown {
  if (isInteger(value, -(2 ** 31), 2 ** 31 - 1)) return value;
  if (schema.name === 'Platform' && value === 'ALL') return 0;
  const known = schema.values.find(({ name, localName }) => value === localName || value === name);
  if (known !== undefined) return known.number;
  const words = schema.values.filter(({ number }) => number !== 0).map(({ localName }) => localName);
  return violate(reading, path, `must be a ${schema.name}, or one of ${words.join(', ')}`);
}

interface Scalar {
  readonly rule: string;
  fits(value: unknown): boolean;
}

const integer = (min: number, max: number): Scalar => ({
  rule: `must be a whole number from ${min} to ${max}`,
  fits: (value) => isInteger(value, min, max),
});

/** The kinds that requests have. */
const SCALARS: { readonly [K in ScalarType]?: Scalar } = {
  [ScalarType.STRING]: {
    rule: 'must be a string without halves of surrogate pairs',
    fits: (value) => typeof value === 'string' && value.isWellFormed(),
  },
  [ScalarType.BOOL]: { rule: 'must be true or false', fits: (value) => typeof value === 'boolean' },
  [ScalarType.DOUBLE]: { rule: 'must be a number', fits: (value) => typeof value === 'number' },
  [ScalarType.UINT32]: integer(0, 2 ** 32 - 1),
  [ScalarType.INT32]: integer(-(2 ** 31), 2 ** 31 - 1),
  [ScalarType.INT64]: {
    rule: 'must be a BigInt of 64 bits',
    fits: (value) => typeof value === 'bigint' && BigInt.asIntN(64, value) === value,
  },
};

function isInteger(value: unknown, min: number, max: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
}

/** Returns true if a value has members. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function violate({ violations }: Reading, field: string, rule: string): undefined {
  if (violations.length < MAX_VIOLATIONS) violations.push({ field, rule });
}
