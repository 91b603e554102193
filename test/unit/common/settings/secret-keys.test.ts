import { describe, expect, it } from 'vitest';
import { ConfigError, EnvReader } from '../../../../common/settings/env.js';
import { readSecretKeys } from '../../../../common/settings/secret-keys.js';
import { readVapid } from '../../../../common/settings/vapid.js';

const KEY = Buffer.from(Array.from({ length: 32 }, (_, index) => 255 - index));

/** The problems of settings, or what they are read as. */
function read<T>(env: Record<string, string>, how: (env: EnvReader) => T): T | readonly string[] {
  const reader = new EnvReader(env);
  const result = how(reader);
  try {
    reader.done();
    return result;
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

describe('ONEPUSH_SECRET_KEY', () => {
  const keys = (ONEPUSH_SECRET_KEY: string) => read({ ONEPUSH_SECRET_KEY }, readSecretKeys);

  it.each(['hex', 'base64', 'base64url'] as const)('is 32 bytes in %s', (encoding) => {
    expect(keys(KEY.toString(encoding))).toEqual([KEY]);
    expect(keys(KEY.toString(encoding).toUpperCase())).toHaveLength(1);
  });

  it('is several of these, or none', () => {
    expect(keys(`${KEY.toString('hex')}, ${KEY.toString('base64')}`)).toEqual([KEY, KEY]);
    expect(keys('')).toEqual([]);
  });

  it.each([
    'short',
    KEY.subarray(1).toString('hex'),
    KEY.subarray(1).toString('base64'),
    `${KEY.toString('hex')},`,
    `${KEY.toString('hex')};${KEY.toString('hex')}`,
    `${KEY.toString('base64').slice(0, 42)}é=`,
  ])('is refused without being repeated: %s', (value) => {
    const problems = ['ONEPUSH_SECRET_KEY must be keys of 32 bytes in base64 or hexadecimal, separated by commas'];
    expect(keys(value)).toEqual(problems);
  });
});

describe('the settings of Web Push', () => {
  const publicKey = `B${'A'.repeat(86)}`;
  const complete = {
    ONEPUSH_VAPID_PUBLIC_KEY: publicKey,
    ONEPUSH_VAPID_PRIVATE_KEY: 'a'.repeat(43),
    ONEPUSH_VAPID_SUBJECT: 'mailto:push@example.com',
  };

  it('are three, or none for who has no private key', () => {
    expect(read(complete, readVapid)).toEqual({
      publicKey,
      privateKey: 'a'.repeat(43),
      subject: 'mailto:push@example.com',
    });
    expect(read({ ONEPUSH_VAPID_PUBLIC_KEY: publicKey }, readVapid)).toBeUndefined();
    expect(read({ ONEPUSH_VAPID_PRIVATE_KEY: 'a'.repeat(43) }, readVapid)).toEqual([
      'ONEPUSH_VAPID_PUBLIC_KEY is required with ONEPUSH_VAPID_PRIVATE_KEY',
      'ONEPUSH_VAPID_SUBJECT is required with ONEPUSH_VAPID_PRIVATE_KEY',
    ]);
  });

  it.each([
    ['ONEPUSH_VAPID_PUBLIC_KEY', 'A'.repeat(87)],
    ['ONEPUSH_VAPID_PRIVATE_KEY', 'a'.repeat(44)],
    ['ONEPUSH_VAPID_SUBJECT', 'mailto:<push@example.com>'],
    ['ONEPUSH_VAPID_SUBJECT', 'http://example.com'],
  ])('are refused: %s of %s', (name, value) => {
    const problems = read({ ...complete, [name]: value }, readVapid);
    expect(problems).toEqual([expect.stringMatching(`^${name} must be `)]);
    expect(String(problems)).not.toContain(value);
  });
});
