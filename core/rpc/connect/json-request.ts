import {
  type DescEnum,
  type DescField,
  type DescMessage,
  type DescMethod,
  fromJson,
  type JsonValue,
  type Message,
  ScalarType,
} from '@bufbuild/protobuf';
import { OnePushError, type Violation } from '../../../common/errors.js';
import { boundsOfJson } from '../../../common/json/bounds.js';
import { decodeJson, parseJson } from '../../../common/json/fault.js';
import { PlatformSchema } from '../../../gen/onepush/v1/device_pb.js';
import { MAX_FIELDS, maxBytesOf, tooLarge } from '../request-decoding.js';

/** A message names at most so many fields: what is wrong with a thousand of them is clear from a few. */
const MAX_VIOLATIONS = 20;
/** Deeper than any request is, and as deep as the reader goes. */
const MAX_DEPTH = 100;

type JsonObject = { [name: string]: JsonValue };

/**
 * Reads a request from JSON: Protobuf's own mapping, and the short words of REST for enums (`IOS` for `PLATFORM_IOS`).
 * A field or a word that the schema does not know is refused: a push whose platform or whose `dryRun` is misspelt must
 * not go to more devices, or go at all.
 *
 * @throws OnePushError BODY_TOO_LARGE, MALFORMED_JSON, NOT_AN_OBJECT or INVALID_FIELDS, without a word of what the JSON
 * says
 */
export function decodeJsonRequest(method: DescMethod, bytes: Uint8Array): Message {
  if (bytes.length > maxBytesOf(method)) throw tooLarge(method);
  if (!boundsOfJson(bytes, MAX_FIELDS, MAX_DEPTH)) {
    throw new OnePushError('MALFORMED_JSON', { hint: `it may have ${MAX_FIELDS} values, ${MAX_DEPTH} levels deep` });
  }
  // Safe: JSON.parse makes nothing else.
  const value = parseJson(decodeJson(bytes)) as JsonValue;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new OnePushError('NOT_AN_OBJECT');
  const violations: Violation[] = [];
  checkMessage(method.input, value, '', violations);
  if (violations.length > 0) throw new OnePushError('INVALID_FIELDS', { violations });
  try {
    return fromJson(method.input, value);
  } catch {
    // The reader's own message repeats what it read. What it finds and the check does not: a field that is there under
    // both of its names.
    throw new OnePushError('MALFORMED_JSON', { hint: 'it does not fit the schema' });
  }
}

/** Names what is wrong with a message, and puts the names of the schema in the place of short words. */
function checkMessage(schema: DescMessage, json: JsonObject, at: string, found: Violation[]): void {
  for (const [name, value] of Object.entries(json)) {
    if (found.length >= MAX_VIOLATIONS) return;
    const field = schema.fields.find((candidate) => candidate.jsonName === name || candidate.name === name);
    if (field === undefined) {
      const known = schema.fields.map(({ jsonName }) => jsonName).join(', ');
      found.push({ field: at === '' ? 'the body' : at, rule: `has a field that is not known; known are ${known}` });
    } else if (value !== null) {
      const place = at === '' ? field.jsonName : `${at}.${field.jsonName}`;
      json[name] = checkField(field, value, place, found);
    }
  }
}

/** Checks a field. Returns the value that takes its place. */
function checkField(field: DescField, value: JsonValue, at: string, found: Violation[]): JsonValue {
  if (field.fieldKind !== 'list') return checkValue(field, value, at, found);
  if (!Array.isArray(value)) {
    found.push({ field: at, rule: 'must be a list' });
    return value;
  }
  for (const [index, item] of value.entries()) {
    if (found.length >= MAX_VIOLATIONS) break;
    value[index] = checkValue(field, item, `${at}[${index}]`, found);
  }
  return value;
}

function checkValue(field: DescField, value: JsonValue, at: string, found: Violation[]): JsonValue {
  const broken = (rule: string): JsonValue => {
    found.push({ field: at, rule });
    return value;
  };
  if (field.enum !== undefined) return checkEnum(field.enum, value, broken);
  if (field.message !== undefined) {
    if (field.message.typeName === 'google.protobuf.Timestamp') {
      return isTimestamp(value) ? value : broken('must be a time such as 2027-01-31T12:00:00Z');
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return broken('must be an object');
    checkMessage(field.message, value, at, found);
    return value;
  }
  switch (field.scalar) {
    case ScalarType.STRING:
      return typeof value === 'string' && value.isWellFormed() ? value : broken('must be a string');
    case ScalarType.BOOL:
      return typeof value === 'boolean' ? value : broken('must be true or false');
    case ScalarType.INT32:
      return isInteger(value, -(2 ** 31), 2 ** 31 - 1) ? value : broken('must be a whole number of 32 bits');
    case ScalarType.UINT32:
      return isInteger(value, 0, 2 ** 32 - 1) ? value : broken('must be a whole number from 0 to 4294967295');
    default:
      return isNumber(value) ? value : broken('must be a finite number');
  }
}

function checkEnum(schema: DescEnum, value: JsonValue, broken: (rule: string) => JsonValue): JsonValue {
  // Whether the schema knows the number is for the rules that all requests keep.
  if (isInteger(value, -(2 ** 31), 2 ** 31 - 1) && typeof value === 'number') return value;
  const word = schema.values.find(({ name, localName }) => name === value || localName === value);
  if (word !== undefined) return word.name;
  // REST's word for no platform in particular.
  if (schema === PlatformSchema && value === 'ALL') return 0;
  return broken(`must be one of ${schema.values.map(({ name }) => name).join(', ')}`);
}

function isInteger(value: JsonValue, min: number, max: number): boolean {
  const number = toNumber(value);
  return Number.isInteger(number) && number >= min && number <= max;
}

function isNumber(value: JsonValue): boolean {
  return Number.isFinite(toNumber(value));
}

/** Protobuf's JSON takes numbers as texts too. */
function toNumber(value: JsonValue): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value !== '' && value.trim() === value ? Number(value) : Number.NaN;
}

const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

function isTimestamp(value: JsonValue): boolean {
  return typeof value === 'string' && TIMESTAMP.test(value) && !Number.isNaN(Date.parse(value));
}
