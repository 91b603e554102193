import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { post, request } from '../support/rest.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';

/** The part of JSON Schema that the document has. */
interface Schema {
  type?: string;
  enum?: unknown[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  maxItems?: number;
  pattern?: string;
  additionalProperties?: Schema;
}

interface Document {
  components: { schemas: Record<string, Schema> };
}

let stack: Stack;
let schemas: Record<string, Schema>;
beforeAll(async () => {
  // More than any field may have.
  stack = await startStack({ edgeEnv: { ONEPUSH_MAX_BODY_BYTES: '1000000' } });
  const { body, headers } = await request<Document>(stack.httpUrl, '/openapi.json');
  expect(headers.get('content-type')).toContain('application/json');
  schemas = body.components.schemas;
});
afterAll(() => stack.stop());

/** Values that the schema allows. Texts are short and plain: limits of length are tried by `spoil`. */
function valid(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map(valid));
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
      const members = Object.entries(properties).map(([name, member]) => [name, valid(member)]);
      return fc.record<Record<string, unknown>>(Object.fromEntries(members), { requiredKeys: required });
    }
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

/** Values that the schema does not allow, nor anything of the documented coercions. */
function spoil({ type, enum: words, maxLength, maximum, maxItems, items }: Schema): unknown[] {
  if (words !== undefined) return ['NO SUCH WORD', 5, {}];
  if (type === 'string') return [{}, ['a'], ...(maxLength === undefined ? [] : ['x'.repeat(maxLength + 1)])];
  if (type === 'integer') return ['many', {}, 1.5, ...(maximum === undefined ? [] : [maximum + 1])];
  if (type === 'boolean') return ['perhaps', {}, []];
  if (type === 'array')
    return [{}, [{}], ...(maxItems === undefined || items === undefined ? [] : [Array(maxItems + 1).fill('a')])];
  if (type === 'object') return [5, 'text', []];
  return [];
}

describe.each([
  [
    'RegisterBody',
    '/msgpush/register',
    { appId: TEST_APP.appId, nativeToken: undefined, mobile: undefined, push: undefined },
  ],
  ['SendBody', '/msgpush/send', { ...TEST_APP, sendAt: undefined, clearOnRead: undefined, push: undefined }],
] as const)('a %s', (name, path, fixed) => {
  const bodies = () => valid({ ...schemas[name], type: 'object' }).map((body) => withFixed(body, fixed));

  it('that the OpenAPI document allows is taken', async () => {
    await fc.assert(
      fc.asyncProperty(bodies(), async (body) => {
        const answer = await post(stack.httpUrl, path, body);
        expect([answer.status, answer.text]).toEqual([200, answer.text]);
      }),
      { numRuns: 40 },
    );
  });

  it('that it does not allow is refused, by the name of the field', async () => {
    const [body] = fc.sample(bodies(), 1);
    for (const [field, schema] of Object.entries(schemas[name]?.properties ?? {})) {
      const choices = schema.anyOf?.[0] ?? schema;
      for (const value of spoil(choices)) {
        const answer = await post(stack.httpUrl, path, { ...body, [field]: value });
        expect([field, value, answer.status, answer.body.field?.split(/[.[]/)[0]]).toEqual([field, value, 400, field]);
      }
    }
    for (const field of schemas[name]?.required ?? []) {
      const answer = await post(stack.httpUrl, path, { ...body, [field]: undefined });
      expect([field, answer.status, answer.body.field]).toEqual([field, 400, field]);
    }
  });
});

/** The body with members in place of made-up ones: undefined leaves an optional one out, and fills a required one. */
function withFixed(body: unknown, fixed: Readonly<Record<string, unknown>>): Record<string, unknown> {
  // `valid` of an object makes objects.
  const members = { ...(body as Record<string, unknown>), ...fixed };
  return 'nativeToken' in fixed ? { ...members, nativeToken: crypto.randomUUID() } : members;
}
