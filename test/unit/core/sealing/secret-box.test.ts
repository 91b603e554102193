import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createSecretBox } from '../../../../core/sealing/secret-box.js';

const [ONE, TWO] = [randomBytes(32), randomBytes(32)];
const TEXT = '{"key":"秘密 🗝"}';

describe('a box of secrets', () => {
  it('opens what it has sealed, and each time it looks different', () => {
    const box = createSecretBox([ONE]);
    const [first, second] = [box.seal(TEXT, 'a'), box.seal(TEXT, 'a')];
    expect(first.text).not.toBe(second.text);
    expect(JSON.stringify(first)).not.toContain('key"');
    for (const sealed of [first, second]) expect(box.open(sealed, 'a')).toBe(TEXT);
  });

  it('seals with the first key, and opens what any of its keys has sealed', () => {
    const old = createSecretBox([ONE]);
    const rotating = createSecretBox([TWO, ONE]);
    expect(rotating.open(old.seal(TEXT, 'a'), 'a')).toBe(TEXT);
    const sealed = rotating.seal(TEXT, 'a');
    expect(sealed.keyId).toBe(rotating.keyId);
    expect(old.open(sealed, 'a')).toBeUndefined();
    expect(createSecretBox([TWO]).open(sealed, 'a')).toBe(TEXT);
  });

  it('opens nothing at another place, with another key or of another form', () => {
    const box = createSecretBox([ONE]);
    const { keyId, text } = box.seal(TEXT, 'a');
    expect(box.open({ keyId, text }, 'b')).toBeUndefined();
    // As if a row had been given the name of this key.
    expect(createSecretBox([TWO]).open({ keyId: createSecretBox([TWO]).keyId ?? '', text }, 'a')).toBeUndefined();
    const bytes = Buffer.from(text.slice(2), 'base64');
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(box.open({ keyId, text: `1.${changed.toString('base64')}` }, 'a')).toBeUndefined();
    }
    for (const bad of ['', '1.', '2.AAAA', text.slice(2), text.slice(0, 20), '1.!!!!']) {
      expect(box.open({ keyId, text: bad }, 'a')).toBeUndefined();
    }
  });

  it('seals nothing without a key', () => {
    const box = createSecretBox([]);
    expect(box.keyId).toBeUndefined();
    expect(() => box.seal(TEXT, 'a')).toThrow('there is no key');
  });
});
