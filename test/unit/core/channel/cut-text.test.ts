import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutText, jsonBytes, utf8Bytes, utf16Units } from '../../../../core/channel/cut-text.js';

const FAMILY = '👨‍👩‍👧';

describe('cutText', () => {
  it.each([
    ['what fits as it is', 'hello', 5, utf16Units, 'hello'],
    ['between characters', 'hello', 4, utf16Units, 'hell'],
    ['before an emoji of several code points', `ab${FAMILY}`, 9, utf16Units, 'ab'],
    ['after it', `ab${FAMILY}c`, 10, utf16Units, `ab${FAMILY}`],
    ['before a flag', 'a🇩🇪', 4, utf16Units, 'a'],
    ['before a letter with its mark', 'ae\u0301', 2, utf16Units, 'a'],
    ['by bytes', '你好', 5, utf8Bytes, '你'],
    ['by bytes within JSON', 'a"\n\u0001', 5, jsonBytes, 'a"\n'],
    ['at a code point where the first character is too large', `${FAMILY}`, 3, utf16Units, '👨\u200d'],
    ['to nothing where no code point fits', '👨', 1, utf16Units, ''],
  ])('cuts %s', (_, text, max, sizeOf, expected) => {
    expect(cutText(text, max, sizeOf)).toBe(expected);
  });

  it('returns the beginning of a text, that fits and is whole', () => {
    const texts = fc.string({ unit: 'grapheme', maxLength: 40 });
    fc.assert(
      fc.property(texts, fc.nat(40), fc.constantFrom(utf16Units, utf8Bytes, jsonBytes), (text, max, sizeOf) => {
        const cut = cutText(text, max, sizeOf);
        expect(text.startsWith(cut)).toBe(true);
        expect(cut.isWellFormed()).toBe(true);
        expect(sizeOf(cut)).toBeLessThanOrEqual(max);
      }),
    );
  });

  it('cuts as if it saw the whole text', () => {
    const text = `${FAMILY}🇩🇪e\u0301👍🏽`.repeat(8);
    const ends = [...new Intl.Segmenter().segment(text)].map(({ index, segment }) => index + segment.length);
    for (let max = FAMILY.length; max < text.length; max += 1) {
      expect(cutText(text, max, utf16Units).length).toBe(ends.findLast((end) => end <= max));
    }
  });

  it('takes no long over 64 KiB', () => {
    const begun = performance.now();
    for (let i = 0; i < 100; i += 1) cutText(FAMILY.repeat(8192), 100, utf16Units);
    expect(performance.now() - begun).toBeLessThan(5_000);
  });
});
