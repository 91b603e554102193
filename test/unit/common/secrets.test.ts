import { describe, expect, it } from 'vitest';
import {
  equalInConstantTime,
  findSecret,
  hashSecret,
  newAppId,
  newAppKey,
  newDeviceId,
} from '../../../common/secrets.js';

describe('new secrets', () => {
  it('have the documented length and alphabet, and do not repeat', () => {
    const made = Array.from({ length: 1000 }, () => [newDeviceId(), newAppKey(), newAppId()]);
    for (const [device, key, app] of made) {
      expect(device).toMatch(/^[0-9a-f]{32}$/);
      expect(key).toMatch(/^[\w-]{32}$/);
      expect(app).toMatch(/^[0-9a-f]{16}$/);
    }
    expect(new Set(made.flat()).size).toBe(3000);
  });
});

describe('the hash of a secret', () => {
  it('is the SHA-256 of its UTF-8, in base64url', () => {
    expect(hashSecret('abc')).toBe('ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0');
    expect(hashSecret('')).toBe('47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU');
    expect(hashSecret('中')).toHaveLength(43);
    expect(hashSecret('a')).not.toBe(hashSecret('a '));
  });

  it('is matched by the secret and nothing else', () => {
    const known = ['one', 'two'].map((secret) => ({ secret, hash: hashSecret(secret) }));
    for (const secret of ['one', 'two']) expect(findSecret(secret, known)).toMatchObject({ secret });
    for (const wrong of ['', 'One', 'one ', 'three', known[0]?.hash ?? '']) {
      expect(findSecret(wrong, known)).toBeUndefined();
    }
    expect(findSecret('one', [])).toBeUndefined();
    expect(findSecret('', [{ hash: '' }])).toBeUndefined();
  });
});

describe('a comparison in constant time', () => {
  it.each([
    ['', '', true],
    ['a', 'a', true],
    ['a', 'b', false],
    ['a', 'aa', false],
    ['', 'a', false],
    ['é', 'e\u0301', false],
  ])('of %j and %j is %s', (a, b, equal) => {
    expect(equalInConstantTime(a, b)).toBe(equal);
  });
});
