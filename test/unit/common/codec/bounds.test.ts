import { create, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasAtMost } from '../../../../common/codec/bounds.js';
import { boundsOfJson, isDeeperThan } from '../../../../common/json/bounds.js';
import { SendPushRequestSchema } from '../../../../gen/onepush/v1/push_pb.js';

const encode = (values: string[]) =>
  toBinary(
    SendPushRequestSchema,
    create(SendPushRequestSchema, {
      audience: { audience: { case: 'aliases', value: { values } } },
      alert: 'x'.repeat(100),
    }),
  );

describe('the bounds of a message', () => {
  it('count every field, those of nested messages and items of lists too', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { maxLength: 40 }), (values) => {
        // The alert, the audience and the list within it.
        const fields = values.length + 3;
        const bytes = encode(values);
        expect(hasAtMost(fields, SendPushRequestSchema, bytes)).toBe(true);
        expect(hasAtMost(fields - 1, SendPushRequestSchema, bytes)).toBe(false);
      }),
    );
  });

  it('count the numbers of a packed list', () => {
    const platforms = Array(50).fill(1);
    const audience = { audience: { case: 'platforms' as const, value: { values: platforms } } };
    const bytes = toBinary(SendPushRequestSchema, create(SendPushRequestSchema, { audience }));
    expect(hasAtMost(53, SendPushRequestSchema, bytes)).toBe(true);
    expect(hasAtMost(52, SendPushRequestSchema, bytes)).toBe(false);
  });

  it('hold for no broken bytes, and never throw', () => {
    const bytes = encode(Array(20).fill('name'));
    for (const broken of [bytes.subarray(0, -1), bytes.slice().fill(0xff, 0, 12), Buffer.alloc(100, 0x0b)]) {
      expect(hasAtMost(60, SendPushRequestSchema, broken)).toBe(false);
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (any) => void hasAtMost(5, SendPushRequestSchema, any)));
  });
});

describe('the bounds of JSON', () => {
  it('are those of its values', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (json) => {
        let values = 0;
        JSON.parse(json, (_, value) => {
          values++;
          return value;
        });
        // A list is counted itself and for its first item.
        expect(boundsOfJson(Buffer.from(json), values * 2, 10)).toBe(true);
      }),
    );
  });

  it('take no comma and no bracket of a text for more', () => {
    const text = JSON.stringify([`${'[,'.repeat(200)}"\\"\\\\`, '\\', ',']);
    expect(boundsOfJson(Buffer.from(text), 4, 1)).toBe(true);
  });

  it.each([
    ['values', `[${'1,'.repeat(200)}1]`],
    ['objects', `[${'{},'.repeat(200)}{}]`],
    ['levels', `${'['.repeat(200)}${']'.repeat(200)}`],
    ['levels that never end', '{"a":'.repeat(200)],
  ])('end at too many %s', (_, text) => {
    expect(boundsOfJson(Buffer.from(text), 150, 100)).toBe(false);
  });
});

describe('the levels of JSON', () => {
  const levelsOf = (value: unknown): number =>
    typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(levelsOf)) : 0;

  it('are those of what it is parsed to', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (json) => {
        const levels = levelsOf(JSON.parse(json));
        expect(isDeeperThan(json, levels)).toBe(false);
        if (levels > 0) expect(isDeeperThan(json, levels - 1)).toBe(true);
      }),
    );
  });

  it.each([
    ['1', 0],
    ['"[[{{"', 0],
    ['"\\"[["', 0],
    ['["\\\\",[]]', 2],
    ['[[],{},[]]', 2],
    [' {"a":[{"}":"]"}]} ', 3],
  ])('of %s are %d', (json, levels) => {
    expect(isDeeperThan(json, levels)).toBe(false);
    if (levels > 0) expect(isDeeperThan(json, levels - 1)).toBe(true);
  });
});
