import { describe, expect, it } from 'vitest';
import {
  type Address,
  ConfigError,
  type Environment,
  EnvReader,
  formatAddress,
  isLoopback,
  unknownSettings,
} from '../../../../common/settings/env.js';

/** What a setting X of this value is read as, and what is wrong with it. */
function read<T>(value: string | undefined, how: (reader: EnvReader) => T): { value: T; problems: readonly string[] } {
  const reader = new EnvReader({ X: value });
  const result = how(reader);
  try {
    reader.done();
    return { value: result, problems: [] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { value: result, problems: error.problems };
  }
}

describe('EnvReader', () => {
  it('takes an absent and an empty value as the fallback', () => {
    for (const value of [undefined, '']) {
      expect(read(value, (reader) => reader.text('X'))).toEqual({ value: undefined, problems: [] });
      expect(read(value, (reader) => reader.integer('X', 7, 1, 9))).toEqual({ value: 7, problems: [] });
      expect(read(value, (reader) => reader.oneOf('X', 'a', ['a', 'b']))).toEqual({ value: 'a', problems: [] });
      expect(read(value, (reader) => reader.matching('X', 'f', /^f$/, 'f'))).toEqual({ value: 'f', problems: [] });
      expect(read(value, (reader) => reader.address('X', 'h:1')).value).toEqual({ host: 'h', port: 1 });
    }
  });

  it.each(['1', '9', '5', '05'])('takes the whole number %j', (value) => {
    expect(read(value, (reader) => reader.integer('X', 7, 1, 9))).toEqual({ value: Number(value), problems: [] });
  });

  it.each(['0', '10', '-5', '+5', '5.0', '1e0', '0x5', ' 5', '5\n', 'five', '٥', '9'.repeat(400)])(
    'refuses the whole number %j',
    (value) => {
      const problems = ['X must be a whole number from 1 to 9'];
      expect(read(value, (reader) => reader.integer('X', 7, 1, 9))).toEqual({ value: 7, problems });
    },
  );

  it('takes one of the words only, to the letter', () => {
    const choose = (reader: EnvReader) => reader.oneOf('X', 'a', ['a', 'b']);
    expect(read('b', choose)).toEqual({ value: 'b', problems: [] });
    for (const value of ['B', 'b ', 'c'])
      expect(read(value, choose)).toEqual({ value: 'a', problems: ['X must be one of a, b'] });
  });

  it('asks for a required secret, of what a header can carry', () => {
    const ask = (reader: EnvReader) => reader.requiredSecret('X');
    expect(read('s3cret~!', ask)).toEqual({ value: 's3cret~!', problems: [] });
    for (const value of [undefined, '']) expect(read(value, ask).problems).toEqual(['X is required']);
    for (const value of ['two words', 'sch\u00fcssel', 'line\n', '\u5bc6'])
      expect(read(value, ask).problems).toEqual(['X must be visible ASCII without blanks']);
  });

  it('takes what matches only', () => {
    const match = (reader: EnvReader) => reader.matching('X', 'sqlite:', /^sqlite:/, 'a sqlite: URL');
    expect(read('sqlite:./x', match)).toEqual({ value: 'sqlite:./x', problems: [] });
    expect(read('http://x', match)).toEqual({ value: 'sqlite:', problems: ['X must be a sqlite: URL'] });
  });

  it.each([
    ['127.0.0.1:9090', [{ host: '127.0.0.1', port: 9090 }]],
    ['core:0', [{ host: 'core', port: 0 }]],
    ['[::1]:65535', [{ host: '::1', port: 65_535 }]],
    [
      'a:1,b:2 , [::]:3',
      [
        { host: 'a', port: 1 },
        { host: 'b', port: 2 },
        { host: '::', port: 3 },
      ],
    ],
  ])('takes the addresses %s', (value, expected) => {
    expect(read(value, (reader) => reader.addresses('X', 'h:1'))).toEqual({ value: expected, problems: [] });
  });

  it.each([
    'a',
    ':1',
    'a:',
    'a:65536',
    'a:123456',
    'a:-1',
    'a:x',
    '::1:80',
    '[::1]',
    'a b:1',
    'http://a:1',
    'a:1,',
    ',',
  ])('refuses the addresses %j', (value) => {
    const { problems } = read(value, (reader) => reader.addresses('X', 'h:1'));
    expect(new Set(problems)).toEqual(new Set(['X must be host:port']));
  });

  it.each(['a b', ' a', 'a\n', '\r', 'é', '密', '\x7f', 'a\tb'])(
    'refuses the secret %j, which no header can have',
    (value) => {
      const { problems } = read(value, (reader) => reader.secret('X'));
      expect(problems).toEqual(['X must be visible ASCII without blanks']);
    },
  );

  it('takes secrets of visible ASCII', () => {
    const value = 'aZ0!"#$%&\'()*+,-./:;<=>?@[]^_`{|}~';
    expect(read(value, (reader) => reader.secret('X'))).toEqual({ value, problems: [] });
  });

  it('wants a port of its own for each listener', () => {
    const at = (host: string, port: number) => ({ host, port });
    const problemsOf = (one: Address, other: Address) =>
      read('', (reader) => reader.apart({ A: one, B: other })).problems;
    expect(problemsOf(at('127.0.0.1', 1), at('127.0.0.1', 1))).toEqual(['B must not be the port of A']);
    expect(problemsOf(at('0.0.0.0', 1), at('127.0.0.1', 1))).toEqual(['B must not be the port of A']);
    expect(problemsOf(at('::1', 1), at('::', 1))).toEqual(['B must not be the port of A']);
    expect(problemsOf(at('127.0.0.1', 1), at('127.0.0.2', 1))).toEqual([]);
    expect(problemsOf(at('0.0.0.0', 1), at('0.0.0.0', 2))).toEqual([]);
    expect(problemsOf(at('::', 0), at('::', 0))).toEqual([]);
  });

  it('reports unknown names only beside problems', () => {
    const env = { ONEPUSH_LINK_TOKN: 'secret' };
    expect(() => new EnvReader(env).done()).not.toThrow();
    const reader = new EnvReader(env);
    reader.problem('A must be set');
    expect(() => reader.done()).toThrow(/^A must be set\nONEPUSH_LINK_TOKN is not a setting$/);
  });

  it('takes origins of pages, and other words only where they may stand', () => {
    const good = read('https://a.example.com, http://localhost:3000', (reader) => reader.origins('X'));
    expect(good).toEqual({ value: new Set(['https://a.example.com', 'http://localhost:3000']), problems: [] });
    expect(read('*', (reader) => reader.origins('X', ['*']))).toEqual({ value: new Set(['*']), problems: [] });
    for (const value of ['*', 'https://a.example.com/', 'a.example.com', 'ftp://a.example.com', 'null'])
      expect(read(value, (reader) => reader.origins('X')).problems).toHaveLength(1);
  });

  it('reports all problems together, and never a value', () => {
    const reader = new EnvReader({ A: 'secret', B: 'secret', C: 'secret', D: 'secret' });
    reader.integer('A', 1, 0, 9);
    reader.oneOf('B', 'x', ['x']);
    reader.address('C', 'h:1');
    reader.matching('D', 'f', /^f$/, 'f');
    reader.problem('E must be set where A is');
    const report = /^A must .*\nB must .*\nC must .*\nD must .*\nE must be set where A is$/;
    expect(() => reader.done()).toThrow(report);
    expect(() => reader.done()).not.toThrow(/secret/);
  });
});

describe('the environment', () => {
  it('has settings that look like ours and are none', () => {
    const env: Environment = {
      ONEPUSH_HTTP_LISTEN: 'x',
      ONEPUSH_HTTP_LISTN: 'x',
      ONEPUSH_: '',
      PATH: 'x',
      MY_ONEPUSH_X: 'x',
    };
    expect(unknownSettings(env)).toEqual(['ONEPUSH_HTTP_LISTN', 'ONEPUSH_']);
  });

  it('tells loopback hosts from others', () => {
    for (const host of ['localhost', '127.0.0.1', '127.8.9.10', '::1']) expect(isLoopback(host)).toBe(true);
    for (const host of ['0.0.0.0', '::', '10.0.0.1', '128.0.0.1', 'example.com', '1127.0.0.1'])
      expect(isLoopback(host)).toBe(false);
  });

  it('writes addresses as it reads them', () => {
    for (const text of ['127.0.0.1:9090', '[::1]:80', 'core:1'])
      expect(read(text, (reader) => formatAddress(reader.address('X', 'h:1'))).value).toBe(text);
  });
});
