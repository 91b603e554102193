import type { TSchema } from '@sinclair/typebox';

/** JSON Schema of draft 2020-12, as OpenAPI 3.1 has it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** A sentence without its full stop for each member, by name. */
export type Meanings = Readonly<Record<string, string>>;

/** Formats that other programs know, by ours. */
const KNOWN_FORMATS: Readonly<Record<string, string>> = { 'date-time': 'date-time', instant: 'date-time' };
/** Fields whose text is checked in place of their value. */
const OF_TEXT: Readonly<Record<string, JsonSchema>> = {
  'bounded-extra': {},
  overrides: { type: 'object', additionalProperties: { type: 'object' } },
};
const KEPT = [
  'title',
  'type',
  'enum',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'pattern',
  'required',
  'description',
];

/**
 * Turns a schema by which bodies are checked into one that other programs read: its rule becomes the description,
 * formats of our own go, and a choice of words is an enum.
 */
export function toJsonSchema(schema: TSchema): JsonSchema {
  const rule: unknown = schema.rule;
  const described = typeof rule === 'string' ? { description: `It ${rule}.` } : {};
  // A Word is a union of literals.
  if (Array.isArray(schema.anyOf)) {
    return { type: 'string', enum: schema.anyOf.map((word: TSchema): unknown => word.const), ...described };
  }
  const format = typeof schema.format === 'string' ? schema.format : '';
  const kept = Object.fromEntries(
    KEPT.filter((name) => schema[name] !== undefined).map((name) => [name, schema[name]]),
  );
  return {
    ...(OF_TEXT[format] ?? kept),
    ...(KNOWN_FORMATS[format] === undefined ? {} : { format: KNOWN_FORMATS[format] }),
    ...(schema.type === 'object' ? { properties: propertiesOf(schema) } : {}),
    ...(schema.type === 'array' ? { items: toJsonSchema(schema.items) } : {}),
    ...described,
  };
}

/** Returns the members of an object's schema, by their names. */
export function propertiesOf(schema: TSchema, meanings: Meanings = {}): Record<string, JsonSchema> {
  const properties: Record<string, TSchema> = schema.properties;
  return Object.fromEntries(
    Object.entries(properties).map(([name, member]) => [name, withMeaning(toJsonSchema(member), meanings[name])]),
  );
}

/** Returns the same with what each member means in front of its rule. */
export function explain(schema: TSchema, meanings: Meanings): JsonSchema {
  return { ...toJsonSchema(schema), properties: propertiesOf(schema, meanings) };
}

/** Returns a schema whose description begins with a meaning. */
export function withMeaning(schema: JsonSchema, meaning: string | undefined): JsonSchema {
  if (meaning === undefined) return schema;
  const { description: rule } = schema;
  return { ...schema, description: typeof rule === 'string' ? `${meaning}. ${rule}` : `${meaning}.` };
}
