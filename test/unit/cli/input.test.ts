import { describe, expect, it } from 'vitest';
import { createInput } from '../../../cli/input.js';

const of = (options: Record<string, unknown>) => createInput([], options);

describe('the options of a command', () => {
  it.each([
    ['+10m', '2027-01-01T00:10:00.000Z'],
    ['+36h', '2027-01-02T12:00:00.000Z'],
    ['+7d', '2027-01-08T00:00:00.000Z'],
    ['2027-02-03T04:05:06+01:00', '2027-02-03T03:05:06.000Z'],
  ])('take the time %s', (at, expected) => {
    expect(of({ at }).time('at', Date.parse('2027-01-01T00:00:00Z'))?.toISOString()).toBe(expected);
  });

  it.each(['+10', '10m', 'tomorrow', '', '+1.5h', '2027-13-01'])('refuse the time %j', (at) => {
    expect(() => of({ at }).time('at')).toThrow('--at must be a time');
  });

  it('take whole numbers in their range only, and never repeat what was given', () => {
    expect(of({ ttl: '30' }).integer('ttl', 1, 30)).toBe(30);
    expect(of({}).integer('ttl', 1, 30)).toBeUndefined();
    for (const ttl of ['0', '31', '1e1', '-1', ' 2', 'secret', '']) {
      expect(() => of({ ttl }).integer('ttl', 1, 30)).toThrow(/^--ttl must be a whole number from 1 to 30$/);
    }
  });

  it('take words in any case', () => {
    expect(of({ collapseKey: 'high' }).word('collapseKey', ['LOW', 'HIGH'])).toBe('HIGH');
    expect(() => of({ collapseKey: 'x' }).word('collapseKey', ['LOW'])).toThrow('--collapse-key must be one of LOW');
  });

  it('say that a file cannot be read, without its name', async () => {
    await expect(of({ extra: '/nonexistent/secret' }).file('extra')).rejects.toThrow(/^--extra must be a file that/);
  });
});
