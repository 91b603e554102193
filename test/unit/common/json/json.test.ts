import { describe, expect, it } from 'vitest';
import { rawMember } from '../../../../common/json/json.js';

describe('rawMember', () => {
  it.each([
    ['{}', undefined],
    [' \n{\t} ', undefined],
    ['{"b":1}', undefined],
    ['{"a":1.10}', '1.10'],
    ['{"a":1.10,"b":2}', '1.10'],
    ['{"b":2,"a":1.10}', '1.10'],
    ['{"a":9223372036854775807}', '9223372036854775807'],
    ['{"a":-0.0e+00}', '-0.0e+00'],
    ['{"a":1e400 }', '1e400'],
    ['{"a":true,"b":null}', 'true'],
    ['{"a":null}', 'null'],
    [' { "b" : 1 , "a" :\r\n\t1.0 } ', '1.0'],
    ['{"a":"x"}', '"x"'],
    ['{"a":""}', '""'],
    ['{"a":"\\\\"}', '"\\\\"'],
    ['{"a":"\\"","b":"\\""}', '"\\""'],
    ['{"a":"}","b":{}}', '"}"'],
    ['{"a":"\u2028\\u2029"}', '"\u2028\\u2029"'],
    ['{"a":{}}', '{}'],
    ['{"a":{"a":{"a":1}},"b":1}', '{"a":{"a":1}}'],
    ['{"a":["]",[{"b":"[\\"]"}]],"b":1}', '["]",[{"b":"[\\"]"}]]'],
    ['{"a":[ 1 , 2 ] }', '[ 1 , 2 ]'],
    ['{"b":{"a":1},"c":["a",2],"d":"\\"a\\":3"}', undefined],
    ['{"b":{"a":1},"a":2}', '2'],
    ['{"a":1,"a":2.0}', '2.0'],
    ['{"a":{"a":1},"b":0,"a":null}', 'null'],
    ['{"\\u0061":1.0}', '1.0'],
    ['{"a":1,"\\u0061":2.0}', '2.0'],
    ['{"\\"a":1,"a\\"":2,"":3,"aa":4,"A":5}', undefined],
  ])('finds "a" in %s as it was written', (json, expected) => {
    JSON.parse(json);
    expect(rawMember(json, 'a')).toBe(expected);
  });

  it.each(['__proto__', 'constructor', 'toString', '', '"', '\u0000', '\ud83d\ude00', '\ud83d'])(
    'finds the name %j',
    (name) => {
      expect(rawMember(`{"x":0,${JSON.stringify(name)}:1.50}`, name)).toBe('1.50');
      expect(rawMember('{"x":0}', name)).toBeUndefined();
    },
  );

  it('takes values of the largest body that may be configured', () => {
    const size = 4_194_304;
    const values = [
      `"${'x'.repeat(size)}"`,
      `"${'\\"'.repeat(size / 2)}"`,
      `${'['.repeat(size / 2)}${']'.repeat(size / 2)}`,
    ];
    for (const value of [...values, '9'.repeat(size), `[${'"\\\\",'.repeat(size / 5)}0]`])
      expect(rawMember(`{"b":${value},"a":${value}}`, 'a') === value).toBe(true);
  });

  it('agrees with JSON.parse about random objects, and with how they were written', () => {
    const random = createRandom(20_250_101);
    for (let n = 0; n < 3000; n++) {
      const { json, members } = randomObject(random, 3);
      const parsed: unknown = JSON.parse(json);
      for (const name of NAMES) {
        const raw = rawMember(json, name);
        expect(raw, json).toBe(members.get(name));
        if (raw !== undefined) expect(parsed).toHaveProperty([name], JSON.parse(raw));
      }
    }
  });
});

/** A number from 0 up to, but not including, `below`; the same ones in each run. */
type Random = (below: number) => number;

function createRandom(seed: number): Random {
  let state = seed;
  return (below) => {
    // The multiplier and the increment of Numerical Recipes' generator; its low bits are poor, so the high ones decide.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const NAMES = ['a', 'extra', '', 'é"\\', '😀', '{[,:'];
const SPACES = ['', '', '', ' ', '\n', '\t\r ', '  '];
const NUMBERS = ['0', '-0', '1.10', '1e400', '-1E-7', '9223372036854775807', '0.1e+1'];
const STRINGS = ['', '"', '\\', '\\"', '}{][,:', '\u2028', '\u0000', 'é😀', '\ud83d', 'a'];

function pick<T>(random: Random, values: readonly [T, ...T[]] | T[]): T {
  const value = values[random(values.length)];
  if (value === undefined) throw new Error('nothing to pick from');
  return value;
}

/** A string in one of the ways to write it. */
function written(random: Random, text: string): string {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return random(2) === 0 ? JSON.stringify(text) : `"${text.split('').map(escaped).join('')}"`;
}

function randomValue(random: Random, depth: number): string {
  const kind = random(depth > 0 ? 6 : 3);
  if (kind === 0) return pick(random, NUMBERS);
  if (kind === 1) return written(random, pick(random, STRINGS) + pick(random, STRINGS));
  if (kind === 2) return pick(random, ['true', 'false', 'null']);
  if (kind === 3) return randomObject(random, depth - 1).json.trim();
  const space = () => pick(random, SPACES);
  const elements = Array.from({ length: random(4) }, () => space() + randomValue(random, depth - 1) + space());
  return elements.length === 0 ? `[${space()}]` : `[${elements.join(',')}]`;
}

/** An object as text, and the text of each of its members: the last one of a name. */
function randomObject(random: Random, depth: number): { json: string; members: Map<string, string> } {
  const members = new Map<string, string>();
  const space = () => pick(random, SPACES);
  const texts = Array.from({ length: random(6) }, () => {
    const name = pick(random, NAMES);
    const value = randomValue(random, depth);
    members.set(name, value);
    return `${space()}${written(random, name)}${space()}:${space()}${value}${space()}`;
  });
  return { json: `${space()}{${texts.length === 0 ? space() : texts.join(',')}}${space()}`, members };
}
