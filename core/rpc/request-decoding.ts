import type { DescMethod, Message } from '@bufbuild/protobuf';
import { hasAtMost } from '../../common/codec/bounds.js';
import { decoderOf } from '../../common/codec/codecs.js';
import { OnePushError } from '../../common/errors.js';
import { isOpenToAnyone } from './service/access.js';

/**
 * Bytes of a message of whoever has shown a key: the longest texts, 1000 names and 1 MiB of `extra`, and room for
 * batches.
 */
const CALLER_BYTES = 16 * 1024 * 1024;
/** The same of a stranger. */
const STRANGER_BYTES = 64 * 1024;

/** Fields of a message, items of lists among them. The largest request has some 1200. */
export const MAX_FIELDS = 10_000;
/** The same of a message of a stream of pushes: 250 of the largest. */
const MAX_STREAM_FIELDS = 300_000;

/** Maximum size of a method's messages in bytes. */
export function maxBytesOf(method: DescMethod): number {
  return isOpenToAnyone(method) ? STRANGER_BYTES : CALLER_BYTES;
}

/** Makes the error of a message that is larger than its method's may be. */
export function tooLarge(method: DescMethod): OnePushError {
  return new OnePushError('BODY_TOO_LARGE', { hint: `the limit is ${maxBytesOf(method)} bytes` });
}

/**
 * Reads a request, within bounds that are looked at before anything of it is made.
 *
 * @throws OnePushError BODY_TOO_LARGE or MALFORMED_MESSAGE
 */
export function decodeRequest(method: DescMethod, bytes: Uint8Array): Message {
  if (bytes.length > maxBytesOf(method)) throw tooLarge(method);
  const maxFields = method.methodKind === 'bidi_streaming' ? MAX_STREAM_FIELDS : MAX_FIELDS;
  if (!hasAtMost(maxFields, method.input, bytes)) {
    throw new OnePushError('MALFORMED_MESSAGE', { hint: `it is broken, or has more than ${maxFields} fields` });
  }
  try {
    return decoderOf(method.input)(bytes);
  } catch {
    // The reader's own message may repeat what it read.
    throw new OnePushError('MALFORMED_MESSAGE', { hint: 'it must be Protobuf of the schema, with texts in UTF-8' });
  }
}
