import { configureTextEncoding } from '@bufbuild/protobuf/wire';

// Without ignoreBOM a decoder takes a mark at the beginning away, and another user's name is left.
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();

/**
 * Reads UTF-8, every character of it and nothing else: the one way from bytes to text, for bodies of REST and for messages of RPC alike.
 *
 * @throws TypeError where the bytes are no UTF-8
 */
export function decodeUtf8(bytes: Uint8Array): string {
  return strict.decode(bytes);
}

/** Reads UTF-8 for Protobuf: from here on every string of a message is read so. Strings of proto2 may be broken. */
configureTextEncoding({
  encodeUtf8: (text) => encoder.encode(text),
  decodeUtf8: (bytes, isStrict) => (isStrict === true ? strict : lenient).decode(bytes),
  checkUtf8: (text) => text.isWellFormed(),
});
