import type { IncomingMessage } from 'node:http';
import { OnePushError, type Violation } from '../../../common/errors.js';

/** Key or token that somebody signs in with. */
export interface SignIn {
  /** The app whose key it is; empty: it is an admin token. */
  readonly appId: string;
  /** The key or the token. */
  readonly secret: string;
}

const MAX_BYTES = 4096;

/**
 * Reads a sign-in: JSON of `{appId?, secret}`.
 *
 * @throws OnePushError that never repeats what it read
 */
export async function parseSignIn(request: IncomingMessage): Promise<SignIn> {
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) throw new OnePushError('NOT_JSON_TYPE');
  const chunks: Buffer[] = [];
  let size = 0;
  // Without encoding, a request yields buffers.
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new OnePushError('BODY_TOO_LARGE');
    chunks.push(chunk);
  }
  const given = parseObject(Buffer.concat(chunks).toString());
  const { appId = '', secret } = given;
  const violations: Violation[] = [];
  if (typeof appId !== 'string') violations.push({ field: 'appId', rule: 'must be a string' });
  if (typeof secret !== 'string' || secret === '') violations.push({ field: 'secret', rule: 'must be a string' });
  if (typeof appId !== 'string' || typeof secret !== 'string' || violations.length > 0) {
    throw new OnePushError('INVALID_FIELDS', { violations });
  }
  return { appId, secret };
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's message repeats what it read.
    throw new OnePushError('MALFORMED_JSON');
  }
  if (typeof value !== 'object' || value === null) throw new OnePushError('NOT_AN_OBJECT');
  return { ...value };
}
