const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;

/**
 * Says whether JSON has at most so many values, and is no deeper, by a walk over its bytes that makes nothing. Whether
 * it is JSON is for its parser.
 */
export function boundsOfJson(bytes: Uint8Array, maxValues: number, maxDepth: number): boolean {
  // A value takes two bytes, the comma before it and one of its own.
  if (bytes.length <= maxDepth) return true;
  let values = 1;
  let depth = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE) at = endOfString(bytes, at + 1);
    else if (byte === COMMA) values++;
    // [ and {, and the same with another bit for their ends.
    else if ((byte | 0x20) === 0x7b) {
      depth++;
      values++;
    } else if ((byte | 0x20) === 0x7d) depth--;
    if (values > maxValues || depth > maxDepth) return false;
  }
  return true;
}

/**
 * Returns true if lists and objects of a JSON text stand in more than so many of one another, by a walk that ends where
 * they do. Some 2 ns a character; whether it is JSON is for its parser.
 */
export function isDeeperThan(json: string, maxDepth: number): boolean {
  if (json.length <= maxDepth) return false;
  let depth = 0;
  for (let at = 0; at < json.length; at++) {
    const char = json.charCodeAt(at);
    if (char === QUOTE) at = endOfText(json, at + 1);
    else if ((char | 0x20) === 0x7b) {
      if (++depth > maxDepth) return true;
    } else if ((char | 0x20) === 0x7d) depth--;
  }
  return false;
}

/** Returns the index of the quote that ends a string in a text whose rest begins at `from`. */
export function endOfText(json: string, from: number): number {
  let at = from;
  while (at < json.length && json.charCodeAt(at) !== QUOTE) at += json.charCodeAt(at) === BACKSLASH ? 2 : 1;
  return at;
}

/** Returns the index of the quote that ends a string. */
function endOfString(bytes: Uint8Array, from: number): number {
  let at = bytes.indexOf(QUOTE, from);
  while (at > 0) {
    let slashes = 0;
    while (bytes[at - 1 - slashes] === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return at;
    at = bytes.indexOf(QUOTE, at + 1);
  }
  return bytes.length;
}
