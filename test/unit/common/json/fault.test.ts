import { describe, expect, it } from 'vitest';
import { OnePushError } from '../../../../common/errors.js';
import { decodeJson, findJsonFault, parseJson } from '../../../../common/json/fault.js';

/** What is said of a body that is refused. */
function refusal(body: string | Uint8Array): string {
  try {
    parseJson(typeof body === 'string' ? body : decodeJson(body));
  } catch (error) {
    if (error instanceof OnePushError && error.reason === 'MALFORMED_JSON') return error.message;
    throw error;
  }
  throw new Error('it was taken');
}

describe('a body that is not JSON', () => {
  it.each([
    ['', 'line 1, column 1 (byte 0): the body is empty'],
    [' \n ', 'line 2, column 2 (byte 3): the body ends too early'],
    ['{\n  "alias": "王五", // the user\n}', 'line 2, column 18 (byte 23): JSON has no comments'],
    ['{\r\n  /* all */ "a": 1}', 'line 2, column 3 (byte 5): JSON has no comments'],
    ['{"a":1 # one\n}', 'line 1, column 8 (byte 7): JSON has no comments'],
    ['{"a":1,\n}', 'line 1, column 7 (byte 6): there must be no comma before the end'],
    ['[1,]', 'line 1, column 3 (byte 2): there must be no comma before the end'],
    ["{'a':1}", 'line 1, column 2 (byte 1): JSON has double quotes only'],
    ['{"a":\'x\'}', 'line 1, column 6 (byte 5): JSON has double quotes only'],
    ['{a:1}', 'line 1, column 2 (byte 1): a name in double quotes must be here'],
    ['{"a" 1}', 'line 1, column 6 (byte 5): a colon must be here'],
    ['{"a":}', 'line 1, column 6 (byte 5): a value must be here'],
    ['{"a":1 "b":2}', 'line 1, column 8 (byte 7): a comma or } must be here'],
    ['{"a":[1}', 'line 1, column 8 (byte 7): a comma or ] must be here'],
    ['{"a":01}', 'line 1, column 7 (byte 6): a number or word must end here'],
    ['{"a":NaN}', 'line 1, column 6 (byte 5): a value must be here'],
    ['{"a":nullx}', 'line 1, column 10 (byte 9): a number or word must end here'],
    ['{"a":"x\ny"}', 'line 1, column 8 (byte 7): a line break or control character in a string must be escaped'],
    ['{"a":"\\x"}', 'line 1, column 7 (byte 6): there is no such escape'],
    ['{"a":"x', 'line 1, column 8 (byte 7): the body ends within a string'],
    ['{"a":1', 'line 1, column 7 (byte 6): the body ends too early'],
    ['{"a":1}{}', 'line 1, column 8 (byte 7): the body must end here'],
    ['alias=alice&appId=1', 'line 1, column 1 (byte 0): a value must be here'],
  ])('%j is told where and why', (body, told) => {
    expect(refusal(body)).toBe(`The body is not JSON in UTF-8: ${told}`);
  });

  it.each([
    ['GBK', [0x22, 0xce, 0xe5, 0x22], 1],
    ['a cut character', [0x22, 0xe4, 0xb8, 0x22], 1],
    ['UTF-16 with its mark', [0xff, 0xfe, 0x7b, 0x00], 0],
    ['what follows other characters', [...Buffer.from('"王五'), 0xc0, 0xaf, 0x22], 7],
  ])('is told at which byte it stops being UTF-8: %s', (_, bytes, at) => {
    expect(refusal(Uint8Array.from(bytes))).toBe(`The body is not JSON in UTF-8: byte ${at} is not UTF-8`);
  });

  it('is told at once however deep it is', () => {
    for (const text of [
      '['.repeat(1_000_000),
      '{"a":'.repeat(200_000),
      `${'['.repeat(100_000)}1${']'.repeat(99_999)}}`,
    ])
      expect(findJsonFault(text)?.what).toBeDefined();
  });

  it('is exactly what JSON.parse refuses, whatever is cut, doubled or changed', () => {
    const whole = '{"a": [1, -2.5e+3, true, null, {"b\\u00e9\\n": "x, ]\\"", "c": {}}, []], "d": false, "0": 0}\r\n';
    const tokens = [
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      '\n',
      ' ',
      '0',
      '-',
      '.',
      'e',
      'u',
      'true',
      '/',
      "'",
      '\u0001',
    ];
    const texts = [...whole].flatMap((_, at) => [
      whole.slice(0, at),
      whole.slice(at),
      whole.slice(0, at) + whole.slice(at + 1),
      ...tokens.flatMap((token) => [
        whole.slice(0, at) + token + whole.slice(at),
        whole.slice(0, at) + token + whole.slice(at + 1),
      ]),
    ]);
    const parses = (text: string): boolean => {
      try {
        JSON.parse(text);
        return true;
      } catch {
        return false;
      }
    };
    expect(texts.filter((text) => parses(text) !== (findJsonFault(text) === undefined))).toEqual([]);
    expect(texts.filter(parses).length).toBeGreaterThan(100);
  });
});
