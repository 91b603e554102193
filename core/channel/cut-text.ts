/**
 * The size of a text as a vendor counts it. Never less than its UTF-16 code units; and additive: the sizes of two texts
 * are together that of both in a row, where no character is torn apart.
 */
export type TextSize = (text: string) => number;

/** UTF-16 code units, as Java and JavaScript count: never less than characters. */
export const utf16Units: TextSize = (text) => text.length;

/** Bytes in UTF-8. */
export const utf8Bytes: TextSize = (text) => Buffer.byteLength(text);

/** Bytes in UTF-8 of a text within JSON, without its quotation marks. */
export const jsonBytes: TextSize = (text) => Buffer.byteLength(JSON.stringify(text)) - 2;

const segmenter = new Intl.Segmenter('und', { granularity: 'grapheme' });

/**
 * Cuts a text to a size, at the end of a character as people see it: an emoji or a letter with its marks goes or stays
 * as a whole. Only where the very first one is too large by itself, it is cut at a code point.
 */
export function cutText(text: string, max: number, sizeOf: TextSize): string {
  if (sizeOf(text) <= max) return text;
  // More cannot fit, and where a character may end depends only on what stands before and on the next code point.
  const head = text.slice(0, max + 2);
  const cut = cutAt(graphemes(head), max, sizeOf);
  return cut === '' ? cutAt(head, max, sizeOf) : cut;
}

/** Joins parts as long as they fit. */
function cutAt(parts: Iterable<string>, max: number, sizeOf: TextSize): string {
  let size = 0;
  let result = '';
  for (const part of parts) {
    size += sizeOf(part);
    if (size > max) break;
    result += part;
  }
  return result;
}

function* graphemes(text: string): Generator<string> {
  for (const { segment } of segmenter.segment(text)) yield segment;
}
