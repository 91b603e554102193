import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TSchema, Type } from '@sinclair/typebox';
import { describe, expect, it } from 'vitest';
import { createChecker } from '../../../../common/contract/check.js';
import { Label, Word } from '../../../../common/contract/fields.js';
import { coerce } from '../../../../edge/http/coerce.js';
import { ROOT } from '../../../support/dist.js';

const SCHEMAS: Readonly<Record<string, TSchema>> = {
  string: Label(255, 1),
  'list of strings': Type.Array(Label(255, 1), { minItems: 1 }),
  boolean: Type.Boolean(),
  'whole number': Type.Integer(),
  'one of words': Word(['ANDROID', 'IOS']),
};

/** What becomes of a field of this schema: its value as JSON, `absent` or `refused`. */
function read(field: TSchema, sent: string): string {
  const schema = Type.Object({ field: Type.Optional(field) });
  const text = `{ "other": "[{", "field" : ${sent} , "last": 1}`;
  const coerced = coerce(schema, JSON.parse(text), text);
  if (!createChecker(schema).accepts(coerced)) return 'refused';
  return 'field' in coerced ? JSON.stringify(coerced.field) : 'absent';
}

/** The rows of the contract's table. */
function tableRows(): [documented: string, sent: string, taken: string][] {
  const page = readFileSync(join(ROOT, 'docs/contract.md'), 'utf8');
  const table = page.slice(page.indexOf('| documented as '), page.indexOf('Jackson would also cut'));
  return table
    .split('\n')
    .slice(2)
    .filter((line) => line.startsWith('|'))
    .map((line) => {
      const [, documented = '', sent = '', taken = ''] = line.split('|').map((cell) => cell.trim());
      return [documented, sent.replaceAll('`', ''), taken.replaceAll('`', '')];
    });
}

describe('a value of another type than the documented one', () => {
  const rows = tableRows();

  it.each(rows)('%s: %s is taken as the contract says: %s', (documented, sent, taken) => {
    const schema = SCHEMAS[documented];
    if (schema === undefined) throw new Error(`the table has another kind: ${documented}`);
    expect(read(schema, sent)).toBe(taken.startsWith('[') ? JSON.stringify(JSON.parse(taken)) : taken);
  });

  it('has a row of each kind that is taken, and of each that is refused', () => {
    for (const kind of Object.keys(SCHEMAS)) {
      const taken = rows.filter(([documented]) => documented === kind).map((row) => row[2]);
      expect(taken).toContain('refused');
      expect(taken.some((value) => value !== 'refused')).toBe(true);
    }
  });

  it.each([
    ['string', '-0', '"-0"'],
    ['string', '1e400', '"1e400"'],
    ['string', '12345678901234567890123.4500', '"12345678901234567890123.4500"'],
    ['list of strings', '[ 1 ,\n"2", true,3.0]', '["1","2","true","3.0"]'],
    ['list of strings', '[]', 'refused'],
    ['list of strings', '""', 'refused'],
    ['list of strings', '[{"a":1}]', 'refused'],
    ['boolean', '"True"', 'true'],
    ['boolean', '"tRUE"', 'refused'],
    ['boolean', '1e400', 'refused'],
    ['boolean', '[true]', 'refused'],
    ['whole number', '"-5"', '-5'],
    ['whole number', '"1e3"', 'refused'],
    ['whole number', '"0x10"', 'refused'],
    ['whole number', '"١٢٣"', 'refused'],
    ['whole number', `"${'9'.repeat(400)}"`, 'refused'],
    ['one of words', '"ıos"', 'refused'],
    ['one of words', '"null"', 'refused'],
    ['one of words', '["IOS"]', 'refused'],
  ])('%s: %s is taken as %s', (documented, sent, taken) => {
    expect(read(SCHEMAS[documented] ?? Type.Never(), sent)).toBe(taken);
  });

  it('is taken as the last of members with one name, like the others', () => {
    const schema = Type.Object({ alias: Label(255, 1) });
    const text = '{"alias":"first","\\u0061lias":12345678901234567890}';
    expect(coerce(schema, JSON.parse(text), text)).toEqual({ alias: '12345678901234567890' });
  });
});
