import { describe, expect, it } from 'vitest';
import { toFailure, toJson } from '../../../cli/failure.js';
import { createLatencies } from '../../../cli/load/latencies.js';
import { parseProfiles } from '../../../cli/profiles.js';
import { parseEdge } from '../../../cli/server.js';
import { formatBar, formatTable, plain } from '../../../cli/terminal.js';
import { CallError, type CodeName } from '../../../client/errors.js';
import { ConfigError } from '../../../common/settings/env.js';

describe('what the command prints', () => {
  it('has columns as wide as their cells, those of East Asian letters too', () => {
    expect(
      formatTable(
        ['A', 'B'],
        [
          ['推送', 'x'],
          ['a', 'yy'],
        ],
        'none',
      ),
    ).toBe('A     B\n推送  x\na     yy');
    expect(formatTable(['A'], [], 'none')).toBe('none');
  });

  it('cannot steer a terminal, whatever others have written', () => {
    expect(plain('a\u001b[2Jb\u009b\u202ec\r\n')).toBe('a\ufffd[2Jb\ufffd\ufffdc\ufffd\ufffd');
  });

  it('has a bar that stays in its bounds', () => {
    expect(formatBar(0.5)).toBe(`[${'#'.repeat(12)}${'.'.repeat(12)}]`);
    expect([formatBar(-1), formatBar(7)]).toEqual([`[${'.'.repeat(24)}]`, `[${'#'.repeat(24)}]`]);
  });

  it('has percentiles that are right to a hundredth', () => {
    const latencies = createLatencies();
    expect(latencies.percentile(0.99)).toBe(0);
    for (let ms = 1; ms <= 1000; ms++) latencies.add(ms);
    expect(latencies).toMatchObject({ count: 1000, max: 1000 });
    for (const part of [0.5, 0.9, 0.99]) expect(latencies.percentile(part) / (part * 1000)).toBeCloseTo(1, 1);
    expect(latencies.percentile(1)).toBe(1000);
  });
});

describe('failures', () => {
  it.each<[CodeName, string, number]>([
    ['INVALID_ARGUMENT', 'usage', 2],
    ['UNAVAILABLE', 'unreachable', 3],
    ['DEADLINE_EXCEEDED', 'unreachable', 3],
    ['UNAUTHENTICATED', 'denied', 4],
    ['PERMISSION_DENIED', 'denied', 4],
    ['NOT_FOUND', 'missing', 5],
    ['ALREADY_EXISTS', 'conflict', 6],
    ['FAILED_PRECONDITION', 'conflict', 6],
    ['RESOURCE_EXHAUSTED', 'limited', 7],
    ['INTERNAL', 'failed', 1],
  ])('%s ends as %s', (code, kind, exitCode) => {
    const failure = toFailure(new CallError(code, 'first\nsecond', { reason: 'SOME_REASON' }));
    expect(toJson(failure)).toMatchObject({ error: { kind, exitCode, message: 'first', reason: 'SOME_REASON' } });
  });

  it('of a disabled app do not ask for other credentials', () => {
    const failure = toFailure(new CallError('PERMISSION_DENIED', 'The app is disabled', { reason: 'APP_DISABLED' }));
    expect(failure).toMatchObject({ exit: 'denied', hint: expect.stringContaining('onepush apps enable') });
  });

  it('of settings name them all, and unexpected ones have no stack', () => {
    expect(toFailure(new ConfigError(['A is wrong', 'B is wrong'])).message).toBe('A is wrong; B is wrong');
    expect(toFailure(new Error('boom\n    at x')).message).toBe('unexpected: boom');
    expect(toFailure('boom').message).not.toContain('boom');
  });
});

describe('profiles', () => {
  it('say what is wrong with their file', () => {
    expect(() => parseProfiles('{', 'f')).toThrow('f is not JSON');
    expect(() => parseProfiles('[]', 'f')).toThrow('f must be');
    expect(() => parseProfiles('{"profiles":{"a":1}}', 'f')).toThrow('f has a profile that is none');
    expect(() => parseProfiles('{"profiles":{"a":{"appKey":1}}}', 'f')).toThrow('f has a appKey that is no text');
    expect(parseProfiles('{"current":"a","profiles":{"a":{"appId":"x"}}}', 'f')).toEqual({
      current: 'a',
      profiles: { a: { appId: 'x' } },
    });
  });

  it('take the URLs of an edge with ws too', () => {
    expect(parseEdge('ws://host:1/')).toBe('http://host:1');
    expect(parseEdge('wss://host')).toBe('https://host');
    expect(() => parseEdge('host:8080')).toThrow('--edge must be a URL');
  });
});
