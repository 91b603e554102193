import { OnePushError } from '../../common/errors.js';
import { decodeJsonText } from '../../common/text.js';
import type { Exchange } from './exchange.js';

/** A JSON object as it came, and its text. */
export interface JsonBody {
  /** Members that are null are left out: they count as absent. */
  value: Record<string, unknown>;
  text: string;
}

/**
 * Reads a request's JSON object.
 *
 * @throws OnePushError NOT_JSON_TYPE, BODY_TOO_LARGE, MALFORMED_JSON or NOT_AN_OBJECT
 */
export async function readJsonBody(exchange: Exchange): Promise<JsonBody> {
  if (!isJsonType(exchange.contentType)) throw new OnePushError('NOT_JSON_TYPE');
  const text = decode(await exchange.readBody());
  return { value: parseObject(text), text };
}

/** @throws OnePushError MALFORMED_JSON if it is not UTF-8 */
export function decode(body: Uint8Array): string {
  try {
    return decodeJsonText(body);
  } catch {
    throw new OnePushError('MALFORMED_JSON');
  }
}

/** @throws OnePushError MALFORMED_JSON or NOT_AN_OBJECT */
export function parseObject(text: string): Record<string, unknown> {
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new OnePushError('NOT_AN_OBJECT');
  const members = Object.entries(value);
  if (members.every(([, member]) => member !== null)) return { ...value };
  return Object.fromEntries(members.filter(([, member]) => member !== null));
}

/** @throws OnePushError MALFORMED_JSON */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the body.
    throw new OnePushError('MALFORMED_JSON');
  }
}

/** application/json, with or without parameters. */
export function isJsonType(contentType: string): boolean {
  return /^application\/json\s*(;|$)/i.test(contentType);
}
