import { Type } from '@sinclair/typebox';
import { describe, expect, it } from 'vitest';
import { createChecker } from '../../../../common/contract/check.js';
import { isEveryone, Label, LIMITS, Name, ruled, Text, Word } from '../../../../common/contract/fields.js';
import { OnePushError } from '../../../../common/errors.js';

const checker = createChecker(
  Type.Object({
    name: Name('a string'),
    label: Label(5, 1),
    text: Type.Optional(Text(10)),
    word: Type.Optional(Word(['RED', 'BLUE'])),
    list: Type.Optional(Type.Array(Label(3, 1), ruled('must be a list of at most 50 labels', { maxItems: 50 }))),
    nested: Type.Optional(Type.Object({ list: Type.Array(Label(3)) })),
  }),
);
const VALID = { name: 'n', label: 'l' };
const fieldsOf = (value: unknown) => checker.violations(value).map(({ field }) => field);

describe('createChecker', () => {
  it('hands a valid value on as it is, with what it does not know', () => {
    const value = { ...VALID, text: '', word: 'RED', list: [], more: 1 };
    expect(checker.parse(value)).toBe(value);
    expect(checker.violations(value)).toEqual([]);
  });

  it('throws INVALID_FIELDS with every violation', () => {
    const parse = () => checker.parse({ name: '', label: 1, word: 'GREEN' });
    expect(parse).toThrow(OnePushError);
    expect(parse).toThrow(
      /^Some fields are not as documented: name must .*; label must .*; word must be one of RED, BLUE$/,
    );
  });

  it('names each offending field once, in the order of the schema', () => {
    expect(
      fieldsOf({ list: 'x', word: 1, text: {}, label: '\u0000\u0000\u0000\u0000\u0000\u0000', name: 'ALL' }),
    ).toEqual(['name', 'label', 'text', 'word', 'list']);
  });

  it('names missing fields before others', () => {
    expect(fieldsOf({ name: '', word: 1 })).toEqual(['label', 'name', 'word']);
  });

  it('says of a missing field that it is required, and what it must be', () => {
    const rules = checker.violations({}).map(({ field, rule }) => `${field} ${rule}`);
    expect(rules).toEqual([
      expect.stringMatching(/^name is required: it must be a string of 1 to 255 characters/),
      'label is required: it must be a string of 1 to 5 characters, without control characters',
    ]);
  });

  it('names elements by their index and members by their path', () => {
    expect(fieldsOf({ ...VALID, list: ['a', '', 'b', 4], nested: { list: ['a', 'long'] } })).toEqual([
      'list[1]',
      'list[3]',
      'nested.list[1]',
    ]);
  });

  it('names a list that is too long once, and at most 20 fields', () => {
    expect(fieldsOf({ ...VALID, list: Array(51).fill('a') })).toEqual(['list']);
    expect(fieldsOf({ ...VALID, list: Array(40).fill('') })).toHaveLength(20);
  });

  it.each([undefined, null, 1, 'x', [], true])('refuses what is no object: %j', (value) => {
    expect(checker.violations(value).length).toBeGreaterThan(0);
  });

  it('does not look at prototypes', () => {
    expect(fieldsOf(JSON.parse('{"__proto__":{"name":"n","label":"l"}}'))).toEqual(['name', 'label']);
  });

  it('repeats no value', () => {
    const text = JSON.stringify(
      checker.violations({ name: 'secret\n', label: 'secret', word: 'secret', list: ['secret'] }),
    );
    expect(text).toContain('list[0]');
    expect(text).not.toContain('secret');
  });
});

describe('the kinds of fields', () => {
  const isValid = (schema: Parameters<typeof createChecker>[0], value: unknown) =>
    createChecker(Type.Object({ value: schema })).violations({ value }).length === 0;

  it.each([
    ['a', true],
    ['é😀', true],
    [' ', true],
    ['allo', true],
    ['x'.repeat(LIMITS.name), true],
    ['x'.repeat(LIMITS.name + 1), false],
    ['', false],
    ['ALL', false],
    ['aLl', false],
    ['a\n', false],
    ['\u007f', false],
    ['\ud83d', false],
    [1, false],
    [null, false],
  ])('a name may be %j: %s', (value, expected) => {
    expect(isValid(Name('a string'), value)).toBe(expected);
  });

  it('a label may be ALL, a text may have control characters, and both must be whole', () => {
    expect(isValid(Label(5), 'ALL')).toBe(true);
    expect(isValid(Label(5), '')).toBe(true);
    expect(isValid(Label(5, 1), '')).toBe(false);
    expect(isValid(Label(5), 'a\tb')).toBe(false);
    expect(isValid(Text(5), 'a\n\u0000')).toBe(true);
    expect(isValid(Text(5), 'toolong')).toBe(false);
    for (const half of ['\ud83d', '\ude00\ud83d']) {
      expect(isValid(Label(5), half)).toBe(false);
      expect(isValid(Text(5), half)).toBe(false);
    }
  });

  it('a word is one of its words, to the letter', () => {
    for (const value of ['RED', 'BLUE']) expect(isValid(Word(['RED', 'BLUE']), value)).toBe(true);
    for (const value of ['red', '', 'RED ', 0, ['RED'], 'toString'])
      expect(isValid(Word(['RED', 'BLUE']), value)).toBe(false);
  });

  it('extra is JSON or nothing, and at most 1 MiB', () => {
    const schema = Type.String({ format: 'extra' });
    for (const value of ['', '1', '{"a":1e400}', '"\\ud83d"', ' [] ']) expect(isValid(schema, value)).toBe(true);
    for (const value of ['{', "{'a':1}", 'NaN', '"\ud83d"', ' ']) expect(isValid(schema, value)).toBe(false);
    const ofBytes = (bytes: number) => `"é${'x'.repeat(bytes - 4)}"`;
    expect(isValid(schema, ofBytes(LIMITS.extraBytes))).toBe(true);
    expect(isValid(schema, ofBytes(LIMITS.extraBytes + 1))).toBe(false);
  });

  it('everyone is ALL in any case, and nothing else', () => {
    for (const value of ['ALL', 'all', 'All', 'aLL']) expect(isEveryone(value)).toBe(true);
    for (const value of ['', 'AL', 'ALLE', ' ALL', 'ALL ', 'ＡＬＬ', 'A\u0000L']) expect(isEveryone(value)).toBe(false);
  });
});
