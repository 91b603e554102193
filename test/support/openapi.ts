import fc from 'fast-check';
import type { Schema } from '../../tools/rest-docs/openapi.js';

/**
 * Returns values that the schema allows. Texts are short and plain: limits of length are for `spoil`.
 *
 * @param fixed members in place of made-up ones; undefined leaves one out
 */
export function valid(schema: Schema, fixed: Readonly<Record<string, unknown>> = {}): fc.Arbitrary<unknown> {
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.pattern !== undefined) return fc.stringMatching(new RegExp(schema.pattern));
  switch (schema.type) {
    case 'string':
      return fc.string({
        minLength: Math.max(schema.minLength ?? 0, 5),
        maxLength: Math.min(schema.maxLength ?? 12, 12),
      });
    case 'integer':
      return fc.integer({ min: schema.minimum ?? -1000, max: schema.maximum ?? 1000 });
    case 'boolean':
      return fc.boolean();
    case 'array':
      return fc.array(valid(schema.items ?? {}), { minLength: 1, maxLength: 3 });
    case 'object': {
      const { properties = {}, required = [] } = schema;
      const members = Object.entries(properties)
        .filter(([name]) => !(name in fixed))
        .map(([name, member]) => [name, valid(member)] as const);
      const own = required.filter((name) => !(name in fixed));
      return fc
        .record<Record<string, unknown>>(Object.fromEntries(members), { requiredKeys: own })
        .map((made) => ({ ...made, ...fixed }));
    }
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

/** Returns values that the schema does not allow, nor anything of the documented coercions. */
export function spoil({ type, enum: words, maxLength, maximum, maxItems, items }: Schema): unknown[] {
  if (words !== undefined) return ['NO SUCH WORD', 5, {}];
  if (type === 'string') return [{}, ['a'], ...(maxLength === undefined ? [] : ['x'.repeat(maxLength + 1)])];
  if (type === 'integer') return ['many', {}, 1.5, ...(maximum === undefined ? [] : [maximum + 1])];
  if (type === 'boolean') return ['perhaps', {}, []];
  if (type === 'array')
    return [{}, [{}], ...(maxItems === undefined || items === undefined ? [] : [Array(maxItems + 1).fill('a')])];
  if (type === 'object') return [5, 'text', []];
  return [];
}

/** Returns where a value is not as its schema says, and why; empty: it is. Members that are not listed are named too. */
export function mismatches(value: unknown, schema: Schema, where = ''): string[] {
  const { type, enum: words, properties = {}, required = [], items, format, minimum } = schema;
  if (words !== undefined && !words.includes(value)) return [`${where}: ${String(value)} is no word of the list`];
  if (type === 'array') {
    if (!Array.isArray(value)) return [`${where}: no list`];
    return value.flatMap((item, index) => mismatches(item, items ?? {}, `${where}[${index}]`));
  }
  if (type === 'object') {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${where}: no object`];
    return [
      ...required.filter((name) => !(name in value)).map((name) => `${where}.${name}: missing`),
      ...Object.entries(value).flatMap(([name, member]) => {
        const known = properties[name];
        return known === undefined ? [`${where}.${name}: not listed`] : mismatches(member, known, `${where}.${name}`);
      }),
    ];
  }
  if (type === 'integer') {
    const fits = Number.isSafeInteger(value) && Number(value) >= (minimum ?? Number.NEGATIVE_INFINITY);
    return fits ? [] : [`${where}: ${String(value)} is no such number`];
  }
  if (type === 'string' && format === 'date-time') {
    return /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(String(value)) ? [] : [`${where}: no time`];
  }
  return type === undefined || typeof value === type ? [] : [`${where}: no ${type}`];
}
