import { configureTextEncoding } from '@bufbuild/protobuf/wire';

// The one way from bytes to text, for bodies of REST and messages of RPC alike: every character, and nothing that is no
// UTF-8. Without ignoreBOM a decoder takes a mark at the beginning away, and another user's name is left.
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();

/** Reads UTF-8; undefined where the bytes are none. */
export function findUtf8(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * Reads the text of a JSON document. A byte order mark before it, which some callers write, is no part of it.
 *
 * @throws TypeError where the bytes are no UTF-8
 */
export function decodeJsonText(bytes: Uint8Array): string {
  const text = strict.decode(bytes);
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}

// For Protobuf: from here on every string of a message is read so. Those of proto2 may be broken.
configureTextEncoding({
  encodeUtf8: (text) => encoder.encode(text),
  decodeUtf8: (bytes, isStrict) => (isStrict === true ? strict : lenient).decode(bytes),
  checkUtf8: (text) => text.isWellFormed(),
});
