import type { TObject, TSchema } from '@sinclair/typebox';
import { isJsonObject, rawElements, rawMembers } from '../../common/json/json.js';

/** Stands for a field that counts as absent. */
const ABSENT = Symbol('absent');

/**
 * Reads the values of a body whose types are not the documented ones as the Jackson of the old product did, wherever
 * that cannot be misunderstood; docs/contract.md has the table. A number becomes the text that was written, to the
 * digit: an alias may have more digits than a double. Nothing is guessed: what has no sure meaning stays as it is, and
 * is refused by the schema. For bodies that the schema has refused; those of the documented types never come here.
 *
 * @param schema of the fields
 * @param body fields of `text`, and others; only what is no string may differ from what the text has
 * @param text what the body was parsed from
 * @returns a copy
 */
export function coerce(
  schema: TObject,
  body: Readonly<Record<string, unknown>>,
  text: string,
): Record<string, unknown> {
  const coerced = { ...body };
  let members: Map<string, string> | undefined;
  for (const [name, field] of Object.entries(schema.properties)) {
    const value = body[name];
    if (value === undefined) continue;
    const result = coerceField(field, value, () => {
      members ??= rawMembers(text);
      return members.get(name) ?? '';
    });
    if (result === ABSENT) delete coerced[name];
    else coerced[name] = result;
  }
  return coerced;
}

function coerceField(schema: TSchema, value: unknown, raw: () => string): unknown {
  if (isNested(schema)) return isJsonObject(value) ? coerce(schema, value, raw()) : value;
  if (schema.type === 'string') return toText(value, raw);
  if (schema.type === 'array') return toTexts(value, raw);
  if (schema.type === 'boolean') return toBoolean(value);
  if (schema.type === 'integer') return toInteger(value);
  return toWord(value);
}

/** As it was written: `10000` as "10000", `true` as "true". */
function toText(value: unknown, raw: () => string): unknown {
  return typeof value === 'number' || typeof value === 'boolean' ? raw() : value;
}

/** One value as a list of one. */
function toTexts(value: unknown, raw: () => string): unknown {
  if (!Array.isArray(value)) return typeof value === 'object' ? value : [toText(value, raw)];
  let elements: string[] | undefined;
  return value.map((element: unknown, index) =>
    toText(element, () => {
      elements ??= rawElements(raw());
      return elements[index] ?? '';
    }),
  );
}

/** "true" as true, 0 as false; "" and "null" as absent. */
function toBoolean(value: unknown): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? value !== 0 : value;
  if (typeof value !== 'string') return value;
  const word = value.trim();
  if (/^(true|True|TRUE)$/.test(word)) return true;
  if (/^(false|False|FALSE)$/.test(word)) return false;
  return isNothing(word) ? ABSENT : value;
}

/** "60" as 60; "" and "null" as absent. A fraction is none: Jackson cuts it off, and another number is left. */
function toInteger(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const text = value.trim();
  if (/^[+-]?\d+$/.test(text)) return Number(text);
  return isNothing(text) ? ABSENT : value;
}

/** `ios` as IOS. Never absent: a platform that is left empty must not become all of them. */
function toWord(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const word = value.trim();
  // ASCII only: in other alphabets there are letters whose capitals are ours.
  return /^[a-z_]+$/i.test(word) ? word.toUpperCase() : value;
}

/** Returns true if a field is an object with fields of its own. */
export function isNested(schema: TSchema): schema is TObject {
  return schema.type === 'object';
}

function isNothing(text: string): boolean {
  return text === '' || text === 'null';
}
